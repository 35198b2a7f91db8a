"""Hamiltonians of cells: products of spins at the corners of a unit hypercube, the same in every
direction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations
from itertools import product as cartesian

from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Cell, Geometry, Lattice
from rgc.model.operators import Product
from rgc.model.spins import Species
from rgc.text import Span

HYPERCUBIC = ("chain", "square", "cubic", "hypercubic")
"""The lattices whose unit cell is a hypercube."""

MOST_CELL_DIMENSIONS = 4
"""A cell of d dimensions has 2^(2^d) states."""


MOST_P = 10.0
"""From this p of a block map on, the block spin is that of the majority up to terms of order exp(-4
p).
"""

_SAME = 1e-12


class NotInACell(ValueError):
    """The Hamiltonian, or one `term` of it, is not a sum over cells with the full symmetry of a
    hypercube.
    """

    def __init__(self, reason: str, term: Term | None = None) -> None:
        super().__init__(reason)
        self.term = term


@dataclass(frozen=True, slots=True)
class CellTerm:
    """A part of -H: `coupling` times a sum of lattice products.

    For each (weight, corners) in `parts` it contains, with that weight, every product that lattice
    symmetries make of the product of the spins at these corners. Corners are a bit set
    (`corner_bits`), the largest of its class.
    """

    name: str
    coupling: float
    parts: tuple[tuple[float, int], ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class CellModel:
    """-H of one species of two-state spins on a hypercubic lattice. `constant` is the
    spin-independent part of H per site.
    """

    species: Species
    dimension: int
    terms: tuple[CellTerm, ...]
    constant: float = 0.0


def cell_model(
    hamiltonian: Hamiltonian, lattice: Geometry, species: Sequence[Species]
) -> CellModel:
    """The Hamiltonian as a sum over cells.

    Raises `NotInACell` for anything else: another lattice, several species, products that reach
    beyond a unit hypercube, or terms that differ between directions or from place to place.
    """
    if not isinstance(lattice, Lattice) or lattice.name not in HYPERCUBIC:
        raise NotInACell("the unit cells of this lattice are no hypercubes")
    if lattice.dimension > MOST_CELL_DIMENSIONS:
        raise NotInACell(f"a cell of {lattice.dimension} dimensions has too many states")
    if len(species) != 1 or not species[0].two_states:
        raise NotInACell("a cell holds two-state spins of one species")
    terms = tuple(_term(term, lattice.dimension) for term in hamiltonian.terms)
    kept = tuple(term for term in terms if term.parts)
    return CellModel(species[0], lattice.dimension, kept, hamiltonian.constant)


@lru_cache(maxsize=8)
def corner_bits(dimension: int) -> dict[Cell, int]:
    """The corners of the unit hypercube, nearest to the origin first, each with its bit in a set of
    corners.

    The first corner has the highest bit, so that the largest bit set of a class is the one that
    names the coupling (`rgc.model.names`).
    """
    corners = sorted(
        cartesian((0, 1), repeat=dimension),
        key=lambda corner: (sum(corner), tuple(-x for x in corner)),
    )
    return {corner: 1 << (len(corners) - 1 - rank) for rank, corner in enumerate(corners)}


def corners_of(bits: int, dimension: int) -> tuple[Cell, ...]:
    """The corners in a bit set."""
    return tuple(corner for corner, bit in corner_bits(dimension).items() if bits & bit)


def sharing(bits: int, dimension: int) -> int:
    """The number of cells of the lattice that hold a product: a factor 2 for each direction in
    which it has no extent.
    """
    corners = corners_of(bits, dimension)
    flat = [all(corner[k] == corners[0][k] for corner in corners) for k in range(dimension)]
    return int(2 ** sum(flat)) if corners else 1


def products(bits: int, dimension: int) -> tuple[frozenset[Cell], ...]:
    """The distinct lattice products that symmetries make of the product of the spins at some
    corners.
    """
    images = _images(frozenset(corners_of(bits, dimension)), dimension)
    return tuple(sorted({_pinned(image) for image in images}, key=sorted))


def _term(term: Term, dimension: int) -> CellTerm:
    if term.inhomogeneous is not None:
        raise NotInACell("its coupling differs from place to place", term)
    if term.tables:
        raise NotInACell("it is no product of spins", term)
    weights: dict[frozenset[Cell], float] = defaultdict(float)
    for weight, product in term.products:
        if product:
            weights[_corners(product, term)] -= term.sign * weight
    parts = []
    while weights:
        corners = next(iter(weights))
        images = list(_images(corners, dimension))
        equal = [weights.pop(pinned, 0.0) for pinned in {_pinned(image) for image in images}]
        if max(equal) - min(equal) > _SAME * max(map(abs, equal)):
            raise NotInACell("it is not the same in every direction", term)
        if any(equal):
            parts.append((equal[0], max(map(_bits, images))))
    return CellTerm(term.name, term.coupling, tuple(parts), term.span)


def _corners(product: Product, term: Term) -> frozenset[Cell]:
    """The spins of a product as corners of a cell, moved as close to the origin as possible."""
    corners = _pinned(frozenset(spin.cell for spin in product))
    if any(x > 1 for corner in corners for x in corner):
        raise NotInACell("it joins spins that are no corners of one cell", term)
    return corners


def _pinned(corners: frozenset[Cell]) -> frozenset[Cell]:
    lowest = [min(axis) for axis in zip(*corners, strict=True)]
    return frozenset(
        tuple(x - low for x, low in zip(corner, lowest, strict=True)) for corner in corners
    )


def _images(corners: frozenset[Cell], dimension: int) -> Iterator[frozenset[Cell]]:
    """The images of a set of corners under the symmetries of the hypercube."""
    for order in permutations(range(dimension)):
        for flips in cartesian((0, 1), repeat=dimension):
            yield frozenset(
                tuple(corner[axis] ^ flip for axis, flip in zip(order, flips, strict=True))
                for corner in corners
            )


def _bits(corners: frozenset[Cell]) -> int:
    bits = corner_bits(len(next(iter(corners))))
    return sum(bits[corner] for corner in corners)
