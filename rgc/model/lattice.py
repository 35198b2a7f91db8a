"""Lattices: unit cells, basis sites, faces and boundaries.

Sites are addressed by integer cells, and positions are Cartesian.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Literal

from rgc.text import letter

Cell = tuple[int, ...]
Vector = tuple[float, ...]
Boundary = Literal["periodic", "open", "antiperiodic"]


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """The basis site `letter` (0 is a) of the unit cell at the integer coordinates `cell`, absolute
    or relative.
    """

    cell: Cell
    letter: int = 0

    def shifted(self, cell: Cell) -> Site:
        return Site(tuple(a + b for a, b in zip(self.cell, cell, strict=True)), self.letter)


@dataclass(frozen=True, slots=True)
class Face:
    """A face of the unit cell at the origin.

    `kind` is plaquette, triangle, hexagon or cube. The corners go round counter-clockwise. `normal`
    is the axis of its normal where it has one.
    """

    kind: str
    corners: tuple[Site, ...]
    normal: int | None = None


@dataclass(frozen=True, slots=True)
class Supercell:
    """What the cells of a lattice hold: `multiple` cells along each vector of the lattice `small`,
    which a spec writes. Its sizes are left open.
    """

    small: Lattice
    multiple: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """A crystal.

    - `vectors` are its d primitive vectors (rows, Cartesian, nearest-neighbour distance 1).
    - `basis` holds the Cartesian position of each basis site.
    - `shape` is the number of unit cells along each vector, None where it is infinite.
    - `boundary` has one entry for each vector.
    - `rounded` says whether positions were typed by a person and may have lost digits.
    - `supercell` is set where cells are larger than those that a spec writes.
    - `edges` are those of a graph (`rgc.model.graphs`), each as the letters of its sites, and
      `columns` numbers that each edge has, by name.

    The number of sites is N = prod(shape) * len(basis).
    """

    name: str
    vectors: tuple[Vector, ...]
    basis: tuple[Vector, ...]
    shape: tuple[int | None, ...]
    boundary: tuple[Boundary, ...]
    faces: tuple[Face, ...] = ()
    rounded: bool = False
    supercell: Supercell | None = None
    edges: tuple[tuple[int, ...], ...] = ()
    columns: tuple[tuple[str, tuple[float, ...]], ...] = ()

    @property
    def dimension(self) -> int:
        return len(self.vectors)

    @property
    def letters(self) -> tuple[str, ...]:
        """The names of the sites of a cell."""
        return tuple(map(letter, range(len(self.basis))))

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
        """The Cartesian position sum_k cell_k * vectors[k] + basis[letter]."""
        at = self.basis[site.letter]
        return tuple(
            at[x] + sum(n * vector[x] for n, vector in zip(site.cell, self.vectors, strict=True))
            for x in range(len(at))
        )

    def distance(self, first: Site, second: Site) -> float:
        """The Euclidean distance on the infinite lattice, in units of the nearest-neighbour
        distance.
        """
        pairs = zip(self.position(first), self.position(second), strict=True)
        return sqrt(sum((a - b) ** 2 for a, b in pairs))


@dataclass(frozen=True, slots=True)
class Complete:
    """`sites` sites of which every pair is a neighbour pair. There is no geometry."""

    sites: int


@dataclass(frozen=True, slots=True)
class Diamond:
    """The hierarchical lattice: `generations` times, each bond is replaced by `branches` parallel
    chains of b bonds.

    It is infinite if `generations` is None.
    """

    b: int = 2
    branches: int = 2
    generations: int | None = None


Geometry = Lattice | Complete | Diamond
