"""Symmetries of a crystal: integer matrices on cells and permutations of the basis."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.model.lattice import Cell, Site
from rgc.model.operators import Product, Spin, product

Matrix = tuple[Cell, ...]
"""The rows of an integer matrix."""


@dataclass(frozen=True, slots=True, order=True)
class Symmetry:
    """A symmetry up to translation, which takes the site (cell, a) to (matrix * cell +
    images[a].cell, images[a].letter).

    images[0].cell is the origin, which selects one of the symmetries that differ by a translation.
    """

    matrix: Matrix
    images: tuple[Site, ...]

    @property
    def identity(self) -> bool:
        """Whether every site stays where it is."""
        origin = (0,) * len(self.matrix)
        rows = all(row[j] == (i == j) for i, row in enumerate(self.matrix) for j in range(len(row)))
        return rows and self.images == tuple(Site(origin, a) for a in range(len(self.images)))

    def site(self, site: Site) -> Site:
        return self.images[site.letter].shifted(apply(self.matrix, site.cell))

    def product(self, spins: Product) -> Product:
        """The image of a product, canonical up to translation."""
        sites = [(self.site(Site(spin.cell, spin.letter)), spin.species) for spin in spins]
        return product(Spin(site.cell, site.letter, species) for site, species in sites)


def apply(matrix: Matrix, cell: Cell) -> Cell:
    """matrix * cell."""
    return tuple(sum(m * x for m, x in zip(row, cell, strict=True)) for row in matrix)
