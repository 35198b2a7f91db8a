"""A lattice cut into the cells of a block map: which cell a site belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product as cartesian

from rgc.model.block import Block
from rgc.model.lattice import Cell, Lattice, Site


@dataclass(frozen=True, slots=True)
class Tiling:
    """Cell (R, k) holds the sites cells[k] shifted by sum_n R_n vectors[n]: R counts coarse unit
    cells, k is a coarse letter."""

    vectors: tuple[Cell, ...]
    cells: tuple[tuple[Site, ...], ...]

    @property
    def volume(self) -> int:
        """Fine unit cells for each coarse one."""
        return _inverse(self.vectors)[0]

    def corner(self, at: Cell) -> Cell:
        """The fine cell at which the coarse cell `at` begins."""
        return tuple(
            sum(n * v[x] for n, v in zip(at, self.vectors, strict=True)) for x in range(len(at))
        )

    def coarse(self, cell: Cell) -> Cell | None:
        """The R whose corner a fine cell is, if it is one."""
        volume, scaled = self.volume, self._scaled(cell)
        return None if any(x % volume for x in scaled) else tuple(x // volume for x in scaled)

    @property
    def cosets(self) -> tuple[Cell, ...]:
        """Fine cells, `volume` of them and the origin first, no two of which differ by a coarse
        vector."""
        axes = range(len(self.vectors))
        representatives: dict[Cell, Cell] = {}
        queue = [(0,) * len(self.vectors)]
        for cell in queue:
            residue = tuple(x % self.volume for x in self._scaled(cell))
            if residue not in representatives:
                representatives[residue] = cell
                queue += [tuple(x + (k == axis) for k, x in enumerate(cell)) for axis in axes]
        return tuple(representatives.values())

    def home(self, site: Site) -> tuple[Site, int]:
        """The cell of a site, as a coarse site, and its number there. Raises `ValueError` for a
        site of no cell."""
        return _home(self, site)

    def _scaled(self, cell: Cell) -> Cell:
        """A fine cell in units of the coarse vectors, times `volume`."""
        return tuple(
            sum(m * x for m, x in zip(row, cell, strict=True)) for row in _inverse(self.vectors)[1]
        )


def tiling(block: Block) -> Tiling:
    """The cells of a block map, or, where block spins copy single sites, those sites."""
    axes = range(len(block.factor))
    boxes = tuple(tuple(block.factor[k] if j == k else 0 for j in axes) for k in axes)
    return Tiling(block.vectors or boxes, block.cells)


def whole_cells(block: Block, lattice: Lattice) -> Block:
    """The map with cells that hold every site of the lattice. Where block spins copy one site, it
    comes first in its cell.

    The cell of the copied site o + bR is o + bR + {0..b-1}^d. Raises `ValueError` for such a map on
    a lattice with several letters, and `SpecError` for a map without a law.
    """
    if block.law(0).copied is None:
        return block
    if len(lattice.basis) > 1:
        raise ValueError("where a cell has several letters, decimated sites belong to no kept one")
    ((kept,),) = block.cells
    sites = tuple(kept.shifted(by) for by in cartesian(*map(range, block.factor)))
    return replace(block, cells=(sites,), rules=(block.law(0).enlarged(len(sites)),))


@lru_cache(maxsize=65536)
def _home(tiled: Tiling, site: Site) -> tuple[Site, int]:
    for letter, cell in enumerate(tiled.cells):
        for number, offset in enumerate(cell):
            if offset.letter == site.letter:
                at = tiled.coarse(tuple(a - b for a, b in zip(site.cell, offset.cell, strict=True)))
                if at is not None:
                    return Site(at, letter), number
    raise ValueError(f"{site} lies in no cell")


@lru_cache(maxsize=256)
def _inverse(vectors: tuple[Cell, ...]) -> tuple[int, tuple[Cell, ...]]:
    """|det| of the matrix with these columns, and |det| times its inverse, by Gauss-Jordan
    elimination. Raises `ValueError` where it has none."""
    size = len(vectors)
    rows = [
        [*(Fraction(v[i]) for v in vectors), *(Fraction(i == j) for j in range(size))]
        for i in range(size)
    ]
    volume = Fraction(1)
    for k in range(size):
        pivot = next((i for i in range(k, size) if rows[i][k]), None)
        if pivot is None:
            raise ValueError("the vectors of a coarse lattice must be linearly independent")
        rows[k], rows[pivot] = rows[pivot], rows[k]
        volume *= abs(rows[k][k])
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(size):
            if i != k and rows[i][k]:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return int(volume), tuple(tuple(int(volume * x) for x in row[size:]) for row in rows)
