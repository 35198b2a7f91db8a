"""How the acceptance of one spin flip is computed: joint classes, a factor for each group, or
weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import prod
from typing import Literal

from rgc.model.operators import Product, Spin
from rgc.model.stars import Star

MOST_CLASSES = 64
"""Thresholds that one site may need before its acceptance is no longer joint (or factorised)."""

MOST_FIELDS = 512
"""Thresholds that heat bath may need at one site: it has no other form. Five couplings need 87 on
the square lattice (nearest and next-nearest neighbours, plaquettes, one three-body term, field),
239 on the triangular one, 476 in an open corner of a cubic one.
"""

_MOST_NEIGHBOURS = 20  # 2^20 patterns are one integer of 128 KiB for each image

Form = Literal["joint", "factorised", "weigh"]
Classes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How a site with one star decides.

    A class is, for each group g, the number k_g of its n_g = sizes[g] images whose product is -1.
    `flip`: the classes that occur with the spin's own sign in the product; a flip costs dE = -2
    sum_g c_g (n_g - 2 k_g). `field`: those of the other spins alone; heat bath sets s = -1 with
    probability 1/(1 + exp(-2 x)), x = sum_g c_g (n_g - 2 k_g). Either is None where there are too
    many. `by_group[g]`: the k_g that occur in flips, each a threshold of the factorised form.
    `form` is that of Metropolis; `reason` is for people.
    """

    form: Form
    sizes: tuple[int, ...]
    flip: Classes | None
    field: Classes | None
    by_group: tuple[tuple[int, ...], ...]
    reason: str

    @property
    def heat_bath(self) -> bool:
        """Whether heat bath is on offer: it needs a threshold for every class of the field."""
        return self.field is not None


def choose_acceptance(
    star: Star, most: int = MOST_CLASSES, fields: int = MOST_FIELDS
) -> Acceptance:
    """The form for one star: joint while at most `most` classes occur; else factorised while the
    groups, each by itself, have at most `most` together; else weights. Heat bath is offered while
    the classes of the field are at most `fields`.

    Classes are those that some pattern of the neighbours reaches: a plaquette shares its spins with
    the bonds, so that nearest and next-nearest neighbours and plaquettes on the square lattice have
    39 of 125, and 78 with a field. Beyond 20 neighbours every combination of counts is taken to
    occur.
    """
    sizes = tuple(len(images) for images in star.images)
    field = reachable_classes(star.images, max(most, fields))
    flip = (
        None
        if field is None
        else tuple(sorted({*field, *(_flipped(each, sizes) for each in field)}))
    )
    by_group = tuple(_flip_counts(images) for images in star.images)
    found = f"over {max(most, fields)}" if flip is None else str(len(flip))
    factors = sum(len(counts) for counts, n in zip(by_group, sizes, strict=True) if n)
    form: Form
    if flip is not None and len(flip) <= most:
        form, why = "joint", f"{found} joint classes"
    elif factors <= most:
        form, why = "factorised", f"{found} joint classes, {factors} in factors"
    else:
        form, why = "weigh", f"{found} joint classes, {factors} even in factors"
    return Acceptance(
        form,
        sizes,
        flip if form == "joint" else None,
        field if field is not None and len(field) <= fields else None,
        by_group,
        f"{why} (at most {most})",
    )


def reachable_classes(
    images: Sequence[Sequence[Product]], most: int = MOST_FIELDS
) -> Classes | None:
    """The numbers of negative products in each group that some pattern of the spins in them
    reaches, sorted.

    Beyond 20 spins: every combination of counts, or None when there are more than `most`.
    """
    spins = sorted({spin for group in images for image in group for spin in image})
    if len(spins) > _MOST_NEIGHBOURS:
        free = prod(len(group) + 1 for group in images) <= most
        return tuple(cartesian(*(range(len(group) + 1) for group in images))) if free else None
    everything = (1 << (1 << len(spins))) - 1
    negative = {spin: everything // ((1 << (1 << k)) + 1) for k, spin in enumerate(spins)}
    classes: dict[tuple[int, ...], int] = {(): everything}
    for group in images:
        counts = _counted([_signs(image, negative) for image in group], everything)
        classes = {
            (*earlier, k): patterns & mask
            for earlier, patterns in classes.items()
            for k, mask in counts.items()
            if patterns & mask
        }
    return tuple(sorted(classes))


def _signs(image: Product, negative: dict[Spin, int]) -> int:
    """The patterns, as bits of one integer, in which the product is -1."""
    bits = 0
    for spin in image:
        bits ^= negative[spin]
    return bits


def _counted(tables: Sequence[int], everything: int) -> dict[int, int]:
    """For each number the patterns in which so many of the tables have a bit; numbers that never
    occur are left out.
    """
    counts = {0: everything}
    for table in tables:
        raised: dict[int, int] = {}
        for k, patterns in counts.items():
            for number, part in ((k, patterns & ~table), (k + 1, patterns & table)):
                if part:
                    raised[number] = raised.get(number, 0) | part
        counts = raised
    return counts


def _flip_counts(images: Sequence[Product]) -> tuple[int, ...]:
    reached = reachable_classes([images], len(images) + 1) or ()
    return tuple(sorted({k for (k,) in reached} | {len(images) - k for (k,) in reached}))


def _flipped(counts: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n - k for k, n in zip(counts, sizes, strict=True))
