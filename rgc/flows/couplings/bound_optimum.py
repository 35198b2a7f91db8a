"""The tightest bound: its derivatives by the p of every step, and the p at which it is largest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq, minimize

from rgc.analysis.recursion import Floats
from rgc.flows.couplings.cell_recursion import CellRecursion, cell_recursion
from rgc.flows.couplings.cell_space import CellSpace
from rgc.passes.cells import MOST_P

if TYPE_CHECKING:
    from rgc.backend import Backend

_GRID = np.concatenate(
    [np.arange(0, 1.5, 0.025), np.arange(1.5, 4, 0.1), np.linspace(4, MOST_P, 13)]
)
ROUNDS = 10
"""Rounds of the ascent, with `_ITERATIONS` iterations each."""

_ITERATIONS = 25
_BITS = 56
AWAY = 0.05
"""The smallest p of a start."""
_DIFFERENCE = 1e-3
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """The value that stands for F of the last level, and its derivative by the couplings."""

    value: Callable[[Floats], float]
    slope: Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class LowerBound:
    """The bound on F/N from `start` after `steps` steps.

    The rest counts as 0, or as `end`. After enough steps it is below rounding.
    """

    backend: Backend
    space: CellSpace
    steps: int
    end: End | None = None

    def recursion(self, p: Iterable[float]) -> CellRecursion:
        return cell_recursion(self.backend, self.space, p)

    def value(self, p: Iterable[float]) -> float:
        """The bound with these p, in turn."""
        return self._forward(self.recursion(p))[0]

    def gradient(self, p: Iterable[float]) -> tuple[float, Floats]:
        """The bound and its derivatives by the p of each step [steps], by reverse
        differentiation.
        """
        recursion = self.recursion(p)
        total, couplings, shares = self._forward(recursion)
        weight = recursion.sites**-self.steps
        slopes, covector = np.zeros(self.steps), np.zeros(len(couplings))
        if self.end is not None:
            covector = weight * self.end.slope(couplings)
        for step in reversed(range(self.steps)):
            weight *= recursion.sites
            both = np.concatenate([[weight], covector])
            covector, slopes[step] = recursion.pulled_back(shares[step], step, both)
        return total, slopes

    def _forward(self, recursion: CellRecursion) -> tuple[float, Floats, list[Floats]]:
        """The bound, the last couplings, and the shares of every step."""
        couplings, total, weight, shares = self.space.start, 0.0, 1.0, []
        for step in range(self.steps):
            moved, share = recursion.moved(couplings, step)
            total += weight * moved.constant
            weight /= recursion.sites
            couplings = moved.couplings
            shares.append(share)
        return total + (weight * self.end.value(couplings) if self.end else 0.0), couplings, shares


def enough(dimension: int, steps: int = 0) -> int:
    """The number of steps after which a site of the last level counts less than 2^-56 of one of
    level 0, at least `steps`.
    """
    return max(ceil(_BITS / dimension), steps)


def best_constant(bound: LowerBound) -> float:
    """The p, the same at every step, at which the bound is largest: the best of a grid, refined to
    the nearby zero of the derivative.
    """
    values = [bound.value([p]) for p in _GRID]
    best = int(np.argmax(values))
    if best in (0, len(_GRID) - 1):
        return float(_GRID[best])
    slope = {k: float(bound.gradient([_GRID[k]])[1].sum()) for k in (best - 1, best + 1)}
    if not slope[best - 1] > 0 > slope[best + 1]:
        return float(_GRID[best])
    low, high = float(_GRID[best - 1]), float(_GRID[best + 1])
    return float(
        brentq(lambda p: float(bound.gradient([p])[1].sum()), low, high, xtol=1e-15, rtol=4 * _EPS)
    )


def improved(bound: LowerBound, p: Floats) -> tuple[Floats, bool]:
    """The p of each step [steps] after a round of L-BFGS, and whether no more can be gained.

    The variables are p_k times the square root of the curvature of the bound, which falls by 2^d at
    each step, and faster where the flow has left the critical region. A p that the bound does not
    depend on stays unchanged. p = 0 is no possible start, since the derivative vanishes there by
    symmetry.
    """
    if bound.steps == 0:
        return p, True
    before, slopes, curvatures = _local(bound, p)
    steepness = np.maximum(np.abs(curvatures), np.abs(slopes))
    free = steepness > 8 * _EPS * abs(before)
    if not free.any():
        return p, True
    scale = steepness[free] ** -0.5

    def at(x: Floats) -> Floats:
        moved = p.copy()
        moved[free] = x * scale
        return moved

    def down(x: Floats) -> tuple[float, Floats]:
        value, slopes = bound.gradient(at(x))
        return -value, -slopes[free] * scale

    optimum = minimize(
        down,
        p[free] / scale,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-MOST_P / unit, MOST_P / unit) for unit in scale],
        options={"maxiter": _ITERATIONS, "ftol": _EPS / 2, "gtol": 1e-14, "maxcor": bound.steps},
    )
    after = np.abs(at(optimum.x))
    gain = bound.value(after) - before
    return (after, gain <= 8 * _EPS * abs(before)) if gain > 0 else (p, True)


def resolution(bound: LowerBound, p: Floats) -> Floats:
    """How far each p [steps] may be from the best.

    It is the remaining derivative over the curvature, plus the distance at which the bound changes
    by its rounding. It is infinite where the bound does not depend on p.
    """
    value, slopes, curvatures = _local(bound, p)
    distance = np.full(bound.steps, np.inf)
    bent = curvatures > 0
    distance[bent] = np.abs(slopes[bent]) / curvatures[bent] + np.sqrt(
        8 * _EPS * abs(value) / curvatures[bent]
    )
    return distance


def _local(bound: LowerBound, p: Floats) -> tuple[float, Floats, Floats]:
    """The bound, its derivatives by each p, and minus the second derivatives, from differences of
    the first.
    """
    value, slopes = bound.gradient(p)
    unit = _DIFFERENCE * np.eye(bound.steps)
    second = [
        (bound.gradient(p - shift)[1] - bound.gradient(p + shift)[1])[k]
        for k, shift in enumerate(unit)
    ]
    return value, slopes, np.array(second) / (2 * _DIFFERENCE)
