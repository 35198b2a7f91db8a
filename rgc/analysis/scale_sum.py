"""The sum F(x) = sum_n g(phi^n(x)) / mu^n, which solves F(x) = g(x) + F(phi(x)) / mu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.expressions import Expression, evaluate

Floats = NDArray[np.float64]

MOST_TERMS = 20_000
"""The number of terms after which a sum is given up."""

BLOCK = 16
"""The number of terms in a block by which the rest of a sum is estimated."""

SHOWN = 4
"""The number of partial sums that a message about divergence shows."""

EPSILON = float(np.finfo(np.float64).eps)


class NotConverged(Exception):
    """A sum does not converge: the reason, with its first partial sums."""


@dataclass(frozen=True, slots=True)
class ScaleEquation:
    """F(x) = g(x) + F(phi(x)) / mu, for expressions phi and g of one quantity."""

    phi: Expression
    g: Expression
    mu: float

    def next(self, x: Any, xp: Any = np) -> Any:
        """phi(x), for arrays of `xp` or for power series."""
        return evaluate(self.phi, lambda leaf: x, xp)

    def gain(self, x: Any, xp: Any = np) -> Any:
        """g(x), for arrays of `xp` or for power series."""
        return evaluate(self.g, lambda leaf: x, xp)


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """F at one point. `partial` [terms] are the partial sums."""

    value: float
    error: float
    partial: Floats


def scale_sum(equation: ScaleEquation, x: float) -> Summed:
    """F(x).

    The error is the rounding of the sum, and the change of F when x moves by its last bit, where
    phi stretches faster than mu. Raises `NotConverged`.
    """
    places = np.array([x, np.nextafter(x, np.inf), np.nextafter(x, -np.inf)])
    sums = summed(equation, places)
    value = float(sums[-1, 0])
    moved = np.abs(sums[-1, 1:] - value).max()
    rounding = 4 * EPSILON * np.abs(sums[:, 0]).max()
    return Summed(value, float(moved + rounding), sums[:, 0])


def summed(equation: ScaleEquation, points: Floats) -> Floats:
    """The partial sums of F [terms, ...] at points [...], until the rest is below their rounding.

    The rest is estimated from the largest terms of the last two blocks of `BLOCK` terms. Where phi
    has come to rest it is a geometric series. Raises `NotConverged`.
    """
    x, total = np.asarray(points, dtype=np.float64), np.zeros(np.shape(points))
    weight = 1.0
    partial: list[Floats] = []
    terms: list[Floats] = []
    with np.errstate(all="ignore"):
        for n in range(1, 1 + MOST_TERMS):
            terms.append(weight * (equation.gain(x) + np.zeros_like(total)))
            total = total + terms[-1]
            if not np.isfinite(total).all():
                raise NotConverged(_diverging(partial, f"term {n} is not finite", equation.mu))
            partial.append(total)
            after = equation.next(x) + np.zeros_like(total)
            if equation.mu > 1 and (after == x).all():
                return np.array([*partial, total + terms[-1] / (equation.mu - 1)])
            if n % BLOCK == 0 and _rest(terms) <= EPSILON / 4 * np.abs(total).max():
                return np.array(partial)
            x, weight = after, weight / equation.mu
    why = f"its terms have not become small after {MOST_TERMS}"
    raise NotConverged(_diverging(partial, why, equation.mu))


def _rest(terms: list[Floats]) -> float:
    """What follows the last block of terms, if blocks go on to fall as the last two do."""
    last, before = (
        float(np.abs(np.array(block)).max())
        for block in (terms[-BLOCK:], terms[-2 * BLOCK : -BLOCK] or [np.array(np.inf)])
    )
    if last == 0:
        return 0.0
    ratio = last / before
    return BLOCK * last * ratio / (1 - ratio) if 0 < ratio < 1 else np.inf


def _diverging(partial: list[Floats], why: str, mu: float) -> str:
    shown = ", ".join(f"{np.ravel(value)[0]:.6g}" for value in partial[:SHOWN])
    more = ", ..." if len(partial) > SHOWN else ""
    sums = f"; its partial sums are {shown}{more}" if partial else ""
    return f"the sum of g(phi^n(x)) / {mu:g}^n does not converge: {why}{sums}"
