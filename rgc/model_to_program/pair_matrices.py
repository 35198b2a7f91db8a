"""Products of two spins that couple a site to many others, as matrices instead of a node for each.

A star with more than `MANY` of them is summed by `Couple` nodes, one for each species of the other
spins. The matrices hold the same integers that the weights of single products would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Spin
from rgc.model.sites import enumerate_cells
from rgc.model.stars import Star, SweepStep

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY = 64
"""Products of two spins in a star from which on they are summed by matrices."""


@dataclass(frozen=True, slots=True)
class Bonds:
    """What couples the spins of a star, which stands at `cells`, to those of another species: the
    number of the group and the other spin of each product."""

    matrix: int
    letter: int
    cells: tuple[Cell, ...]
    others: tuple[tuple[int, Spin], ...]


@dataclass(slots=True)
class Matrices:
    """The matrices of a sweep in the making: one for each species and each it is coupled to."""

    lattice: Lattice
    cells: dict[Star, list[Cell]]
    numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    bonds: list[Bonds] = field(default_factory=list)

    @staticmethod
    def of(lattice: Lattice, steps: Sequence[SweepStep]) -> Matrices:
        cells: dict[Any, list[Cell]] = {}
        for step in steps:
            cells.setdefault(step.star, []).extend(enumerate_cells(step.sites, lattice.cells))
        return Matrices(lattice, cells)

    def take(self, star: Star) -> list[tuple[int, int]]:
        """Species and matrix of each species that a star couples its spin to, if it has so many
        products of two spins; these are then summed by the matrices.
        """
        pairs = [
            (group, image[0])
            for group, images in enumerate(star.images)
            for image in images
            if len(image) == 1
        ]
        if len(pairs) <= MANY:
            return []
        found = []
        for species in sorted({spin.species for _, spin in pairs}):
            number = self.numbers.setdefault((star.species, species), len(self.numbers))
            others = tuple(pair for pair in pairs if pair[1].species == species)
            self.bonds.append(Bonds(number, star.letter, tuple(self.cells[star]), others))
            found.append((species, number))
        return found


def fill_matrices(
    bonds: Sequence[Bonds], lattice: Lattice, matrices: int, halves: Sequence[int]
) -> NDArray[Any]:
    """int32[matrix, site, other site] from half of what a flip costs for each group."""
    import numpy as np

    letters, shape = len(lattice.basis), np.array(lattice.cells)
    out = np.zeros((matrices, lattice.sites, lattice.sites), dtype=np.int64)
    for each in bonds:
        cells = np.array(each.cells).reshape(len(each.cells), 1, -1)
        moved = (cells + np.array([spin.cell for _, spin in each.others])) % shape
        flat = np.ravel_multi_index(tuple(np.moveaxis(moved, -1, 0)), lattice.cells)
        columns = flat * letters + np.array([spin.letter for _, spin in each.others])
        own = np.ravel_multi_index(tuple(cells[:, 0].T), lattice.cells) * letters + each.letter
        weights = np.array([halves[group] for group, _ in each.others], dtype=np.int64)
        np.add.at(out[each.matrix], (own[:, None], columns), weights)
    return out.astype(np.int32)
