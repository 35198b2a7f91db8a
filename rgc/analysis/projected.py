"""Least squares where some unknown numbers enter linearly: these are found by a projection for any
values of the others (Golub and Pereyra 1973).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.descents import descended_together

Floats = NDArray[np.float64]

Columns = Callable[[Floats], tuple[Floats, Floats]]
"""From the nonlinear unknowns [..., u] to the functions [..., row, k] that the linear ones
multiply, and to what of the curve holds none of these [..., row].
"""

CURVES = 200
"""Curves of one descent from a start."""

FINE, COARSE = 1e-12, 1e-7
"""Relative changes of sums of squares, and of unknowns in units of their range, that end a descent:
for unknowns that are told, and where only the sum of squares and rough values are needed.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """A curve in its `columns`, with `weights` [row] by which residuals are multiplied, and the
    range of each nonlinear unknown, from `low` to `high`.
    """

    columns: Columns
    weights: Floats
    low: Floats
    high: Floats

    def prepared(self, at: Floats) -> tuple[Floats, Floats]:
        """The weighed functions and the rest at values of the nonlinear unknowns."""
        functions, rest = self.columns(at)
        weighed: Floats = np.asarray(functions * self.weights[:, None], dtype=np.float64)
        return weighed, rest * self.weights

    def solved(self, at: Floats, values: Floats) -> tuple[Floats, Floats]:
        """The linear unknowns that are best for given nonlinear ones, and the residuals [row]."""
        functions, rest = self.prepared(at)
        wanted = values * self.weights - rest
        if not (np.isfinite(functions).all() and np.isfinite(wanted).all()):
            return np.full(functions.shape[1], np.nan), np.full(len(wanted), np.nan)
        if not functions.shape[1]:
            return np.zeros(0), wanted
        linear: Floats = np.asarray(np.linalg.lstsq(functions, wanted, rcond=None)[0])
        return linear, wanted - functions @ linear

    def squares(self, at: Floats, series: Floats) -> Floats:
        """The sums of squares [s] that are left of series [row, s]; infinite where the curve has no
        value.
        """
        functions, rest = self.prepared(at)
        wanted = series * self.weights[:, None] - rest[:, None]
        if not (np.isfinite(functions).all() and np.isfinite(rest).all()):
            return np.full(series.shape[1], inf)
        if functions.shape[1]:
            basis, _ = np.linalg.qr(functions)
            wanted = wanted - basis @ (basis.T @ wanted)
        return np.asarray(np.square(wanted).sum(axis=0))

    def descended(
        self,
        start: Floats,
        values: Floats,
        held: dict[int, float] | None = None,
        tolerance: float = FINE,
    ) -> tuple[Floats, float]:
        """The nonlinear unknowns of least squares near a start, some of them `held`, and the sum
        of squares; infinite where the curve has no value at the start. `tolerance` is a relative
        change of either that ends the descent.
        """
        from scipy.optimize import least_squares

        fixed = held or {}
        free = [k for k in range(len(start)) if k not in fixed]
        whole, width = start.copy(), self.high - self.low
        for k, value in fixed.items():
            whole[k] = value

        def at(part: Floats) -> Floats:
            moved = whole.copy()
            moved[free] = self.low[free] + part * width[free]
            return moved

        def residuals(part: Floats) -> Floats:
            return self.solved(at(part), values)[1]

        first = (whole - self.low)[free] / width[free]
        if not free or not np.isfinite(residuals(first)).all():
            left = residuals(first)
            return whole, float(left @ left) if np.isfinite(left).all() else inf
        try:
            found = least_squares(
                residuals,
                np.clip(first, 0.0, 1.0),
                bounds=(0.0, 1.0),
                ftol=tolerance,
                xtol=tolerance,
                gtol=tolerance,
                max_nfev=CURVES,
            )
        except (ValueError, np.linalg.LinAlgError):  # the curve has no value beside a point
            return whole, inf
        return at(found.x), float(2 * found.cost)

    def descended_together(
        self, starts: Floats, series: Floats, tolerance: float = COARSE
    ) -> tuple[Floats, Floats]:
        """The same for many starts [p, u], each with a series of its own in series [row, p]: the
        unknowns [p, u] and the sums of squares [p].
        """
        width = self.high - self.low

        def columns(parts: Floats) -> tuple[Floats, Floats]:
            return self.prepared(self.low + parts * width)

        first = np.clip((starts - self.low) / width, 0.0, 1.0)
        wanted = np.ascontiguousarray((series * self.weights[:, None]).T)
        found, left = descended_together(columns, first, wanted, tolerance)
        return self.low + found * width, left


def lowest(squares: Floats, most: int) -> list[int]:
    """The numbers of at most so many points of a grid [axis, ...] that lie lower than all of their
    neighbours along the axes, the lowest first.
    """
    low = np.isfinite(squares)
    for axis in range(squares.ndim):
        pad = [(1, 1) if k == axis else (0, 0) for k in range(squares.ndim)]
        padded = np.pad(squares, pad, constant_values=inf)
        for shift in (0, 2):
            near = np.take(padded, range(shift, shift + squares.shape[axis]), axis=axis)
            low &= squares <= near
    places = np.flatnonzero(low)
    return [int(k) for k in places[np.argsort(squares.ravel()[places], kind="stable")][:most]]
