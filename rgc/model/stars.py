"""The products or signs that contain one spin, and the order in which a sweep visits the spins."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.model.followers import Follower
from rgc.model.groups import Sign
from rgc.model.lattice import Cell
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

    @property
    def written(self) -> tuple[tuple[int, int], ...]:
        """Letter and species of the spins of the cell that may change."""
        return ((self.letter, self.species),)


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

    @property
    def written(self) -> tuple[tuple[int, int], ...]:
        """Letter and species of the spin that may change."""
        return ((self.letter, self.species),)


@dataclass(frozen=True, slots=True)
class ChainStar:
    """A spin with the `followers` that may turn with it, each deciding the next.

    `stars` are the products that contain the spin and those that contain each of the followers; no
    product contains two of them. `origin` is the cell that all of them stand in, (0, ..., 0).
    """

    stars: tuple[Star, ...]
    followers: tuple[Follower, ...]
    origin: Cell

    @property
    def letter(self) -> int:
        return self.stars[0].letter

    @property
    def species(self) -> int:
        return self.stars[0].species

    @property
    def images(self) -> tuple[tuple[Product, ...], ...]:
        """Of each group the images of all stars."""
        columns = zip(*(star.images for star in self.stars), strict=True)
        return tuple(tuple(image for images in column for image in images) for column in columns)

    @property
    def deciding(self) -> tuple[Spin, ...]:
        """The spins that decide the followers, in the cell of the spin."""
        letters = [
            letter
            for follower in self.followers
            for letter in (*follower.cell, *([] if follower.tie is None else [follower.tie]))
        ]
        return tuple(Spin(self.origin, letter, self.species) for letter in letters)

    @property
    def neighbours(self) -> tuple[Spin, ...]:
        """The spins that are read, sorted."""
        near = {spin for star in self.stars for spin in star.neighbours}
        return tuple(sorted({*near, *self.deciding}))

    @property
    def written(self) -> tuple[tuple[int, int], ...]:
        """Letter and species of the spins of the cell that may change."""
        return tuple((star.letter, star.species) for star in self.stars)


AnyStar = Star | SignStar | ChainStar


@dataclass(frozen=True, slots=True)
class SweepStep:
    """One entry of a sweep: an update of the spins with this star on these cells, no two of which
    are neighbours.
    """

    star: AnyStar
    sites: SiteSet
