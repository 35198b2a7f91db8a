"""A finite system whose states are all counted: its spins in an order, and functions of few spins
at a time.

A state is a row of digits, one for each spin, the first the slowest. For two-state spins digit 0
stands for the upper value and digit 1 for the lower, +1 and -1 for ising spins, so that products of
signs are characters of the bits. For other alphabets digit d is the d-th of `Species.values`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.model.groups import Local, Reach, present
from rgc.model.hamiltonian import Term
from rgc.model.lattice import Cell, Lattice
from rgc.model.observables import Combined, Summand
from rgc.model.operators import Operator, Spin
from rgc.model.pair_sums import PairSum
from rgc.model.sectors import SectorOperator
from rgc.model.spins import Species

Floats = NDArray[np.float64]
Piece = tuple[tuple[int, ...], Floats]
"""A function of the spins with these numbers, rising, as a table with one axis for each."""


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """The spins of a finite lattice, absolute and in the order of their digits; `number` gives
    their places.
    """

    lattice: Lattice
    species: tuple[Species, ...]
    spins: tuple[Spin, ...]
    number: Mapping[Spin, int]

    @property
    def radices(self) -> tuple[int, ...]:
        """How many states each spin has."""
        return tuple(len(self.species[spin.species].values) for spin in self.spins)

    @property
    def states(self) -> int:
        return prod(self.radices)

    @property
    def two_states(self) -> bool:
        """Whether every spin is a bit."""
        return all(species.two_states for species in self.species)


@dataclass(frozen=True, slots=True, eq=False)
class LocalSum:
    """A function of the states: the sum of `tables`, each of which is a function of the spins with
    these numbers.
    """

    tables: Mapping[tuple[int, ...], Floats]

    def spectrum(self, spins: int) -> tuple[NDArray[np.int64], Floats]:
        """Masks and coefficients of f(v) = sum_k c_k chi_(mask_k)(v) for a system of that many
        two-state spins.

        Spin k is bit spins-1-k.
        """
        coefficients: dict[int, float] = {}
        for numbers, table in self.tables.items():
            bits = [1 << (spins - 1 - k) for k in numbers]
            for chosen, c in np.ndenumerate(_characters(table)):
                mask = sum(bit for bit, one in zip(bits, chosen, strict=True) if one)
                coefficients[mask] = coefficients.get(mask, 0.0) + float(c)
        return np.array(list(coefficients), dtype=np.int64), np.array(
            list(coefficients.values()), dtype=np.float64
        )


def make_cluster(
    lattice: Lattice, species: Sequence[Species], order: Sequence[Spin] | None = None
) -> Cluster:
    """The cluster of a finite lattice.

    Without an `order` its spins are in row-major order of the cells, then of letters, then of
    species.
    """
    if order is None:
        cells = cartesian(*map(range, lattice.cells))
        letters, kinds = range(len(lattice.basis)), range(len(species))
        order = [Spin(cell, a, kind) for cell in cells for a in letters for kind in kinds]
    return Cluster(lattice, tuple(species), tuple(order), {spin: k for k, spin in enumerate(order)})


def signs(species: Species) -> Floats:
    """The signs of the digits of a two-state spin. Raises `ValueError` for other alphabets."""
    if not species.two_states:
        raise ValueError(f"{species.alphabet} spins have no sign")
    return np.array([1.0, -1.0])


def gathered(pieces: Iterable[Piece], scale: float = 1.0) -> LocalSum:
    """The sum of some pieces, times `scale`."""
    tables: dict[tuple[int, ...], Floats] = {}
    for numbers, table in pieces:
        tables[numbers] = tables[numbers] + scale * table if numbers in tables else scale * table
    return LocalSum(tables)


# -- placing ---------------------------------------------------------------------------------------


def placed(
    cluster: Cluster,
    spins: Sequence[Spin],
    table: Floats,
    reach: Reach | None = None,
    cells: Iterable[Cell] | None = None,
) -> Iterator[Piece]:
    """A local function, with one axis for each of `spins`, at every cell, or at some, where it
    stands.

    Spins that meet around the torus are one spin; around an antiperiodic boundary they are flipped.
    """
    for homes in standing(cluster.lattice, spins, reach, cells):
        flipped = tuple(axis for axis, (_, odd) in enumerate(homes) if odd)
        yield _joined([cluster.number[spin] for spin, _ in homes], np.flip(table, flipped))


def standing(
    lattice: Lattice,
    spins: Sequence[Spin],
    reach: Reach | None = None,
    cells: Iterable[Cell] | None = None,
) -> Iterator[list[tuple[Spin, bool]]]:
    """The spins of the lattice that `spins` are, seen from every cell, and which of them are
    flipped on the way there.

    They are absent where one of them lies beyond an open edge, or, with `reach`, where that does.
    """
    needed = _extent(spins, lattice) if reach is None else reach
    for cell in cartesian(*map(range, lattice.cells)) if cells is None else cells:
        if present(needed, cell, lattice.shape, lattice.boundary):
            yield [_home(spin.shifted(cell), lattice) for spin in spins]


def _extent(spins: Sequence[Spin], lattice: Lattice) -> Reach:
    axes = range(lattice.dimension)
    return tuple(
        (min((s.cell[k] for s in spins), default=0), max((s.cell[k] for s in spins), default=0))
        for k in axes
    )


def _home(spin: Spin, lattice: Lattice) -> tuple[Spin, bool]:
    """The spin of the torus that a spin stands for, and whether it is flipped on the way there."""
    turns = [divmod(x, size) for x, size in zip(spin.cell, lattice.cells, strict=True)]
    odd = sum(
        turn
        for (turn, _), edge in zip(turns, lattice.boundary, strict=True)
        if edge == "antiperiodic"
    )
    return Spin(tuple(x for _, x in turns), spin.letter, spin.species), bool(odd % 2)


def _joined(numbers: Sequence[int], table: Floats) -> Piece:
    """The table with one axis for each distinct number, rising."""
    distinct = sorted(set(numbers))
    axes = [distinct.index(number) for number in numbers]
    joined: Floats = np.einsum(table, axes, list(range(len(distinct))))  # type: ignore[arg-type]
    return tuple(distinct), joined


def _characters(table: Floats) -> Floats:
    """Coefficients of a table of two-state spins in products of their signs."""
    for axis in range(table.ndim):
        up, down = np.moveaxis(table, axis, 0)
        table = np.stack([(up + down) / 2, (up - down) / 2], axis=axis)
    return table


# -- functions of the lattice ----------------------------------------------------------------------


def term_pieces(cluster: Cluster, term: Term) -> Iterator[Piece]:
    """S of a term, H_t = coefficient * S, at every place."""
    for weight, spins in term.products:
        values = [np.array(cluster.species[spin.species].codes, dtype=float) for spin in spins]
        yield from placed(cluster, spins, weight * outer(values))
    for table in term.tables:
        yield from placed(
            cluster, table.spins, from_values(cluster.species, table.spins, table.energies)
        )


def operator_pieces(
    cluster: Cluster, operator: Summand, axis: int | None = None
) -> list[list[Piece]]:
    """S of a measure, in the signs of two-state spins: one list of pieces, or, with `axis`, one for
    each coordinate of the cell along it.
    """
    if isinstance(operator, PairSum):
        raise TypeError("pairs that are kept whole are too many to be enumerated")
    if isinstance(operator, Combined):
        raise TypeError("no measure combines sums: those of the operators of levels are sampled")
    pieces: list[list[Piece]] = [
        [] for _ in range(1 if axis is None else cluster.lattice.cells[axis])
    ]
    for k, spins in enumerate(operator.products):
        if isinstance(operator, Local):
            table = from_values(cluster.species, spins, operator.values[k])
        else:
            table = outer([signs(cluster.species[spin.species]) for spin in spins])
        reach = None if isinstance(operator, Operator | SectorOperator) else operator.reaches[k]
        where = _where(operator, k)
        for cell in cartesian(*map(range, cluster.lattice.cells)):
            if (
                where is None
                or tuple(x % m for x, m in zip(cell, where[0], strict=True)) in where[1]
            ):
                pieces[0 if axis is None else cell[axis]] += placed(
                    cluster, spins, table, reach, [cell]
                )
    return pieces


def _where(operator: Summand, k: int) -> tuple[Cell, tuple[Cell, ...]] | None:
    """The modulus and the residues of the cells at which the k-th product stands; None for all
    cells.
    """
    if isinstance(operator, SectorOperator):
        return operator.modulus, operator.residues[k]
    return operator.where if isinstance(operator, Local) else None


def from_values(
    species: Sequence[Species], spins: Sequence[Spin], values: Sequence[float]
) -> Floats:
    """A table over digits from one that is row-major over `Species.values`."""
    kinds = [species[spin.species] for spin in spins]
    table = np.reshape(np.array(values, dtype=np.float64), [len(kind.values) for kind in kinds])
    return np.flip(table, tuple(axis for axis, kind in enumerate(kinds) if kind.two_states))


def outer(factors: Sequence[Floats]) -> Floats:
    """The outer product of vectors, the number 1 of none."""
    table = np.ones(())
    for factor in factors:
        table = np.multiply.outer(table, factor)
    return table
