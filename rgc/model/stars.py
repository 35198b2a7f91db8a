"""What one spin feels: the products that contain it, and the order in which spins are visited."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.model.operators import Product, Spin
from rgc.model.sites import SiteSet


@dataclass(frozen=True, slots=True)
class Star:
    """The products that contain the spin of one `letter` and `species`, on sites that all have the
    same ones.

    images[g]: for each product of group g that contains the spin, its other spins, their cells
    relative to the spin's own (on a torus they wrap). dE of a flip = -2 * sum_g c_g * sum over
    images[g] of s * product of the others.
    """

    letter: int
    species: int
    images: tuple[tuple[Product, ...], ...]

    @property
    def neighbours(self) -> tuple[Spin, ...]:
        """The spins that are read, sorted."""
        return tuple(sorted({spin for images in self.images for image in images for spin in image}))


@dataclass(frozen=True, slots=True)
class SweepStep:
    """One entry of a sweep: update the spins with this star on these cells, none of which is a
    neighbour of another.
    """

    star: Star
    sites: SiteSet
