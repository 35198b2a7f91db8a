"""The products or signs that contain each kind of spin, and where open edges leave some of them
out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from itertools import product as cartesian
from typing import Any

from rgc.model.groups import Group, Reach, Sign, Signs
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Product, Spin
from rgc.model.stars import SignStar, Star

Box = tuple[Cell, Cell]
"""Lower and upper corner of the cells x with lower <= x < upper."""


@dataclass(frozen=True, slots=True)
class _Image:
    group: int
    part: Product | Sign  # the other spins of a product, or a whole sign
    reach: Reach  # relative to the spin's own cell


Places = Mapping[tuple[int, int], Sequence[tuple[int, int]]]
"""By letter and species the products that hold such a spin, as the number of the group and of the
product in it."""


def places_of(groups: Sequence[Group | Signs]) -> Places:
    """Where each kind of spin stands, in the order of the groups."""
    found: dict[tuple[int, int], dict[tuple[int, int], None]] = {}
    for number, group in enumerate(groups):
        for k, product in enumerate(group.products):
            for spin in product:
                found.setdefault((spin.letter, spin.species), {})[number, k] = None
    return {kind: tuple(places) for kind, places in found.items()}


def gather_stars(
    groups: Sequence[Group | Signs],
    lattice: Lattice,
    letter: int,
    species: int,
    places: Places,
) -> tuple[tuple[Star | SignStar, Box], ...]:
    """The star of a kind of spin on each box of cells that have the same products. The boxes cover
    the whole lattice.

    `places` are those of the groups (`places_of`), found once for all kinds. Without open edges
    there is one box. Spins of a product that coincide on a small torus cancel, and a product in
    which the spin itself cancels is left out. Raises `ValueError` where spins of a sign coincide.
    """
    own = Spin((0,) * lattice.dimension, letter, species)
    images = tuple(_images(groups, lattice, own, places.get((letter, species), ())))
    kind: Any = SignStar if any(isinstance(group, Signs) for group in groups) else Star
    cuts = [_cuts(images, lattice, axis) for axis in range(lattice.dimension)]
    stars = []
    for intervals in cartesian(*cuts):
        lower, upper = tuple(low for low, _ in intervals), tuple(high for _, high in intervals)
        felt = [image for image in images if _felt(image, lower, lattice)]
        parts: list[list[Any]] = [[] for _ in groups]
        for image in felt:
            parts[image.group].append(image.part)
        by_group = tuple(tuple(sorted(group)) for group in parts)
        stars.append((kind(letter, species, by_group), (lower, upper)))
    return tuple(stars)


def _images(
    groups: Sequence[Group | Signs],
    lattice: Lattice,
    own: Spin,
    places: Sequence[tuple[int, int]],
) -> Iterator[_Image]:
    for number, k in places:
        group, seen = groups[number], set()
        product, reach = group.products[k], group.reaches[k]
        for spin in product:
            back = tuple(-x for x in spin.cell)
            place = wrapped(back, lattice)
            if (spin.letter, spin.species) == (own.letter, own.species) and place not in seen:
                seen.add(place)
                part = (
                    _others([spin.shifted(back) for spin in product], own, lattice)
                    if isinstance(group, Group)
                    else _apart(group.signs[k].shifted(back), lattice)
                )
                if part is not None:
                    moved = tuple(
                        (low + x, high + x) for (low, high), x in zip(reach, back, strict=True)
                    )
                    yield _Image(number, part, moved)


def _apart(sign: Sign, lattice: Lattice) -> Sign:
    """The sign, whose spins stand at different places."""
    places = {(wrapped(spin.cell, lattice), spin.letter, spin.species) for spin in sign.spins}
    if len(places) < len(sign.spins):
        raise ValueError("spins of a sign coincide around the boundary")
    return sign


def _others(spins: Sequence[Spin], own: Spin, lattice: Lattice) -> Product | None:
    """The spins that remain beside `own` after those that coincide on the torus have cancelled, or
    None where `own` cancels.
    """
    odd: dict[Spin, Spin] = {}
    for spin in spins:
        at = Spin(wrapped(spin.cell, lattice), spin.letter, spin.species)
        if at in odd:
            del odd[at]
        else:
            odd[at] = spin
    return tuple(sorted(spin for at, spin in odd.items() if at != own)) if own in odd else None


def wrapped(cell: Cell, lattice: Lattice) -> Cell:
    """The cell modulo the periods, unchanged along open axes."""
    axes = zip(cell, lattice.cells, lattice.boundary, strict=True)
    return tuple(x if edge == "open" else x % size for x, size, edge in axes)


def _cuts(images: Sequence[_Image], lattice: Lattice, axis: int) -> list[tuple[int, int]]:
    """The intervals of an axis on which no product begins or ceases to exist."""
    size = lattice.cells[axis]
    if lattice.boundary[axis] != "open":
        return [(0, size)]
    marks = {-image.reach[axis][0] for image in images} | {
        size - image.reach[axis][1] for image in images
    }
    return list(pairwise([0, *sorted(x for x in marks if 0 < x < size), size]))


def _felt(image: _Image, cell: Cell, lattice: Lattice) -> bool:
    axes = zip(cell, image.reach, lattice.cells, lattice.boundary, strict=True)
    return all(
        edge != "open" or (x + low >= 0 and x + high < size) for x, (low, high), size, edge in axes
    )
