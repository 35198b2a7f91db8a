"""Kadanoff's choice of p, at which the bound is stationary at a critical fixed point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from rgc.analysis.fixed_points import critical
from rgc.analysis.linearised_map import linearise
from rgc.analysis.newton import PointNotFound, newton
from rgc.analysis.recursion import Floats
from rgc.flows.couplings.cell_recursion import CellRecursion, cell_recursion
from rgc.flows.couplings.cell_space import CellSpace
from rgc.flows.flow import State
from rgc.passes.cells import MOST_P
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from rgc.backend import Backend

_FIRST = 3.0
_STRIDE = 1.15
_BRACKETS = 24
_PIECES = 8
_EPS = float(np.finfo(np.float64).eps)
_ROUNDING = 64 * _EPS


def slope(recursion: CellRecursion, point: Floats) -> float:
    """d(F/N)/dp of the bound at a fixed point, with the same p at every step.

    (1 - b^-d) F_p = g_p + b^-d F_K R_p, where F_K (1 - b^-d R_K) = g_K. With V and its constant
    together this is L.dR/dp / (b^d - 1), where L is the left eigenvector of the eigenvalue b^d,
    with component 1 on the constant. Raises `PointNotFound` where R_K has the eigenvalue b^d too.
    """
    return _slope(recursion, point)[0]


def told_slope(recursion: CellRecursion, point: Floats) -> float:
    """The same, 0 where the rounding of its terms and of F, which is of order 1, leaves none."""
    value, size = _slope(recursion, point)
    return 0.0 if abs(value) <= _ROUNDING * max(1.0, size) else value


def _slope(recursion: CellRecursion, point: Floats) -> tuple[float, float]:
    """The slope, and the size of the terms that it is the sum of."""
    by_couplings, by_p = recursion.derivatives(point)
    share = 1 / recursion.sites
    by_couplings[1:] *= share
    scaling = _solved((np.eye(len(point)) - by_couplings[1:]).T, by_couplings[0])
    value = float((by_p[0] + share * scaling @ by_p[1:]) / (1 - share))
    size = float((abs(by_p[0]) + share * np.abs(scaling) @ np.abs(by_p[1:])) / (1 - share))
    return value, size


def _solved(matrix: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        raise PointNotFound(
            "the linearised map has an eigenvalue at which dF/dp diverges"
        ) from None


@dataclass(frozen=True, slots=True, eq=False)
class StationaryP:
    """The p at which `slope` vanishes at the critical fixed point.

    That fixed point is the one to which the critical flow on the ray of the spec's couplings goes,
    or with `guess` the one that Newton's method reaches from there. First p grows or falls until
    the slope changes its sign. Then the fixed point of one end is followed in between, and a little
    beyond where the critical flow has switched to another one before the slope vanished. The state
    array `search` [k, 2 + n] holds p, slope and fixed point.
    """

    backend: Backend
    space: CellSpace
    guess: Floats | None

    @property
    def rounds(self) -> int:
        return _BRACKETS + 1

    @property
    def account(self) -> str:
        return "the one at which F is stationary at the critical fixed point"

    def advance(self, state: State) -> None:
        """The next step of the search. Raises `PointNotFound`."""
        rows = state.arrays.get("search", np.zeros((0, 2 + len(self.space.start))))
        if state.done == _BRACKETS:
            state.arrays["p"] = np.array([self._between(rows)])
        elif not ((rows[:, 1] > 0).any() and (rows[:, 1] < 0).any()):
            state.arrays["search"] = np.concatenate([rows, [self._row(self._next(rows), rows)]])

    def p(self, state: State) -> tuple[Estimate, ...]:
        return (Estimate(float(state.arrays["p"][0]), 0.0, "exact"),)

    def at(self, p: float) -> CellRecursion:
        return cell_recursion(self.backend, self.space, (float(p),))

    def _next(self, rows: Floats) -> float:
        if not len(rows):
            return float(_FIRST / 2**self.space.dimension)
        p = rows[:, 0].max() * _STRIDE if rows[-1, 1] > 0 else rows[:, 0].min() / _STRIDE
        if p > MOST_P or len(rows) == _BRACKETS:
            raise PointNotFound(
                f"dF/dp keeps its sign for p from {rows[:, 0].min():.3g} to {rows[:, 0].max():.3g}"
            )
        return float(p)

    def _row(self, p: float, rows: Floats) -> Floats:
        """The row of the search at p.

        Where there is no transition p is too small for one, and the slope counts as positive.
        """
        recursion = self.at(p)
        try:
            if self.guess is None:
                point = critical(recursion, self.space.start).fixed_point
            else:
                point = newton(recursion, rows[-1, 2:] if len(rows) else self.guess)
            if point is not None:
                return np.array([p, slope(recursion, point), *point])
        except PointNotFound:
            pass
        return np.array([p, np.inf, *np.zeros(len(self.space.start))])

    def _between(self, rows: Floats) -> float:
        """The p at which the slope vanishes along the fixed point of one end. Raises
        `PointNotFound` where it jumps.
        """
        rising, falling = rows[rows[:, 1] > 0], rows[rows[:, 1] < 0]
        if not len(rising) or not len(falling):
            raise PointNotFound(
                "dF/dp at the critical fixed point keeps its sign for every p that was tried"
            )
        low, high = rising[rising[:, 0].argmax()], falling[falling[:, 0].argmin()]
        ends = ((high, low[0]), (low, high[0]), (low, 2 * high[0] - low[0]))
        for here, end in ends:
            p = self._along(here, end) if np.isfinite(here[1]) else None
            if p is not None:
                return p
        raise PointNotFound(
            f"dF/dp at the critical fixed point jumps between p = {low[0]:.6g} and {high[0]:.6g}"
        )

    def _along(self, row: Floats, end: float) -> float | None:
        """The p at which the slope vanishes as the fixed point of a row is followed to another p,
        or None.

        It is None where the slope does not vanish, or where the fixed point ends.
        """
        here = row
        for p in np.linspace(row[0], end, _PIECES + 1)[1:]:
            try:
                following = self._followed(here, p)
                if following[1] * here[1] <= 0:
                    return self._zero(here, following)
            except PointNotFound:
                return None
            here = following
        return None

    def _followed(self, row: Floats, p: float) -> Floats:
        """The row at another p, from the tangent dK*/dp = (1 - R_K)^-1 R_p. Raises `PointNotFound`
        where the fixed point is lost.
        """
        by_couplings, by_p = self.at(row[0]).derivatives(row[2:])
        tangent = _solved(np.eye(len(by_p) - 1) - by_couplings[1:], by_p[1:])
        recursion = self.at(p)
        point = newton(recursion, row[2:] + (p - row[0]) * tangent)
        if abs(linearise(recursion, point)[0].values[0]) <= 1:
            raise PointNotFound("the fixed point is no longer critical")
        return np.array([p, slope(recursion, point), *point])

    def _zero(self, first: Floats, second: Floats) -> float:
        def at(p: float) -> float:
            share, recursion = (p - first[0]) / (second[0] - first[0]), self.at(p)
            return slope(recursion, newton(recursion, (1 - share) * first[2:] + share * second[2:]))

        return float(brentq(at, first[0], second[0], xtol=1e-15, rtol=4 * _EPS))
