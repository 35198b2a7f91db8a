"""Where a search for a critical point looks next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

from rgc.analysis.matching import Match

STRIDE = 1.5
"""The largest factor of the couplings while the critical point lies on one side of all that were
tried."""

REACH = 4.0
"""Widths of the transition that such a stride goes at the most. Spins go on where they were, and
those of the disordered phase that are cooled far below the critical point break up into domains,
in which block spins of the larger lattice stay less ordered whatever the couplings."""

NARROW = 0.5
"""Widths of the transition below which a bracket is narrower than what short stages can tell."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """The largest x below and the smallest x above the critical point, None where none was seen."""

    low: float | None = None
    high: float | None = None

    def after(self, x: float, found: Sequence[Match]) -> Bracket:
        """The bracket after the pairs of levels, the deepest last, were matched at x.

        Where no pair is near, block spins of the larger lattice are more ordered above the critical
        point and less below it, and the deepest pair that shows it decides. A bracket that is
        narrower than the transition while a step of Newton's method leads out of it was made of
        spins that had not settled, and is opened again.
        """
        near = [match for match in found if match.near]
        if near:
            shut = self._narrower(NARROW * near[-1].width) and not self._holds(_step(x, near[-1]))
            return Bracket() if shut else self
        side = _side(found)
        if side < 0:
            return replace(self, low=x if self.low is None else max(x, self.low))
        if side > 0:
            return replace(self, high=x if self.high is None else min(x, self.high))
        return self

    def next(self, x: float, found: Sequence[Match]) -> float:
        """The x to try after x: a step of Newton's method by the deepest pair that is near, else
        the middle of the bracket, or further in its direction.
        """
        near = [_step(x, match) for match in found if match.near]
        if near and self._holds(near[-1]):
            return near[-1]
        if self.low is not None and self.high is not None:
            return (self.low + self.high) / 2
        return _stride(x, found)

    def _narrower(self, width: float) -> bool:
        return self.low is not None and self.high is not None and self.high - self.low < width

    def _holds(self, x: float) -> bool:
        above = self.low is None or x > self.low
        return x > 0 and above and (self.high is None or x < self.high)


def _step(x: float, match: Match) -> float:
    """A step of Newton's method."""
    return x + float(match.shift[0])


def _side(found: Sequence[Match]) -> int:
    """The side of the critical point that the deepest pair sees, 0 where none sees any."""
    return next((match.direction for match in reversed(found) if match.direction), 0)


def _stride(x: float, found: Sequence[Match]) -> float:
    """Towards the critical point, by the narrowest of the widths."""
    widths = (match.width for match in found if isfinite(match.width))
    reach, side = REACH * min(widths, default=inf), _side(found)
    if side < 0:
        return min(x * STRIDE, x + reach)
    return max(x / STRIDE, x - reach) if side else x
