"""Convex non-negative factorisation of data: X ~ C X with C >= 0 of rank r.

The rows of X [n, d] are points. Those rows that C keeps and combines are the archetypes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TINY = 1e-300
"""Keeps a denominator that vanishes from dividing by 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """C = `out` `into`^T with both [n, r] >= 0: each point is a combination, by a row of `out`, of
    the r combinations of points that the columns of `into` are.
    """

    out: Floats
    into: Floats

    @property
    def matrix(self) -> Floats:
        """C [n, n]."""
        return self.out @ self.into.T


def started(rank: int, uniforms: Floats) -> Factors:
    """Random positive factors, from numbers [n, 2 r] in [0, 1).

    The columns of `into` are weights: they add up to 1.
    """
    out, into = 0.2 + uniforms[:, :rank], 0.2 + uniforms[:, rank:]
    return Factors(out, into / into.sum(axis=0))


def updated(points: Floats, factors: Factors) -> Factors:
    """One multiplicative update of either factor, which never raises the objective (Ding, Li and
    Jordan 2010, equations 17 and 18, with the data as rows).
    """
    gram = points @ points.T
    above, below = np.maximum(gram, 0.0), np.maximum(-gram, 0.0)
    out, into = factors.out, factors.into
    coupled = into.T @ below @ into, into.T @ above @ into
    out = out * np.sqrt(
        (above @ into + out @ coupled[0]) / (below @ into + out @ coupled[1] + TINY)
    )
    inner = out.T @ out
    into = into * np.sqrt(
        (above @ out + below @ into @ inner) / (below @ out + above @ into @ inner + TINY)
    )
    return Factors(out, into)


def objective(points: Floats, factors: Factors) -> float:
    """The square of the Frobenius norm of X - C X."""
    return float(np.square(points - factors.out @ (factors.into.T @ points)).sum())
