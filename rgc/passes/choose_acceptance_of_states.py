"""How the acceptance of a move between the states of a spin is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import product as cartesian
from math import prod
from operator import and_, or_

from rgc.model.groups import Sign
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model.stars import SignStar
from rgc.passes.choose_acceptance import (
    MOST_CLASSES,
    Acceptance,
    Classes,
    choose_form,
    counted_classes,
)

_MOST_PATTERNS = 1 << 20
"""Joint states of a spin before and after a move and of its neighbours that are all looked at."""


def choose_acceptance_of_states(
    star: SignStar, species: Sequence[Species], most: int = MOST_CLASSES
) -> Acceptance:
    """The form of the acceptance of a move of one spin to another of its states.

    Each sign of the star gives two words: the sign after the move, and minus the sign before it. So
    the change of a sum of signs is the sum of its words, n_g - 2 k_g where k_g of n_g words are -1.

    The form is chosen as for a flip. Classes count only if some states reach them. Where there are
    too many joint states to look at, groups are taken by themselves, and a group of too many has
    every count. There is no heat bath, which would need the weights of all states.
    """
    sizes = tuple(2 * len(images) for images in star.images)
    by_group = tuple(
        tuple(k for (k,) in _reached(star, [images], species) or [(k,) for k in range(n + 1)])
        for images, n in zip(star.images, sizes, strict=True)
    )
    classes = _reached(star, star.images, species)
    if classes is None and prod(map(len, by_group)) <= most:
        classes = tuple(cartesian(*by_group))
    joint = f"over {most}" if classes is None else str(len(classes))
    form, reason = choose_form(joint, classes, by_group, most)
    return Acceptance(
        form=form,
        sizes=sizes,
        flip=classes if form == "joint" else None,
        field=None,
        by_group=by_group,
        reason=reason,
        scale=1,
    )


def weighed_acceptance_of_states(star: SignStar, reason: str) -> Acceptance:
    """The same move where random numbers multiply the signs, so that each word has a weight of its
    own and there are no classes.
    """
    sizes = tuple(2 * len(images) for images in star.images)
    every = tuple(tuple(range(n + 1)) for n in sizes)
    return Acceptance(
        form="weigh",
        sizes=sizes,
        flip=None,
        field=None,
        by_group=every,
        reason=reason,
        scale=1,
    )


def _reached(
    star: SignStar, groups: Sequence[Sequence[Sign]], species: Sequence[Species]
) -> Classes | None:
    """The numbers of words at -1 in each group that some states reach, sorted, or None where there
    are too many joint states.
    """
    neighbours = sorted(
        {s for signs in groups for sign in signs for s in sign.spins} & {*star.neighbours}
    )
    own = len(species[star.species].codes)
    radices = [own, own, *(len(species[spin.species].codes) for spin in neighbours)]
    if prod(radices) > _MOST_PATTERNS:
        return None
    everything = (1 << prod(radices)) - 1
    before, after, *others = _patterns(radices)
    around = dict(zip(neighbours, others, strict=True))
    tables = [
        [
            word
            for sign in signs
            for word in (
                _negative(sign, around, after),
                everything ^ _negative(sign, around, before),
            )
        ]
        for signs in groups
    ]
    stays = reduce(or_, (a & b for a, b in zip(before, after, strict=True)))
    return counted_classes(tables, everything ^ stays)


def _patterns(radices: Sequence[int]) -> list[list[int]]:
    """For each digit, and each of its values, the patterns of all digits that have it there, as
    bits of one integer. The first digit is the fastest.
    """
    patterns, everything, stride = [], (1 << prod(radices)) - 1, 1
    for radix in radices:
        once = (1 << stride) - 1
        repeated = everything // ((1 << stride * radix) - 1) * once
        patterns.append([repeated << stride * value for value in range(radix)])
        stride *= radix
    return patterns


def _negative(sign: Sign, around: Mapping[Spin, Sequence[int]], own: Sequence[int]) -> int:
    """The patterns in which a sign is -1, where the spin of the star has the patterns `own`."""
    digits = [around.get(spin, own) for spin in sign.spins]
    return reduce(
        or_,
        (
            reduce(and_, masks)
            for masks, negative in zip(cartesian(*digits), sign.negative, strict=True)
            if negative
        ),
        0,
    )
