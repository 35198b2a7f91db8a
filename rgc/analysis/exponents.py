"""The exponent that stands in the headline, chosen by a declared rule that cannot see the known
answer, and what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.eigenvalues import Complex, exponents
from rgc.analysis.statistics import jackknife

Floats = NDArray[np.float64]

RULE = (
    "full basis at the last level whose coarse lattice holds the range without wrapping (L' > 2 "
    "range); statistical error by jackknife over replicas; systematic error the larger of the "
    "change from the level before and from the basis one shell smaller, each counting at least "
    "its own jackknife error"
)
AITKEN_RULE = (
    "Aitken extrapolation in level of the full basis; error: jackknife and the spread over bases "
    "of whole shells"
)

_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class LevelSpectrum:
    """The spectra of the map from level - 1 to `level` in one sector: `spectra[n]` [1 + group, n]
    with the leading n operators, at least for the `shells`; `ranges` are those of all its
    operators; `scale` is b of this step; `wrapped`: the coarse lattice does not hold the range.
    """

    level: int
    scale: float
    wrapped: bool
    ranges: tuple[float, ...]
    spectra: Mapping[int, Complex]

    def leading(self, operators: int) -> Floats:
        """The leading exponent [1 + group] with that many operators."""
        return exponents(self.spectra[operators][:, 0], self.scale)

    @property
    def full(self) -> Floats:
        """The leading exponent [1 + group] with the full basis."""
        return self.leading(len(self.ranges))

    @property
    def shells(self) -> tuple[int, ...]:
        return shells(self.ranges)


def shells(ranges: Sequence[float]) -> tuple[int, ...]:
    """Numbers of operators at which a shell of equal range is complete, rising; the last one is the
    full basis.
    """
    ends = [n for n, (a, b) in enumerate(pairwise(ranges), 1) if b - a > _CLOSE]
    return (*ends, len(ranges)) if ranges else ()


@dataclass(frozen=True, slots=True, eq=False)
class Headline:
    """An exponent with its two errors; `error` None where it cannot be determined, for the reason
    in `note`. `resampled` holds the values [1 + group] behind it.
    """

    value: float | None
    statistical: float | None
    systematic: float | None
    level: int | None
    rule: str
    note: str
    resampled: Floats

    @property
    def error(self) -> float | None:
        """The two errors in quadrature."""
        if self.statistical is None or self.systematic is None:
            return None
        return float(np.hypot(self.statistical, self.systematic))


def headline(levels: Sequence[LevelSpectrum]) -> Headline:
    """The headline exponent of a sector by `RULE`, from its levels in rising order.

    With fewer than two unwrapped levels the systematic error is None, and without any the value
    belongs to the first level.
    """
    usable = [each for each in levels if each.ranges]
    unwrapped = [each for each in usable if not each.wrapped]
    if not usable:
        return Headline(
            None,
            None,
            None,
            None,
            RULE,
            "no operator of this sector can be measured",
            np.full(2, np.nan),
        )
    last = (unwrapped or usable[:1])[-1]
    value, statistical = map(float, jackknife(last.full))
    if not np.isfinite([value, statistical]).all():
        note = (
            f"an operator does not fluctuate at level {last.level}, or the map has an eigenvalue "
            "0 there"
        )
        return Headline(None, None, None, last.level, RULE, note, last.full)
    if len(unwrapped) < 2:
        note = (
            f"{len(unwrapped)} of the levels hold{'s' * (len(unwrapped) == 1)} the range of the "
            "basis without wrapping; "
        )
        note += "a systematic error needs two: take a larger lattice or a shorter range"
        return Headline(value, statistical, None, last.level, RULE, note, last.full)
    changes = [change(last.full, unwrapped[-2].full)]
    if len(last.shells) > 1:
        changes.append(change(last.full, last.leading(last.shells[-2])))
    return Headline(value, statistical, max(changes), last.level, RULE, "", last.full)


def change(one: Floats, other: Floats) -> float:
    """|one - other|, but at least its own jackknife error."""
    difference, error = jackknife(one - other)
    return float(max(abs(difference), error))


def extrapolate(levels: Sequence[LevelSpectrum]) -> Headline | None:
    """The second estimate: Aitken's limit y - d^2/(d - d') of the last three exponents, d and d'
    the last two differences.

    The last three unwrapped levels, or where there are fewer the last three. None with fewer than
    three levels; where successive differences do not shrink there is no limit to extrapolate to,
    and value and error are None.
    """
    usable = [each for each in levels if each.ranges]
    unwrapped = [each for each in usable if not each.wrapped]
    three = unwrapped[-3:] if len(unwrapped) > 2 else usable[-3:]
    if len(three) < 3:
        return None
    limits = [
        aitken(*(each.leading(min(n, len(each.ranges))) for each in three))
        for n in three[-1].shells
    ]
    resampled = limits[-1]
    value, statistical = map(float, jackknife(resampled))
    if not np.isfinite(value):
        note = "successive differences of the levels do not shrink"
        return Headline(None, None, None, three[-1].level, AITKEN_RULE, note, resampled)
    finite = [limit[0] for limit in limits if np.isfinite(limit[0])]
    spread = max(finite) - min(finite) if len(finite) > 1 else 0.0
    return Headline(value, statistical, float(spread), three[-1].level, AITKEN_RULE, "", resampled)


def aitken(first: Floats, second: Floats, third: Floats) -> Floats:
    """The limit of a geometric approach through three values; NaN where it does not converge."""
    before, after = second - first, third - second
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = third - after**2 / (after - before)
    return np.where(np.abs(after) < np.abs(before), limit, np.nan)


Formula = Callable[..., Floats]

DERIVED: Mapping[str, tuple[str, Formula]] = {
    "nu": ("t", lambda d, t: 1 / t),
    "eta": ("h", lambda d, h: d + 2 - 2 * h),
    "alpha": ("t", lambda d, t: 2 - d / t),
    "beta": ("th", lambda d, t, h: (d - h) / t),
    "gamma": ("th", lambda d, t, h: (2 * h - d) / t),
    "delta": ("h", lambda d, h: h / (d - h)),
}
"""Exponents from y_t and y_h by scaling and hyperscaling: what each needs, and its formula in d and
these.
"""

_STEP = 1e-6


def derived(
    thermal: Headline | None, magnetic: Headline | None, dimension: int
) -> dict[str, Headline]:
    """The exponents that follow from y_t and y_h, as far as those are known.

    The statistical error is a jackknife of the function itself; the systematic ones of y_t and y_h
    are propagated linearly and added in quadrature.
    """
    known = {
        letter: part
        for letter, part in (("t", thermal), ("h", magnetic))
        if part and part.value is not None
    }
    return {
        name: _derived(formula, [known[letter] for letter in needs], dimension)
        for name, (needs, formula) in DERIVED.items()
        if all(letter in known for letter in needs)
    }


def _derived(formula: Formula, parts: Sequence[Headline], dimension: int) -> Headline:
    with np.errstate(divide="ignore", invalid="ignore"):
        resampled = formula(dimension, *(part.resampled for part in parts))
    value, statistical = map(float, jackknife(resampled))
    if not np.isfinite([value, statistical]).all():
        return Headline(
            None, None, None, None, "", "not a finite number at these exponents", resampled
        )
    notes = "; ".join(dict.fromkeys(part.note for part in parts if part.systematic is None))
    systematic = (
        None
        if notes
        else float(
            np.hypot.reduce([_shift(formula, parts, k, dimension) for k in range(len(parts))])
        )
    )
    rule = f"from the headline exponents by scaling and hyperscaling in d = {dimension}"
    return Headline(value, statistical, systematic, None, rule, notes, resampled)


def _shift(formula: Formula, parts: Sequence[Headline], number: int, dimension: int) -> float:
    """The systematic error of one part times the slope of the formula in it."""
    at = [part.resampled[0] for part in parts]
    up = [x + _STEP * (k == number) for k, x in enumerate(at)]
    down = [x - _STEP * (k == number) for k, x in enumerate(at)]
    slope = (formula(dimension, *up) - formula(dimension, *down)) / (2 * _STEP)
    return abs(float(slope)) * (parts[number].systematic or 0.0)
