"""The fundamental equation F(x) = g(x) + F(phi(x)) / mu of one quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.recursion import MOST_STEPS, Moved
from rgc.model.expressions import Expression, evaluate

Floats = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)

RECENT = 8
"""Sums end after so many terms that are rounding."""


@dataclass(frozen=True, slots=True)
class ScaleEquation:
    """F(x) = g(x) + F(phi(x)) / mu, for expressions phi and g of one quantity.

    It is a recursion with constants (`rgc.analysis.recursion.Summable`), whose sum is F.
    """

    phi: Expression
    g: Expression
    mu: float

    @property
    def sites(self) -> float:
        return self.mu

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        with np.errstate(all="ignore"):
            after, constant = self.next(couplings), self.gain(couplings)
        return Moved(after + np.zeros_like(couplings), float((constant + 0 * couplings)[0]))

    def next(self, x: Any, xp: Any = np) -> Any:
        """phi(x), for arrays of `xp` or for power series."""
        return evaluate(self.phi, lambda leaf: x, xp)

    def gain(self, x: Any, xp: Any = np) -> Any:
        """g(x), for arrays of `xp` or for power series."""
        return evaluate(self.g, lambda leaf: x, xp)

    def sums(self, points: Floats) -> Floats:
        """F at many points at once, NaN where a term is not finite.

        The sum ends when the last `RECENT` terms are rounding at every point, or after `MOST_STEPS`
        terms.
        """
        x, total, weight = points, np.zeros_like(points), 1.0
        recent = np.full((RECENT, *points.shape), np.inf)
        with np.errstate(all="ignore"):
            for step in range(MOST_STEPS):
                term = weight * (self.gain(x) + np.zeros_like(x))
                total = total + np.where(np.isfinite(term), term, np.nan)
                recent[step % RECENT] = np.abs(term)
                if (~(recent.max(axis=0) > EPSILON * np.abs(total) / 8)).all():
                    break
                x, weight = self.next(x) + np.zeros_like(x), weight / self.mu
        return total
