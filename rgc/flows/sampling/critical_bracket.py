"""Where a search for a critical point looks next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rgc.analysis.matching import Match

STRIDE = 1.5
"""The factor of the couplings while the critical point lies on one side of all that were tried."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """The largest x below and the smallest x above the critical point, None where none was seen."""

    low: float | None = None
    high: float | None = None

    def after(self, x: float, found: Sequence[Match]) -> Bracket:
        """The bracket after the pairs of levels, the deepest last, were matched at x.

        Where no pair is near, block spins of the larger lattice are more ordered above the critical
        point and less below it, and the deepest pair that shows it decides.
        """
        side = 0 if any(match.near for match in found) else _side(found)
        if side < 0:
            return replace(self, low=x if self.low is None else max(x, self.low))
        if side > 0:
            return replace(self, high=x if self.high is None else min(x, self.high))
        return self

    def next(self, x: float, found: Sequence[Match]) -> float:
        """The x to try after x: a step of Newton's method by the deepest pair that is near, else
        the middle of the bracket, or further in its direction.
        """
        near = [x + float(match.shift[0]) for match in found if match.near]
        if near and self._holds(near[-1]):
            return near[-1]
        if self.low is not None and self.high is not None:
            return (self.low + self.high) / 2
        side = _side(found)
        return x * STRIDE**-side

    def _holds(self, x: float) -> bool:
        above = self.low is None or x > self.low
        return x > 0 and above and (self.high is None or x < self.high)


def _side(found: Sequence[Match]) -> int:
    """The side of the critical point that the deepest pair sees, 0 where none sees any."""
    return next((match.direction for match in reversed(found) if match.direction), 0)
