"""Where a curve through points with errors crosses zero, and where it has its maximum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.interpolation import ROUNDING, Curve
from rgc.program.draws import uniforms

Floats = NDArray[np.float64]

SHARP = 2.0
"""A place is known no better than half the distance of its neighbours where SHARP times the
convergence of orders reaches 1. With convergence e the error of degree 3 is of the order e^3 of
the distance.
"""

DRAWS = 500
"""The number of resampled curves from which statistical errors are taken."""

KEY = (0x63757276, 0x65)
"""The key of the random numbers of resampled curves. The same curve always has the same error."""

KNOWN = 3.0
"""The sign of a value is known where it is so many errors from 0."""

ENDS = 0.16
"""Where the maximum of more than this share of the resampled curves lies at the end of the scan,
its error is not known: one standard deviation reaches beyond the scan.
"""


@dataclass(frozen=True, slots=True)
class Feature:
    """A place on a curve.

    - `statistical` is its standard error.
    - `interpolation` is how far it may be off because the points of the curve are far apart.

    An error that is not known is None, and `note` says why.
    """

    at: float
    statistical: float | None
    interpolation: float | None
    note: str = ""


class Absent(Exception):
    """There is no such place or number, or not just one. The message says why."""


def zero(curve: Curve) -> Feature:
    """Where the curve crosses zero.

    Signs count where a value is more than `KNOWN` errors from 0, and they must change once.
    What the curve does between the last value of one sign and the first of the other decides
    where. Raises `Absent`.
    """
    bracket = curve.fine(*_change_of_sign(curve))
    at = _root(curve, bracket, _middle_root(bracket, curve(bracket)))
    slope = abs(float(curve(np.array([at]), 1)[0]))
    spread = _spread(curve, lambda values: _middle_root(bracket, values), curve.weights(bracket))
    return Feature(at, spread, _off(curve, at, slope, 0), _few(curve))


def maximum(curve: Curve) -> Feature:
    """Where the curve is largest, near the largest of its points.

    In every resampled curve the largest point is chosen again. Noise is added to the curve without
    that of its points (`Curve.smoothed`): with it the largest point would stand out, and be chosen
    too often. Raises `Absent` where it is the first or the last one.
    """
    if len(curve.x) < 3:
        raise Absent("a maximum needs three points")
    k = int(np.argmax(curve.y))
    if not 0 < k < len(curve.x) - 1:
        raise Absent("the largest value lies at an end of the scan")
    bracket = curve.fine(k - 1, k + 1)
    at = _root(curve, bracket, _top(bracket, curve(bracket)), 1)
    bend = abs(float(curve(np.array([at]), 2)[0]))
    fine = curve.fine()
    every = _resampled(curve.smoothed(), lambda values: _top(fine, values), curve.weights(fine))
    interpolation = _off(curve, at, bend, 1)
    outside = max(np.mean((places == fine[0]) | (places == fine[-1])) for places in every)
    if outside > ENDS:
        note = (
            f"within the errors of the points the largest value lies at the end of the scan "
            f"with a chance of {100 * outside:.0f} %"
        )
        return Feature(at, None, interpolation, note)
    return Feature(at, max(float(np.std(places)) for places in every), interpolation, _few(curve))


def _few(curve: Curve) -> str:
    return "two points do not tell how the curve runs between them" if len(curve.x) < 3 else ""


def _change_of_sign(curve: Curve) -> tuple[int, int]:
    """The last point of the first sign and the first point of the other."""
    least = np.maximum(KNOWN * curve.errors, ROUNDING * np.abs(curve.y).max())
    known = np.flatnonzero(np.abs(curve.y) > least)
    changes = np.flatnonzero(np.diff(np.sign(curve.y[known])))
    if not len(changes):
        raise Absent("they do not cross")
    if len(changes) > 1:
        raise Absent(f"they cross {len(changes)} times")
    return int(known[changes[0]]), int(known[changes[0] + 1])


def _middle_root(places: Floats, values: Floats) -> float:
    """The middle one of the zeros between places, NaN where there is none."""
    changes = np.flatnonzero(np.signbit(values[1:]) != np.signbit(values[:-1]))
    if not len(changes):
        return float("nan")
    k = changes[len(changes) // 2]
    step = values[k] / (values[k] - values[k + 1])
    return float(places[k] + step * (places[k + 1] - places[k]))


def _top(places: Floats, values: Floats) -> float:
    """Where the parabola through the largest value and its neighbours has its top; the place of the
    first or the last value where that is the largest.
    """
    k = int(np.argmax(values))
    if not 0 < k < len(places) - 1:
        return float(places[k])
    left, right = places[k] - places[k - 1], places[k + 1] - places[k]
    down, up = (values[k] - values[k - 1]) / left, (values[k + 1] - values[k]) / right
    bend = (up - down) / (left + right)
    middle = float((places[k] + places[k - 1]) / 2)
    return middle - float(down / (2 * bend)) if bend < 0 else float(places[k])


def _root(curve: Curve, bracket: Floats, near: float, derivative: int = 0) -> float:
    """The zero of the curve or of a derivative of it, by Newton's method from a place near it.

    It stays where it is if that leads away from it.
    """
    at, width = near, (bracket[-1] - bracket[0]) / len(bracket)
    for _ in range(3):
        here = np.array([at])
        slope = float(curve(here, derivative + 1)[0])
        step = float(curve(here, derivative)[0]) / slope if slope else float("inf")
        if abs(at - step - near) > width:
            return near
        at -= step
    return at


def _off(curve: Curve, at: float, slope: float, derivative: int) -> float | None:
    """By how much the place may be off.

    It is the larger of two: what the curve may be off by between the two points beside the place
    (for it vanishes at one place or other), where the slope tells how far a shift of the curve
    moves it; and half the distance of these points times a power of the convergence of orders,
    which is all of it where the curve turns too sharply for its points.
    """
    k = int(np.clip(np.searchsorted(curve.x, at), 1, len(curve.x) - 1))
    off = curve.interpolation(np.append(curve.fine(k - 1, k), at), derivative)
    if off is None:
        return None
    width = float(curve.x[-1] - curve.x[0])
    shift = min(float(off.max()) / slope, width) if slope else width
    half = float(curve.x[k] - curve.x[k - 1]) / 2
    return max(shift, half * min(1.0, SHARP * curve.convergence()) ** 3)


def _spread(curve: Curve, place: Callable[[Floats], float], weights: Floats) -> float:
    """The standard deviation of the place over resampled curves that have it."""
    every = _resampled(curve, place, weights)
    return max(float(np.nanstd(each)) if np.isfinite(each).any() else 0.0 for each in every)


def _resampled(curve: Curve, place: Callable[[Floats], float], weights: Floats) -> list[Floats]:
    """The place on each resampled curve, whose points move independently; of points that were found
    together, also on curves whose points move as one. `weights` give the curve from its points.
    """
    from scipy.special import ndtri

    if not curve.errors.any():
        return [np.full(1, place(weights @ curve.y))]
    count = DRAWS * len(curve.x)
    normal = ndtri(uniforms(KEY, count) + 2.0**-54).reshape(DRAWS, len(curve.x))
    moves = [normal, normal[:, :1]] if curve.together else [normal]
    return [
        np.array([place(values) for values in (curve.y + curve.errors * move) @ weights.T])
        for move in moves
    ]
