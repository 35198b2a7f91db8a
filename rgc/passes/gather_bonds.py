"""The pair terms and the fields of each kind of spin: what cluster updates bind spins by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rgc.model.groups import Group, Signs
from rgc.model.lattice import Lattice
from rgc.model.operators import Product, Spin
from rgc.model.stars import SignStar, Star
from rgc.passes.gather_stars import Box, gather_stars, places_of

Negative = tuple[bool, ...]
"""Where a sign is -1: by the state of a spin, or row-major by those of two."""

Terms = tuple[tuple[int, Negative], ...]
"""Signs, each with the number of its group."""

PRODUCT: Negative = (False, True, True, False)
ALONE: Negative = (False, True)
"""What a product of two spins and a product of one are, by codes."""


@dataclass(frozen=True, slots=True)
class Bonds:
    """The terms of the spin of one `letter` and `species` in the cell at the origin, on the cells
    of a box.

    - `pairs` are the terms that it shares with each other spin, by its own state and then the
      other's.
    - `field` are the terms of it alone.
    """

    letter: int
    species: int
    pairs: tuple[tuple[Spin, Terms], ...]
    field: Terms
    box: Box

    @property
    def own(self) -> Spin:
        return Spin((0,) * len(self.box[0]), self.letter, self.species)

    @property
    def kept(self) -> tuple[tuple[Spin, Terms], ...]:
        """The pairs whose bonds the spin keeps: those in which it comes first."""
        return tuple((other, terms) for other, terms in self.pairs if keeps(self.own, other))


def keeps(own: Spin, other: Spin) -> bool:
    """Whether a spin at the origin, and not the other one, keeps the bond between them."""
    return other > own


def seen_from(other: Spin, own: Spin) -> Spin:
    """A spin at the origin as another one sees it."""
    return Spin(tuple(-x for x in other.cell), own.letter, own.species)


def gather_bonds(
    groups: Sequence[Group | Signs], lattice: Lattice, species: int
) -> tuple[Bonds, ...]:
    """The bonds of every kind of spin on boxes that cover the lattice: one without open edges.

    Raises `ValueError` for terms of more than two spins.
    """
    places = places_of(groups)
    return tuple(
        _bonds(star, box)
        for kind in range(species)
        for letter in range(len(lattice.basis))
        for star, box in gather_stars(groups, lattice, letter, kind, places)
    )


def _bonds(star: Star | SignStar, box: Box) -> Bonds:
    own = Spin((0,) * len(box[0]), star.letter, star.species)
    pairs: dict[Spin, list[tuple[int, Negative]]] = defaultdict(list)
    field: list[tuple[int, Negative]] = []
    for group, others, negative in _terms(star, own):
        if len(others) > 1:
            raise ValueError("a term of more than two spins")
        (pairs[others[0]] if others else field).append((group, negative))
    placed = tuple((other, tuple(terms)) for other, terms in sorted(pairs.items()))
    return Bonds(star.letter, star.species, placed, tuple(field), box)


def _terms(star: Star | SignStar, own: Spin) -> Iterator[tuple[int, Product, Negative]]:
    """The terms of a spin: the group, the other spins, and where the term is -1."""
    if isinstance(star, Star):
        for group, products in enumerate(star.images):
            yield from ((group, others, PRODUCT if others else ALONE) for others in products)
        return
    for group, signs in enumerate(star.images):
        for sign in signs:
            others = tuple(spin for spin in sign.spins if spin != own)
            first = sign.spins[0] == own
            yield group, others, sign.negative if first else _turned(sign.negative)


def _turned(negative: Negative) -> Negative:
    """A function of two states with the second first."""
    states = round(len(negative) ** 0.5)
    return tuple(negative[a * states + b] for b in range(states) for a in range(states))
