"""The systematic error of a number that is computed in several ways: by other orders, from fewer
points, at other levels or with fewer states.

One change alone passes through zero where two mistakes happen to agree, and what it says there is
not small but wrong. The error is the largest of several changes. A change that is statistics does
not count, so that it is not added to the statistical error a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import jackknife

Floats = NDArray[np.float64]

RESOLVED = 2.0
"""A change below so many of its standard errors is statistics."""

FEWEST = 2
"""Fewer changes than this say nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """How far another way to a number is from the one that is reported.

    - `difference` is that of the two numbers, and `noise` the standard error of this difference,
      which is 0 where both are free of statistics. The two share most of their data, so that
      `noise` is not that of either number.
    - `share` is the part of the difference that the reported number may be wrong by. It is 1 where
      the other way is as good, and less where it is known to be worse: an error of order h^p at
      twice the spacing is 2^p times as large.
    """

    difference: float
    noise: float = 0.0
    share: float = 1.0

    @property
    def size(self) -> float:
        """What the change says about the error of the reported number."""
        return float(self.share * resolved(np.asarray(self.difference), np.asarray(self.noise)))


def between(reported: Floats, other: Floats, share: float = 1.0) -> Change:
    """The change between two resampled numbers [1 + group] (`rgc.analysis.statistics.resample`),
    with the jackknife error of their difference.
    """
    difference, noise = jackknife(np.asarray(other) - np.asarray(reported))
    return Change(float(difference), float(noise), share)


def systematic(changes: Sequence[Change]) -> float | None:
    """The systematic error: the largest that any change says.

    With fewer than `FEWEST` changes, or where one is not finite, it is None, for it cannot be
    determined.
    """
    sizes = [change.size for change in changes]
    if len(sizes) < FEWEST or not np.isfinite(sizes).all():
        return None
    return max(sizes)


def resolved(difference: Floats, noise: Floats) -> Floats:
    """The part of differences that statistics do not explain, sqrt(d^2 - (2 s)^2), and 0 where it
    is not above `RESOLVED` standard errors s. Differences and noises have one shape.
    """
    return np.sqrt(np.maximum(difference**2 - (RESOLVED * noise) ** 2, 0.0))
