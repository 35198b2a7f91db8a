"""Where a search for a critical point looks next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

from rgc.analysis.matching import Match

STRIDE = 1.5
"""The largest factor of the couplings while the critical point lies on one side of all that were
tried."""

REACH = 8.0
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

        The deepest pair that is near, or that sees a side, decides: irrelevant fields may make the
        shallow ones agree elsewhere. Where it is not near, block spins of the larger lattice are
        more ordered above the critical point and less below it.

        A bracket that is narrower than the transition although no pair is near, or although a step
        of Newton's method leads out of it, was made of spins that had not settled: only what was
        seen last is kept.
        """
        telling, narrow = _telling(found), NARROW * _narrowest(found)
        if telling is None:
            return self
        if telling.near:
            shut = self._narrower(narrow) and not self._holds(_step(x, telling))
            return Bracket() if shut else self
        if telling.direction < 0:
            seen = replace(self, low=x if self.low is None else max(x, self.low))
            return Bracket(low=x) if seen._narrower(narrow) else seen
        seen = replace(self, high=x if self.high is None else min(x, self.high))
        return Bracket(high=x) if seen._narrower(narrow) else seen

    def next(self, x: float, found: Sequence[Match]) -> float:
        """The x to try after x: a step of Newton's method by the deciding pair if it is near, else
        the middle of the bracket, or further in its direction.
        """
        telling = _telling(found)
        if telling is not None and telling.near and self._holds(_step(x, telling)):
            return _step(x, telling)
        if self.low is not None and self.high is not None:
            return (self.low + self.high) / 2
        return x if telling is None else _stride(x, telling.direction, _narrowest(found))

    def _narrower(self, width: float) -> bool:
        return self.low is not None and self.high is not None and self.high - self.low < width

    def _holds(self, x: float) -> bool:
        above = self.low is None or x > self.low
        return x > 0 and above and (self.high is None or x < self.high)


def _step(x: float, match: Match) -> float:
    """A step of Newton's method."""
    return x + float(match.shift[0])


def _telling(found: Sequence[Match]) -> Match | None:
    """The deepest pair that is near the critical point or sees a side of it."""
    return next((match for match in reversed(found) if match.near or match.direction), None)


def _narrowest(found: Sequence[Match]) -> float:
    """The narrowest of the widths."""
    return min((match.width for match in found if isfinite(match.width)), default=inf)


def _stride(x: float, side: int, width: float) -> float:
    """Towards the critical point from a side of it."""
    if side < 0:
        return min(x * STRIDE, x + REACH * width)
    return max(x / STRIDE, x - REACH * width) if side else x
