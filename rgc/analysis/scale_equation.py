"""The fundamental equation F(x) = g(x) + F(phi(x)) / mu of one quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.recursion import Moved
from rgc.model.expressions import Expression, evaluate

Floats = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)


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
