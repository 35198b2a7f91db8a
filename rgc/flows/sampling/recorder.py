"""Measuring: sums of products over the lattice, replica by replica."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.model.groups import Local
from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.model_to_program.operators_to_tallies import (
    Measurable,
    Measurement,
    Wanted,
    operators_to_tallies,
)
from rgc.program.lattice.arguments import lattice_arguments

if TYPE_CHECKING:
    from rgc.backend import Backend, Kernel, State

Ints = NDArray[np.int64]
_NO_DRAWS = np.zeros((1, 0, 2), dtype=np.uint64)
Sums = Mapping["Row", Ints]
"""S of each row, int64[replica] or int64[cell of the axis, replica]."""


@dataclass(frozen=True, slots=True)
class Row:
    """A sum over the lattice, or with `axis` one for each coordinate along that axis. Only exact flows know sums of tables (`Local`)."""

    operator: Measurable | Local
    axis: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recorder:
    """A compiled measurement: `rows[array]` are the rows of each tally array; `nothing`: its run-time values, of which it has none."""

    measurement: Measurement
    kernel: Kernel
    rows: tuple[tuple[Row, ...], ...]
    nothing: Arguments

    def places(self) -> dict[Row, Ints]:
        """How many products each sum has."""
        return {
            row: places
            for rows, array in zip(self.rows, self.measurement.places, strict=True)
            for row, places in zip(rows, array, strict=True)
        }

    def __call__(self, packed: Sequence[State]) -> tuple[list[State], list[Ints]]:
        """The fields, unchanged, and for each array of `rows` the sums int64[row, *axis, replica]."""
        fields, counts = self.kernel(packed, self.nothing, _NO_DRAWS)
        replicas = self.nothing["weights"].shape[1]
        return fields, [array[0] for array in self.measurement.sums(counts, replicas)]

    def by_row(self, sums: Sequence[Ints]) -> dict[Row, Ints]:
        """The sums of one record, each under its row."""
        return {
            row: s
            for rows, array in zip(self.rows, sums, strict=True)
            for row, s in zip(rows, array, strict=True)
        }


def make_recorder(
    lattice: Lattice, species: Sequence[Species], rows: Sequence[Row], backend: Backend, words: int
) -> Recorder:
    """The recorder of some rows for so many words. Equal rows are measured once; those without an axis are the first array, in the order
    in which they are given."""
    axes = sorted({row.axis for row in rows}, key=lambda axis: -1 if axis is None else axis)
    split = tuple(tuple(dict.fromkeys(row for row in rows if row.axis == axis)) for axis in axes)
    wanted = [
        Wanted(tuple(_tallied(row) for row in part), True, () if axis is None else (axis,))
        for part, axis in zip(split, axes, strict=True)
    ]
    measurement = operators_to_tallies(lattice, species, wanted)
    planes = measurement.program.planes
    nothing = lattice_arguments(np.zeros((0, 1 + planes, words), np.uint64))
    return Recorder(measurement, backend.compile(measurement.program), split, nothing)


def _tallied(row: Row) -> Measurable:
    if isinstance(row.operator, Local):
        raise TypeError("a sum of tables cannot be tallied")
    return row.operator
