"""The products or signs that contain one spin, and the order in which a sweep visits the spins."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.model.groups import Sign
from rgc.model.operators import Product, Spin
from rgc.model.sites import SiteSet


@dataclass(frozen=True, slots=True)
class Star:
    """The products that contain the spin of one `letter` and `species`, on sites that all have the
    same ones.

    images[g] holds, for each product of group g that contains the spin, its other spins, with their
    cells relative to the spin's own (on a torus they wrap). A flip costs dE = -2 * sum_g c_g * sum
    over images[g] of s * product of the others.
    """

    letter: int
    species: int
    images: tuple[tuple[Product, ...], ...]

    @property
    def neighbours(self) -> tuple[Spin, ...]:
        """The spins that are read, sorted."""
        return tuple(sorted({spin for images in self.images for image in images for spin in image}))


@dataclass(frozen=True, slots=True)
class SignStar:
    """The signs that contain the spin of one `letter` and `species`, which stands in the cell at
    the origin, on sites that all have the same ones.

    images[g] holds those of group g. A move from one state to another costs dE = sum_g c_g * (sum
    of the signs after it - sum before it).
    """

    letter: int
    species: int
    images: tuple[tuple[Sign, ...], ...]

    @property
    def neighbours(self) -> tuple[Spin, ...]:
        """The other spins that are read, sorted."""
        own = (self.letter, self.species)
        read = {spin for images in self.images for sign in images for spin in sign.spins}
        return tuple(
            sorted(spin for spin in read if any(spin.cell) or (spin.letter, spin.species) != own)
        )


@dataclass(frozen=True, slots=True)
class SweepStep:
    """One entry of a sweep: an update of the spins with this star on these cells, no two of which
    are neighbours.
    """

    star: Star | SignStar
    sites: SiteSet
