"""Sites near one another on an infinite crystal, and its shells of neighbours.

Lattice vectors are found by the method of Fincke and Pohst (Math. Comp. 44, 463 (1985)) in a basis
of short vectors, so that the work goes with the number of sites that are found and not with how
skewed or how flat the given cell is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from itertools import product as cartesian
from math import ceil, floor, sqrt

from rgc.model.lattice import Cell, Lattice, Site, Vector

Pair = tuple[Site, Site]

MOST_CELLS = 40_000
"""The largest number of cells that one search looks at."""

SAME_DISTANCE = 1e-6
"""Distances that differ by less, relative to the smaller, are one distance."""

_GROWTH = 1.25  # of the radius of a search, while it holds too few shells


class TooFar(ValueError):
    """A search would look at more than `MOST_CELLS` cells."""


@dataclass(frozen=True, slots=True)
class Shell:
    """The pairs of sites at one distance, each once per unit cell.

    The first site stands in the cell at the origin and has the smaller letter. Between equal
    letters the displacement is positive in its first component that is not zero. `farthest` is the
    largest of the distances that were taken for the one, `distance` the smallest.
    """

    distance: float
    farthest: float
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class ShortBasis:
    """Short primitive vectors of a lattice, Cartesian.

    `cells[i]` are the coefficients of the i-th one in the given vectors, and `given[k]` those of
    the k-th given vector in the short ones.
    """

    vectors: tuple[Vector, ...]
    cells: tuple[Cell, ...]
    given: tuple[Cell, ...]


def shell(lattice: Lattice, n: int) -> tuple[Pair, ...]:
    """The pairs at the n-th distance (1: nearest neighbours) of the infinite lattice.

    Raises `ValueError` for n < 1, and `TooFar`.
    """
    if n < 1:
        raise ValueError(f"shells are counted from 1, not {n}")
    return shells(lattice, n)[n - 1].pairs


@lru_cache(maxsize=256)
def shells(lattice: Lattice, least: int) -> tuple[Shell, ...]:
    """The nearest shells of the infinite lattice, at least so many, nearest first.

    Raises `TooFar`.
    """
    radius = min(map(length, short_basis(lattice.vectors).vectors))
    while len(found := _shells_within(lattice, radius)) < least:
        radius *= _GROWTH
    return found


def coordination(lattice: Lattice, n: int = 1) -> tuple[int, ...]:
    """The number of sites at the n-th distance of a site of each letter. Raises `TooFar`."""
    ends = [site.letter for pair in shell(lattice, n) for site in pair]
    return tuple(ends.count(letter) for letter in range(len(lattice.basis)))


def cells_near(vectors: Sequence[Vector], offset: Vector, radius: float) -> Iterator[Cell]:
    """The cells n with |sum_k n_k * vectors[k] + offset| <= radius, in no particular order.

    Raises `TooFar`.
    """
    short = short_basis(tuple(vectors))
    columns = tuple(zip(*short.cells, strict=True))
    for numbers in _combinations(short.vectors, offset, radius * (1 + 1e-9)):
        yield tuple(sum(n * x for n, x in zip(numbers, column, strict=True)) for column in columns)


def _shells_within(lattice: Lattice, radius: float) -> tuple[Shell, ...]:
    """The shells that lie whole inside a radius."""
    groups: list[list[tuple[float, Pair]]] = []
    for distance, pair in sorted(_pairs_within(lattice, radius)):
        if not groups or distance > groups[-1][0][0] * (1 + SAME_DISTANCE):
            groups.append([])
        groups[-1].append((distance, pair))
    return tuple(
        Shell(group[0][0], group[-1][0], tuple(sorted(pair for _, pair in group)))
        for group in groups
        if group[0][0] * (1 + 2 * SAME_DISTANCE) < radius
    )


def _pairs_within(lattice: Lattice, radius: float) -> Iterator[tuple[float, Pair]]:
    origin = (0,) * lattice.dimension
    letters = range(len(lattice.basis))
    for a, b in cartesian(letters, letters):
        if a > b:
            continue
        ends = zip(lattice.basis[a], lattice.basis[b], strict=True)
        offset = tuple(y - x for x, y in ends)
        for cell in cells_near(lattice.vectors, offset, radius):
            if a < b or cell > origin:
                pair = Site(origin, a), Site(cell, b)
                yield lattice.distance(*pair), pair


def _combinations(basis: Sequence[Vector], offset: Vector, radius: float) -> Iterator[Cell]:
    """The integers z with |sum_k z_k * basis[k] + offset| <= radius, from the last axis down."""
    orthogonal = list(orthogonalised(basis))
    squares = [_dot(vector, vector) for vector in orthogonal]
    waiting: list[tuple[Cell, Vector, float]] = [((), offset, radius * radius)]
    seen = 0
    while waiting:
        numbers, place, left = waiting.pop()
        axis = len(basis) - len(numbers) - 1
        if axis < 0:
            yield numbers
            continue
        centre = -_dot(place, orthogonal[axis]) / squares[axis]
        width = sqrt(max(left, 0.0) / squares[axis])
        for n in range(ceil(centre - width - 1e-9), floor(centre + width + 1e-9) + 1):
            seen += 1
            if seen > MOST_CELLS:
                raise TooFar(f"more than {MOST_CELLS} cells lie within {radius:.4g}")
            there = tuple(x + n * y for x, y in zip(place, basis[axis], strict=True))
            waiting.append(((n, *numbers), there, left - (n - centre) ** 2 * squares[axis]))


@lru_cache(maxsize=64)
def short_basis(vectors: tuple[Vector, ...]) -> ShortBasis:
    """Short vectors of the lattice that `vectors` make.

    A multiple of one vector is added to another for as long as that shortens it.
    """
    short = list(vectors)
    unit = [tuple(int(k == axis) for k in range(len(vectors))) for axis in range(len(vectors))]
    cells, given = list(unit), [list(row) for row in unit]
    shortened = True
    while shortened:
        shortened = False
        for i, j in permutations(range(len(short)), 2):
            n = round(_dot(short[i], short[j]) / _dot(short[j], short[j]))
            shorter = _minus(short[i], n, short[j])
            if n and _dot(shorter, shorter) < _dot(short[i], short[i]) * (1 - 1e-9):
                short[i], shortened = shorter, True
                cells[i] = tuple(a - n * b for a, b in zip(cells[i], cells[j], strict=True))
                for row in given:
                    row[j] += n * row[i]
    return ShortBasis(tuple(short), tuple(cells), tuple(map(tuple, given)))


def orthogonalised(basis: Sequence[Vector]) -> Iterator[Vector]:
    """Orthogonal vectors, one after the other: each less its components along those before it."""
    orthogonal: list[Vector] = []
    for vector in basis:
        rest = vector
        for other in orthogonal:
            rest = _minus(rest, _dot(rest, other) / _dot(other, other), other)
        orthogonal.append(rest)
        yield rest


def _minus(a: Vector, factor: float, b: Vector) -> Vector:
    return tuple(x - factor * y for x, y in zip(a, b, strict=True))


def _dot(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def length(vector: Vector) -> float:
    """The Euclidean length of a Cartesian vector."""
    return sqrt(_dot(vector, vector))
