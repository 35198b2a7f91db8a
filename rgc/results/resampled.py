"""Estimates from values that a jackknife resamples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.statistics import jackknife
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray


def resampled_estimate(
    resampled: NDArray[np.float64], note: str = "", *, reason: str = "not a finite number"
) -> Estimate:
    """The number with values [1 + group] from all groups and from all but one, and its error by the
    jackknife. It is None, for a `reason`, where these are not finite.
    """
    with np.errstate(all="ignore"):
        value, error = map(float, jackknife(resampled))
    if not np.isfinite([value, error]).all():
        return Estimate(None, None, note=reason)
    kept = tuple(map(float, resampled))
    return Estimate(value, error, statistical=error, note=note, resamples=kept)
