"""How the acceptance of a spin flip is computed: by joint classes, by a factor for each group, or
by weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product as cartesian
from math import prod
from typing import Literal, cast

from rgc.model.operators import Product
from rgc.model.stars import Star

MOST_CLASSES = 64
"""The number of thresholds that a site may need before its acceptance is neither joint nor
factorised.
"""

MOST_FIELDS = 512
"""The number of thresholds that heat bath, which has no other form, may need at one site.

Five couplings (nearest and next-nearest neighbours, plaquettes, one three-body term, a field) need
87 on the square lattice and 239 on the triangular one. An open corner of a cubic lattice needs 476.
"""

_MOST_NEIGHBOURS = 20  # 2^20 patterns are one integer of 128 KiB for each image

Form = Literal["joint", "factorised", "weigh"]
Classes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """How the sites with one star decide about a flip.

    - A class is, for each group g, the number k_g of its n_g = sizes[g] words that are -1. For a
      flip they are the products of its images, for a move between other states what
      `choose_acceptance_of_states` says.
    - `flip` holds the classes that occur with the spin's own sign in the product. A flip costs dE =
      scale * sum_g c_g (n_g - 2 k_g), where the scale is -2, and a move the same with scale 1.
    - `field` holds the classes of the other spins alone. Heat bath sets s = -1 with probability
      1/(1 + exp(-2 x)), where x = sum_g c_g (n_g - 2 k_g).
    - `by_group[g]` holds the k_g that occur in flips. Each needs a threshold in the factorised
      form.
    - `form` is the form of the Metropolis acceptance, and `reason` explains it to people.

    `flip` and `field` are None where there are too many classes.
    """

    form: Form
    sizes: tuple[int, ...]
    flip: Classes | None
    field: Classes | None
    by_group: tuple[tuple[int, ...], ...]
    reason: str
    scale: Literal[-2, 1] = -2

    @property
    def heat_bath(self) -> bool:
        """Whether heat bath is available, which needs a threshold for every class of the field."""
        return self.field is not None


def choose_acceptance(
    star: Star, most: int = MOST_CLASSES, fields: int = MOST_FIELDS
) -> Acceptance:
    """The form of the acceptance for one star.

    It is joint while at most `most` classes occur. Otherwise it is factorised while the groups,
    each by itself, have at most `most` classes together, and else it uses weights. Heat bath is
    available while the field has at most `fields` classes.

    Classes count only if some pattern of the neighbours reaches them. A plaquette shares its spins
    with the bonds, so that nearest and next-nearest neighbours and plaquettes on the square lattice
    have 39 classes out of 125, and 78 with a field. Beyond 20 neighbours every combination of
    counts is assumed to occur.
    """
    sizes = tuple(len(images) for images in star.images)
    field = reachable_classes(star.images, max(most, fields))
    flip = (
        None
        if field is None
        else tuple(sorted({*field, *(_flipped(counts, sizes) for counts in field)}))
    )
    by_group = tuple(_flip_counts(images) for images in star.images)
    joint = f"over {max(most, fields)}" if flip is None else str(len(flip))
    form, reason = choose_form(joint, flip, by_group, most)
    return Acceptance(
        form=form,
        sizes=sizes,
        flip=flip if form == "joint" else None,
        field=field if field is not None and len(field) <= fields else None,
        by_group=by_group,
        reason=reason,
    )


def choose_form(
    joint: str, classes: Classes | None, by_group: Classes, most: int
) -> tuple[Form, str]:
    """The form, and why: `joint` is the number of joint classes in words. Groups without words have
    the one count 0, which needs no factor.
    """
    factors = sum(len(counts) for counts in by_group if counts != (0,))
    if classes is not None and len(classes) <= most:
        form, why = "joint", f"{joint} joint classes"
    elif factors <= most:
        form, why = "factorised", f"{joint} joint classes, {factors} in factors"
    else:
        form, why = "weigh", f"{joint} joint classes, {factors} even in factors"
    return cast(Form, form), f"{why} (at most {most})"


def reachable_classes(
    images: Sequence[Sequence[Product]], most: int = MOST_FIELDS
) -> Classes | None:
    """The numbers of negative products in each group that some pattern of their spins reaches,
    sorted.

    Beyond 20 spins these are all combinations of counts, or None when there are more than `most`.
    """
    spins = sorted({spin for group in images for image in group for spin in image})
    if len(spins) > _MOST_NEIGHBOURS:
        free = prod(len(group) + 1 for group in images) <= most
        return tuple(cartesian(*(range(len(group) + 1) for group in images))) if free else None
    numbers = {spin: k for k, spin in enumerate(spins)}
    numbered = (
        tuple(tuple(numbers[spin] for spin in image) for image in group) for group in images
    )
    return _reached(tuple(numbered), len(spins))


@lru_cache
def _reached(images: tuple[Classes, ...], spins: int) -> Classes:
    """The classes of products of numbered spins. On a graph many sites have the same ones."""
    everything = (1 << (1 << spins)) - 1
    negative = [_patterns(k, spins) for k in range(spins)]
    tables = [[_signs(image, negative) for image in group] for group in images]
    return counted_classes(tables, everything)


def _patterns(k: int, spins: int) -> int:
    """The patterns of so many spins in which the k-th is -1, those without bit k, as bits of one
    integer: made by doubling, since a long division takes time as the square of the length.
    """
    bits = (1 << (1 << k)) - 1
    for doubled in range(k + 1, spins):
        bits |= bits << (1 << doubled)
    return bits


def counted_classes(groups: Sequence[Sequence[int]], allowed: int) -> Classes:
    """How many words of each group are -1, as far as the allowed patterns reach, sorted. A word is
    the patterns in which it is -1, as bits of one integer.
    """
    classes: dict[tuple[int, ...], int] = {(): allowed}
    for tables in groups:
        counts = _counted(tables, allowed)
        classes = {
            (*earlier, k): patterns & mask
            for earlier, patterns in classes.items()
            for k, mask in counts.items()
            if patterns & mask
        }
    return tuple(sorted(classes))


def _signs(image: tuple[int, ...], negative: Sequence[int]) -> int:
    """The patterns in which the product of some spins is -1, as bits of one integer."""
    bits = 0
    for spin in image:
        bits ^= negative[spin]
    return bits


def _counted(tables: Sequence[int], everything: int) -> dict[int, int]:
    """For each number, the patterns in which exactly that many of the tables have a bit. Numbers
    that never occur are left out.
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
