"""Numbers of which rounding leaves no digit: averages that are 0 by symmetry, differences of equal
sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from rgc.flows.sampling.observables import of_ensemble
from rgc.model.observables import Average, Observable

Floats = NDArray[np.float64]

ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""The part of the average of |f| that the average of f may be off by. Log-weights have rounding
errors of some units, and sums over states add to them.
"""

SMALL = 1e-9
"""A value that rounding moves by less than this is 0 where it has no digit; one that rounding moves
by more is not known.
"""


def settled(
    observable: Observable,
    averaged: Mapping[Average, Floats],
    sizes: Mapping[Average, Floats],
    known: Mapping[str, float],
) -> float:
    """The value of an observable from its averages <f>, where `sizes` are those of |f|.

    An average within rounding of 0 is 0. A value that such changes of its averages turn into
    another of either sign is 0 too, or NaN where it is not small: 1/<m> without a field.
    """
    clean = {each: np.where(_lost(each, averaged, sizes), 0.0, averaged[each]) for each in averaged}
    value = float(of_ensemble(observable, clean, known))
    moved = sum(
        abs(float(of_ensemble(observable, {**clean, each: clean[each] + step}, known)) - value)
        for each in averaged
        for step in (ROUNDING * sizes[each],)
    )
    if not isfinite(value) or abs(value) > moved:
        return value
    return 0.0 if moved < SMALL else nan


def _lost(
    average: Average, averaged: Mapping[Average, Floats], sizes: Mapping[Average, Floats]
) -> bool:
    return bool(np.abs(averaged[average]) <= ROUNDING * sizes[average])


def without_rounding(value: float, scale: float) -> float:
    """A difference of numbers of the size of `scale`: 0 where rounding leaves no digit of it."""
    return 0.0 if isfinite(scale) and abs(value) <= ROUNDING * scale else value
