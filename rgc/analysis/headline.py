"""The headline exponent of a sector, chosen by a declared rule that cannot see the known answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rgc.analysis.exponents import Headline
from rgc.analysis.level_spectra import (
    Chain,
    Directions,
    Floats,
    LevelSpectrum,
    agreements,
    chain,
    changes,
)
from rgc.analysis.statistics import jackknife
from rgc.analysis.systematic import systematic

RULE = (
    "full basis at the last level whose coarse lattice holds the range without wrapping (L' > 2 "
    "range); statistical error by jackknife over replicas; systematic error the largest that "
    "several changes say beyond their statistics: from the level before and to the wrapped level "
    "after, with the two largest bases of whole shells, by what corrections to scaling leave of "
    "them, which fall as three levels or else the second eigenvalue of the invariant sector show; "
    "from one shell less at the last two levels; what fast corrections leave of the change "
    "one level earlier; and, where the flow does not settle or two levels do not tell, what a "
    "relevant direction makes of the last two changes"
)
AGREEMENTS = "and by what is left of how the exponent changes where p makes earlier levels agree"
AITKEN_RULE = (
    "Aitken extrapolation in level of the full basis; error: jackknife and the spread over bases "
    "of whole shells"
)

ONE_CHANGE = (
    "one change from level to level says nothing about a systematic error, since it may pass "
    "through zero: take a larger lattice or a longer range"
)


def headline(
    levels: Sequence[LevelSpectrum],
    flow: Directions | None = None,
    earlier: Sequence[Floats] = (),
) -> Headline:
    """The headline exponent of a sector by `RULE`, from its levels in rising order.

    - `flow` is what the invariant sector shows of the flow, where it is known.
    - `earlier` is what the same exponent was without the last levels, where a block map is chosen
      by what levels do (`rgc.analysis.free_map.FreeMap`), in rising order [1 + group].

    The systematic error is None with fewer than two unwrapped levels. With none at all, the value
    is that of the first level.
    """
    usable = [level for level in levels if level.ranges]
    if not usable:
        note = "no operator of this sector can be measured"
        return Headline(rule=RULE, note=note, resampled=np.full(2, np.nan))
    found = chain(levels) or Chain((usable[0],), None)
    last = found.last
    rule = f"{RULE}; {AGREEMENTS}" if len(earlier) > 1 else RULE
    head = Headline(level=last.level, rule=rule, resampled=last.full)
    value, statistical = map(float, jackknife(last.full))
    if not np.isfinite([value, statistical]).all():
        return replace(head, note=_frozen(last.level))
    known = replace(head, value=value, statistical=statistical)
    if len(found.unwrapped) < 2:
        return replace(known, note=_lacking(sum(not level.wrapped for level in usable)))
    before = found.unwrapped[-2]
    said = (*changes(found, flow or Directions()), *agreements(last, earlier))
    error, moved = systematic(said), float(last.full[0] - before.full[0])
    if error is None and len(said) > 1:
        return replace(known, note=_frozen(before.level))
    return replace(known, systematic=error, moved=moved, note=ONE_CHANGE if error is None else "")


def _frozen(level: int) -> str:
    return f"an operator does not fluctuate at level {level}, or the map has an eigenvalue 0 there"


def _lacking(unwrapped: int) -> str:
    return (
        f"{unwrapped} of the levels hold{'s' * (unwrapped == 1)} the range of the basis without "
        "wrapping; a systematic error needs two: take a larger lattice or a shorter range"
    )


def extrapolate(levels: Sequence[LevelSpectrum]) -> Headline | None:
    """A second estimate of the exponent by Aitken's limit y - d^2/(d - d'), with d and d' the last
    two differences of three exponents.

    It takes the last three unwrapped levels, or the last three levels where fewer are unwrapped,
    and returns None with fewer than three levels. Where successive differences do not shrink there
    is no limit, and value and error are None.
    """
    usable = [level for level in levels if level.ranges]
    unwrapped = [level for level in usable if not level.wrapped]
    three = unwrapped[-3:] if len(unwrapped) > 2 else usable[-3:]
    if len(three) < 3:
        return None
    limits = [aitken(*(level.within(reach) for level in three)) for reach in three[-1].reaches]
    resampled = limits[-1]
    value, statistical = map(float, jackknife(resampled))
    if not np.isfinite(value):
        note = "successive differences of the levels do not shrink"
        return Headline(level=three[-1].level, rule=AITKEN_RULE, note=note, resampled=resampled)
    finite = [limit[0] for limit in limits if np.isfinite(limit[0])]
    spread = max(finite) - min(finite) if len(finite) > 1 else 0.0
    return Headline(
        value=value,
        statistical=statistical,
        systematic=float(spread),
        level=three[-1].level,
        rule=AITKEN_RULE,
        resampled=resampled,
    )


def aitken(first: Floats, second: Floats, third: Floats) -> Floats:
    """The limit of a geometric approach through three values, or NaN where it does not converge."""
    before, after = second - first, third - second
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = third - after**2 / (after - before)
    return np.where(np.abs(after) < np.abs(before), limit, np.nan)
