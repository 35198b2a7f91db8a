"""Exponents with their errors: whether they belong to a critical point, and what follows from them
by scaling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import jackknife

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Headline:
    """An exponent with its statistical and systematic error.

    An error that cannot be determined is None, and `note` says why. `moved` is the change from the
    level before, where there is one. `resampled` holds the values [1 + group] from which the
    exponent was taken.
    """

    value: float | None = None
    statistical: float | None = None
    systematic: float | None = None
    level: int | None = None
    moved: float = 0.0
    rule: str = ""
    note: str = ""
    resampled: Floats

    @property
    def error(self) -> float | None:
        """The two errors in quadrature."""
        if self.statistical is None or self.systematic is None:
            return None
        return float(np.hypot(self.statistical, self.systematic))

    @property
    def chosen(self) -> str:
        """The rule and the level that it chose."""
        return self.rule if self.level is None else f"{self.rule}; level {self.level}"


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


def no_critical_point(thermal: Headline | None, magnetic: Headline | None, dimension: float) -> str:
    """Why levels with these leading exponents have run to a trivial fixed point, or nothing.

    At infinite temperature no coupling is relevant, so that y_t is not seen to be above 0. In a
    phase with order the exponent of single spins comes to d: one more change as large as the last
    would take it there. `magnetic` belongs to the operators that hold single spins. These are the
    thermal ones where no symmetry tells them apart, and then no susceptibility diverges unless
    their exponent exceeds d/2. Where an exponent is null, its operators no longer fluctuate.
    """
    for part in (thermal, magnetic):
        if part is not None and part.value is None and part.level is not None:
            return part.note
    t, h = (None if part is None else part.value for part in (thermal, magnetic))
    if thermal is not None and t is not None and not t > (thermal.error or 0.0):
        return f"y_t = {_rounded(thermal)} is not seen to be relevant"
    if magnetic is None or h is None:
        return ""
    named = f"{'the leading exponent' if magnetic is thermal else 'y_h ='} {_rounded(magnetic)}"
    if magnetic is thermal and not h > dimension / 2:
        return f"{named} is not above d/2: nothing orders"
    if not dimension - h > max(abs(magnetic.moved), magnetic.statistical or 0.0):
        return f"{named} comes to d, as in a phase with order"
    return ""


def _rounded(part: Headline) -> str:
    return f"{part.value:.4g}" + ("" if part.error is None else f" +- {part.error:.2g}")


def derived(
    thermal: Headline | None, magnetic: Headline | None, dimension: int
) -> dict[str, Headline]:
    """The exponents that follow from y_t and y_h, as far as those are known and scaling holds
    (`not_derivable`). Where the field is not that of the order, y_h is among them, as null.

    The statistical error is a jackknife of the function itself. The systematic errors of y_t and
    y_h are propagated linearly and added in quadrature.
    """
    known = {
        letter: part
        for letter, part in (("t", thermal), ("h", magnetic))
        if part and part.value is not None
    }
    values = {letter: part.value for letter, part in known.items()}
    refused = not_derivable(values.get("t"), values.get("h"), dimension)
    uniform = _refused([refused["h"]] if "h" in refused else [])
    return ({} if uniform is None else {"y_h": uniform}) | {
        name: _refused([refused[letter] for letter in needs if letter in refused])
        or _derived(formula, [known[letter] for letter in needs], dimension)
        for name, (needs, formula) in DERIVED.items()
        if all(letter in known for letter in needs)
    }


def _refused(reasons: Sequence[str]) -> Headline | None:
    return Headline(note=reasons[0], resampled=np.full(2, np.nan)) if reasons else None


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
