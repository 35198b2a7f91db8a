"""Measuring: sums of products and of functions of states over the lattice, replica by replica."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.model.groups import Local, Reach
from rgc.model.lattice import Lattice
from rgc.model.observables import Combined, Tallied, Tally
from rgc.model.pair_sums import PairSum
from rgc.model.spins import Species
from rgc.model_to_program.operators_to_tallies import Record, TallyRequest, operators_to_tallies
from rgc.passes.split_tables import split_local
from rgc.program.lattice.arguments import lattice_arguments

if TYPE_CHECKING:
    from rgc.backend import Backend, Kernel, State

Ints = NDArray[np.int64]
_NO_DRAWS = np.zeros((1, 0, 2), dtype=np.uint64)
Made = NDArray[np.float64] | list[int]
"""Rows of an array, or linear combinations of all of them."""

Sums = Mapping[Tally, NDArray[Any]]
"""S of each tally, [replica] or [cell of the axis, replica]: int64, and float64 of tables."""


@dataclass(frozen=True, slots=True, eq=False)
class Recorder:
    """A compiled record. `tallies[array]`: what each of its arrays holds. `split`: the sums of
    tables and combined sums, as linear combinations of those. `nothing`: its run-time values, of
    which it has none.
    """

    lattice: Lattice
    record: Record
    kernel: Kernel
    tallies: tuple[tuple[Tally, ...], ...]
    split: Mapping[Tally, tuple[tuple[float, Tally], ...]]
    nothing: Arguments

    def places(self, tally: Tally) -> float:
        """How many products, or functions of states, a sum without an axis has; each by its weight,
        without its sign, where sums are combined.
        """
        if isinstance(tally.operator, Combined):
            return sum(
                abs(weight) * self.places(Tally(part)) for weight, part in tally.operator.parts
            )
        if isinstance(tally.operator, Local):
            return sum(map(self._standing, tally.operator.reaches))
        return float(self.record.places[0][self.tallies[0].index(tally)])

    def _standing(self, reach: Reach) -> float:
        """At how many cells something exists."""
        sizes = zip(reach, self.lattice.cells, self.lattice.boundary, strict=True)
        return float(prod(n - (high - low) * (edge == "open") for (low, high), n, edge in sizes))

    def made(self, tallies: Sequence[Tally]) -> Made:
        """How some sums without an axis are made of the first array."""
        row = {tally: k for k, tally in enumerate(self.tallies[0])}
        if all(tally in row for tally in tallies):
            return [row[tally] for tally in tallies]
        matrix = np.zeros((len(tallies), len(row)))
        for k, tally in enumerate(tallies):
            for weight, part in self.split.get(tally, ((1.0, tally),)):
                matrix[k, row[part]] += weight
        return matrix

    def __call__(self, packed: Sequence[State]) -> tuple[list[State], list[Ints]]:
        """The fields, unchanged, and for each array of `tallies` the sums int64[tally, *axis,
        replica].
        """
        fields, counts = self.kernel(packed, self.nothing, _NO_DRAWS)
        replicas = self.nothing["weights"].shape[1]
        return fields, [array[0] for array in self.record.sums(counts, replicas)]

    def by_tally(self, sums: Sequence[Ints]) -> Sums:
        """The sums that the arrays of one record hold or that are made of them."""
        rows = self._by_row(sums)
        return rows | {
            tally: sum(weight * rows[part] for weight, part in parts)
            for tally, parts in self.split.items()
        }

    def _by_row(self, sums: Sequence[Ints]) -> dict[Tally, Any]:
        return {
            tally: s
            for tallies, array in zip(self.tallies, sums, strict=True)
            for tally, s in zip(tallies, array, strict=True)
        }


def taken(made: Made, counts: Ints) -> NDArray[Any]:
    """The sums that are so made of the first array of a record."""
    return counts[made] if isinstance(made, list) else made @ counts


def make_recorder(
    lattice: Lattice,
    species: Sequence[Species],
    tallies: Sequence[Tally],
    backend: Backend,
    words: int,
) -> Recorder:
    """The recorder of some tallies for that many words.

    Equal tallies are counted once. Those without an axis are the first array, in the order in which
    they are given. Tables are counted as the signs that they are split into, and combined sums as
    their parts.
    """
    tables = {
        tally: tuple(_parts(tally, species))
        for tally in tallies
        if isinstance(tally.operator, Local | Combined)
    }
    tallies = [
        part
        for tally in tallies
        for part in ([sign for _, sign in tables[tally]] if tally in tables else [tally])
    ]
    axes = sorted({tally.axis for tally in tallies}, key=lambda axis: -1 if axis is None else axis)
    split = tuple(
        tuple(dict.fromkeys(tally for tally in tallies if tally.axis == axis)) for axis in axes
    )
    arrays = [
        TallyRequest(tuple(map(_tallied, part)), True, () if axis is None else (axis,))
        for part, axis in zip(split, axes, strict=True)
    ]
    record = operators_to_tallies(lattice, species, arrays)
    planes = record.program.planes
    nothing = lattice_arguments(np.zeros((0, 1 + planes, words), np.uint64))
    return Recorder(lattice, record, backend.compile(record.program), split, tables, nothing)


def _parts(tally: Tally, species: Sequence[Species]) -> Iterator[tuple[float, Tally]]:
    """The sums that programs tally, with their weights in this one."""
    match tally.operator:
        case Local() as tables:
            for weight, signs in split_local(tables, species):
                yield weight, Tally(signs, tally.axis)
        case Combined(parts):
            for weight, part in parts:
                for inner, own in _parts(Tally(part, tally.axis), species):
                    yield weight * inner, own
        case _:
            yield 1.0, tally


def _tallied(tally: Tally) -> Tallied:
    if isinstance(tally.operator, Local | Combined | PairSum):
        raise TypeError("tables and combined sums are tallied in parts, and pairs by no program")
    return tally.operator
