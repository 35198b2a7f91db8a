"""The headline exponent, chosen by a declared rule that cannot see the known answer, and what
follows from it.
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
    """The spectra of the map from level - 1 to `level` in one sector.

    - `scale` is b of this step.
    - `spectra[n]` [1 + group, n] belongs to the leading n operators, at least for every n in
      `shells`.
    - `ranges` are those of all operators of the sector.
    - `wrapped` says that the coarse lattice is too small for the range.
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
    """The numbers of operators that complete a shell of equal range, rising. The last one is the
    full basis.
    """
    ends = [n for n, (a, b) in enumerate(pairwise(ranges), 1) if b - a > _CLOSE]
    return (*ends, len(ranges)) if ranges else ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Headline:
    """An exponent with its statistical and systematic error.

    An error that cannot be determined is None, and `note` says why. `resampled` holds the values
    [1 + group] from which the exponent was taken.
    """

    value: float | None = None
    statistical: float | None = None
    systematic: float | None = None
    level: int | None = None
    rule: str = ""
    note: str = ""
    resampled: Floats

    @property
    def error(self) -> float | None:
        """The two errors in quadrature."""
        if self.statistical is None or self.systematic is None:
            return None
        return float(np.hypot(self.statistical, self.systematic))


def headline(levels: Sequence[LevelSpectrum]) -> Headline:
    """The headline exponent of a sector by `RULE`, from its levels in rising order.

    The systematic error is None with fewer than two unwrapped levels. With none at all, the value
    is that of the first level.
    """
    usable = [level for level in levels if level.ranges]
    unwrapped = [level for level in usable if not level.wrapped]
    if not usable:
        note = "no operator of this sector can be measured"
        return Headline(rule=RULE, note=note, resampled=np.full(2, np.nan))
    last = (unwrapped or usable[:1])[-1]
    value, statistical = map(float, jackknife(last.full))
    if not np.isfinite([value, statistical]).all():
        note = (
            f"an operator does not fluctuate at level {last.level}, or the map has an eigenvalue "
            "0 there"
        )
        return Headline(level=last.level, rule=RULE, note=note, resampled=last.full)
    if len(unwrapped) < 2:
        note = (
            f"{len(unwrapped)} of the levels hold{'s' * (len(unwrapped) == 1)} the range of the "
            "basis without wrapping; "
        )
        note += "a systematic error needs two: take a larger lattice or a shorter range"
        return Headline(
            value=value,
            statistical=statistical,
            level=last.level,
            rule=RULE,
            note=note,
            resampled=last.full,
        )
    changes = [change(last.full, unwrapped[-2].full)]
    if len(last.shells) > 1:
        changes.append(change(last.full, last.leading(last.shells[-2])))
    return Headline(
        value=value,
        statistical=statistical,
        systematic=max(changes),
        level=last.level,
        rule=RULE,
        resampled=last.full,
    )


def change(one: Floats, other: Floats) -> float:
    """|one - other|, but at least its own jackknife error."""
    difference, error = jackknife(one - other)
    return float(max(abs(difference), error))


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
    limits = [
        aitken(*(level.leading(min(n, len(level.ranges))) for level in three))
        for n in three[-1].shells
    ]
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


Formula = Callable[..., Floats]

DERIVED: Mapping[str, tuple[str, Formula]] = {
    "nu": ("t", lambda d, t: 1 / t),
    "eta": ("h", lambda d, h: d + 2 - 2 * h),
    "alpha": ("t", lambda d, t: 2 - d / t),
    "beta": ("th", lambda d, t, h: (d - h) / t),
    "gamma": ("th", lambda d, t, h: (2 * h - d) / t),
    "delta": ("h", lambda d, h: h / (d - h)),
}
"""The exponents that follow from y_t and y_h by scaling and hyperscaling. Each row says which of
the two it needs (`t`, `h`) and gives the formula in d and these.
"""

ORDERED = 0.5
"""In a phase with order the exponent of its field is d, and approximate maps come close to it.
Other fields have at most d - 1. What divides them lies half way.
"""

_STEP = 1e-6


def not_derivable(
    y_t: float | None, y_h: float | None, dimension: float, ordered: float = np.inf
) -> dict[str, str]:
    """For each of the letters `t` and `h` that derived exponents may not use, the reason.

    nu = 1/y_t needs a relevant thermal direction. The relations with y_h hold for the field that is
    conjugate to the order parameter. Its susceptibility diverges, so that gamma > 0 and y_h > d/2,
    and in the phase with order it scales as the volume: `ordered`, its largest exponent along the
    flow to the phases, is d. A uniform field of an antiferromagnet gains at most d - 1 there.
    """
    reasons = {}
    if y_t is not None and not y_t > 0:
        reasons["t"] = f"y_t = {y_t:.4g} is not relevant: there is no correlation length to follow"
    no_order = "the field is not conjugate to an order parameter"
    if y_h is not None and not y_h > dimension / 2:
        reasons["h"] = f"y_h = {y_h:.4g} is not above d/2 = {dimension / 2:.4g}: {no_order}"
    elif y_h is not None and not ordered > dimension - ORDERED:
        exponent = f"its exponent is at most {ordered:.4g} in both phases, not d = {dimension:.4g}"
        reasons["h"] = f"{no_order}: {exponent}"
    return reasons


def derived(
    thermal: Headline | None, magnetic: Headline | None, dimension: int
) -> dict[str, Headline]:
    """The exponents that follow from y_t and y_h, as far as those are known.

    The statistical error is a jackknife of the function itself. The systematic errors of y_t and
    y_h are propagated linearly and added in quadrature.
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
        return Headline(note="not a finite number at these exponents", resampled=resampled)
    notes = "; ".join(dict.fromkeys(part.note for part in parts if part.systematic is None))
    systematic = (
        None
        if notes
        else float(
            np.hypot.reduce([_shift(formula, parts, k, dimension) for k in range(len(parts))])
        )
    )
    rule = f"from the headline exponents by scaling and hyperscaling in d = {dimension}"
    return Headline(
        value=value,
        statistical=statistical,
        systematic=systematic,
        rule=rule,
        note=notes,
        resampled=resampled,
    )


def _shift(formula: Formula, parts: Sequence[Headline], number: int, dimension: int) -> float:
    """The systematic error of one part times the slope of the formula in it."""
    at = [part.resampled[0] for part in parts]
    up = [x + _STEP * (k == number) for k, x in enumerate(at)]
    down = [x - _STEP * (k == number) for k, x in enumerate(at)]
    slope = (formula(dimension, *up) - formula(dimension, *down)) / (2 * _STEP)
    return abs(float(slope)) * (parts[number].systematic or 0.0)
