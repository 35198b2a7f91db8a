"""Many least squares of one curve at once, each of its own series, where some unknown numbers enter
linearly: Levenberg and Marquardt's method with these projected out, by Kaufman's Jacobian.

L. Kaufman, BIT 15, 49 (1975); bounds hold by leaving out unknowns that are at one and would leave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Columns = Callable[[Floats], tuple[Floats, Floats]]
"""From the nonlinear unknowns [p, u] to the weighed functions [p, row, k] that the linear ones
multiply, and to the weighed rest of the curve [p, row].
"""

ROUNDS = 100
"""Steps of one descent, good and bad ones."""

MOVE = 1e-7
"""The step of differences, in units of the range."""

DAMPED, HARD = 1e-3, 1e10
"""The damping of the first step, and the one with which no step is left to try."""

EASED, RAISED = 0.2, 5.0
"""What damping is multiplied by after a good step and after a bad one."""


@dataclass(frozen=True, slots=True, eq=False)
class _At:
    """What is left of each series at its point: the orthogonal `basis` [p, row, k] of the
    functions, the `linear` unknowns [p, k], the curve [p, row] with these, and the `residuals`
    [p, row] with their `squares` [p], infinite where the curve has no value.
    """

    basis: Floats
    linear: Floats
    curve: Floats
    residuals: Floats
    squares: Floats

    def rows(self, own: NDArray[np.intp]) -> _At:
        """That of some of the series."""
        return _At(*(getattr(self, name)[own] for name in self.__slots__))

    def take(self, own: NDArray[np.intp], new: _At) -> None:
        """Put others in the place of some of the series."""
        for name in self.__slots__:
            getattr(self, name)[own] = getattr(new, name)


def descended_together(
    columns: Columns, starts: Floats, wanted: Floats, tolerance: float
) -> tuple[Floats, Floats]:
    """The nonlinear unknowns [p, u], in units of their range from 0 to 1, of least squares near
    each start [p, u], and the sums of squares [p], infinite where the curve has no value there.

    `wanted` [p, row] are the weighed values of each series, and `tolerance` the relative change of
    its sum of squares that ends a descent, by a step that is hardly damped.
    """
    at, found = starts.copy(), _look(columns, starts, wanted)
    damping = np.full(len(starts), DAMPED)
    moving = np.flatnonzero(np.isfinite(found.squares))
    for _ in range(ROUNDS):
        if not len(moving):
            break
        here, left = at[moving], found.squares[moving]
        step = _step(columns, here, found.rows(moving), damping[moving])
        there = np.clip(here + step, 0.0, 1.0)
        new = _look(columns, there, wanted[moving])
        better = new.squares < left
        gained = np.where(better, left - new.squares, np.inf)
        goes_on = (gained > tolerance * left) | (damping[moving] > DAMPED)
        damping[moving] *= np.where(better, EASED, RAISED)
        at[moving[better]] = there[better]
        found.take(moving[better], new.rows(np.flatnonzero(better)))
        moving = moving[goes_on & (damping[moving] < HARD)]
    return at, found.squares


def _times(matrices: Floats, vectors: Floats) -> Floats:
    """Each matrix [p, a, b] times its vector [p, b]."""
    product: Floats = (matrices @ vectors[..., None])[..., 0]
    return product


def _look(columns: Columns, at: Floats, wanted: Floats) -> _At:
    functions, rest = columns(at)
    known = np.array(np.isfinite(functions).all(axis=(1, 2)) & np.isfinite(rest).all(axis=1))
    functions = np.where(known[:, None, None], functions, 0.0)
    aim = wanted - np.where(known[:, None], rest, 0.0)
    basis, upper = np.linalg.qr(functions)
    shadow = _times(basis.swapaxes(1, 2), aim)
    residuals = aim - _times(basis, shadow)
    linear = _times(np.linalg.pinv(upper), shadow)
    squares = np.where(known, np.square(residuals).sum(axis=1), np.inf)
    return _At(basis, linear, wanted - residuals, residuals, squares)


def _step(columns: Columns, at: Floats, found: _At, damping: Floats) -> Floats:
    """Where each descent goes from its point: 0 for what is at a bound and would leave."""
    slopes = []
    for unknown in range(at.shape[1]):
        moved, way = at.copy(), np.where(at[:, unknown] > 0.5, -MOVE, MOVE)
        moved[:, unknown] += way
        functions, rest = columns(moved)
        curve = _times(functions, found.linear) + rest
        slopes.append((curve - found.curve) / way[:, None])
    slope = np.nan_to_num(np.stack(slopes, axis=-1), nan=0.0, posinf=0.0, neginf=0.0)
    slope -= found.basis @ (found.basis.swapaxes(1, 2) @ slope)
    down = _times(slope.swapaxes(1, 2), found.residuals)
    held = ((at <= 0) & (down < 0)) | ((at >= 1) & (down > 0))
    slope, down = np.where(held[:, None, :], 0.0, slope), np.where(held, 0.0, down)
    matrix = slope.swapaxes(1, 2) @ slope
    size = np.einsum("pjj->pj", matrix)
    least = np.where(size > 0, damping[:, None] * size, 1.0)
    matrix = matrix + least[:, :, None] * np.eye(at.shape[1])
    return np.asarray(np.linalg.solve(matrix, down[..., None])[..., 0])
