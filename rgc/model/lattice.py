"""Lattices: unit cells, basis sites, faces, boundaries. Sites are addressed by integer cells,
positions are Cartesian.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Literal

Cell = tuple[int, ...]
Vector = tuple[float, ...]
Boundary = Literal["periodic", "open", "antiperiodic"]


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """The basis site `letter` (0 is a) of the unit cell at integer coordinates `cell`, absolute or
    relative.
    """

    cell: Cell
    letter: int = 0

    def shifted(self, cell: Cell) -> Site:
        return Site(tuple(a + b for a, b in zip(self.cell, cell, strict=True)), self.letter)


@dataclass(frozen=True, slots=True)
class Face:
    """A face of the unit cell at the origin: `kind` (plaquette, triangle, hexagon, cube), corners
    counter-clockwise, and the axis of its normal where it has one.
    """

    kind: str
    corners: tuple[Site, ...]
    normal: int | None = None


@dataclass(frozen=True, slots=True)
class Lattice:
    """A crystal: d primitive `vectors` (rows, Cartesian, nearest-neighbour distance 1), `basis`
    positions (Cartesian, one for each letter), unit cells along each vector in `shape` (None:
    infinite in that direction), one boundary per vector.

    The number of sites is N = prod(shape) * len(basis).
    """

    name: str
    vectors: tuple[Vector, ...]
    basis: tuple[Vector, ...]
    shape: tuple[int | None, ...]
    boundary: tuple[Boundary, ...]
    faces: tuple[Face, ...] = ()

    @property
    def dimension(self) -> int:
        return len(self.vectors)

    @property
    def letters(self) -> str:
        return "abcdefghijklmnopqrstuvwxyz"[: len(self.basis)]

    @property
    def finite(self) -> bool:
        return None not in self.shape

    @property
    def cells(self) -> Cell:
        """The shape of a finite lattice. Raises `ValueError` on an infinite one."""
        sizes = tuple(size for size in self.shape if size is not None)
        if len(sizes) != len(self.shape):
            raise ValueError("an infinite lattice has no number of cells")
        return sizes

    @property
    def sites(self) -> int:
        """N, the number of sites of a finite lattice."""
        return prod(self.cells) * len(self.basis)

    def position(self, site: Site) -> Vector:
        """Cartesian position: sum_k cell_k * vectors[k] + basis[letter]."""
        at = self.basis[site.letter]
        return tuple(
            at[x] + sum(n * vector[x] for n, vector in zip(site.cell, self.vectors, strict=True))
            for x in range(len(at))
        )

    def distance(self, first: Site, second: Site) -> float:
        """Euclidean distance on the infinite lattice, in units of the nearest-neighbour
        distance.
        """
        pairs = zip(self.position(first), self.position(second), strict=True)
        return sqrt(sum((a - b) ** 2 for a, b in pairs))


@dataclass(frozen=True, slots=True)
class Complete:
    """Every pair of `sites` sites is a neighbour pair; no geometry."""

    sites: int


@dataclass(frozen=True, slots=True)
class Diamond:
    """The hierarchical lattice: each bond becomes `branches` parallel chains of b bonds,
    `generations` times (None: for ever).
    """

    b: int = 2
    branches: int = 2
    generations: int | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """A user's graph or hypergraph, read from a CSV file inside the spec's folder when it is
    run.
    """

    path: str


Geometry = Lattice | Complete | Diamond | Graph
