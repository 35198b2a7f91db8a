"""Curves through points with errors, and how far off they may be between the points.

A curve is the spline of degree 3 through all points (not-a-knot); through three points it is a
parabola, through two a straight line. Everything is linear in the values of the points, so that
statistical errors are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.systematic import resolved

Floats = NDArray[np.float64]

DEGREE = 3

STEEP = 4.0
"""The change from degree 2 to 3 counts with STEEP times the ratio by which such changes fall from
one degree to the next, and at most in full.
"""

POINTS_OUT = 8.0
HALVES_OUT = 6.0
"""The changes when points are left out count by one part in so many. Where the spacing is small,
the error of a spline of degree 3 is of the order h^4, and 16 times as large at twice the spacing.
The numbers are smaller than 16 because spacings often are not small. They were chosen with curves
of the square Ising model that are known exactly (tests/core/analysis/test_interpolation.py).
"""

FINE = 64
"""The number of values between two points at which a curve is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Points (x, y) with independent standard errors, in the order of rising x.

    Each is float64[point]. There are two points at least.
    """

    x: Floats
    y: Floats
    errors: Floats

    def weights(self, at: Floats, derivative: int = 0) -> Floats:
        """The weight [place, point] of each point in the curve, or in a derivative of it."""
        return _weights(self.x, at, DEGREE, derivative)

    def __call__(self, at: Floats, derivative: int = 0) -> Floats:
        """The curve at some places, or a derivative of it."""
        return np.asarray(self.weights(at, derivative) @ self.y)

    def statistical(self, at: Floats, derivative: int = 0) -> Floats:
        """The statistical error [place] of the curve."""
        return self._noise(self.weights(at, derivative))

    def interpolation(self, at: Floats, derivative: int = 0) -> Floats | None:
        """How far the curve may be off at each place because the points are far apart.

        It is the largest of three changes: from degree 2 to degree 3, the sum of those when single
        points are left out, and the larger of those when every second one is. Each is measured
        as a function, so that none vanishes where two integrals or two crossings happen to agree.
        Statistics are taken out of each. Of three points the change from degree 1 to 2 counts, and
        of two nothing is known: None.
        """
        if len(self.x) < 3:
            return None
        own = self.weights(at, derivative)
        degree = min(DEGREE, len(self.x) - 1)
        lower = self._change(_weights(self.x, at, degree - 1, derivative) - own)
        if degree < DEGREE:
            return lower
        single = [self._change(part - own) for part in self._without_one(at, derivative)]
        halves = [self._change(part - own) for part in self._every_second(at, derivative)]
        points_out = np.sum(single, axis=0) / POINTS_OUT
        halves_out = np.max(halves, axis=0) / HALVES_OUT
        largest = np.maximum(points_out, halves_out)
        return np.asarray(np.maximum(self._share() * lower, largest))

    def fine(self) -> Floats:
        """Places from the first point to the last, `FINE` from each point to the next."""
        steps = np.arange(FINE) / FINE
        inside = (self.x[:-1, None] + np.diff(self.x)[:, None] * steps).ravel()
        return np.append(inside, self.x[-1])

    def _share(self) -> float:
        """The part of the change from degree 2 to 3 that counts, from how much smaller it is than
        the change from degree 1 to 2 over the whole curve.
        """
        at = self.fine()
        one, two, three = (_weights(self.x, at, degree) for degree in (1, 2, 3))
        before = np.trapezoid(np.abs((two - one) @ self.y), at)
        after = np.trapezoid(np.abs((three - two) @ self.y), at)
        return float(min(1.0, STEEP * after / before)) if before > 0 else 1.0

    def _without_one(self, at: Floats, derivative: int) -> Iterator[Floats]:
        return (
            self._only(np.delete(np.arange(len(self.x)), k), at, derivative)
            for k in range(1, len(self.x) - 1)
        )

    def _every_second(self, at: Floats, derivative: int) -> Iterator[Floats]:
        """The weights of the even and of the odd points, with the first and the last in both."""
        ends = (0, len(self.x) - 1)
        return (
            self._only(np.union1d(np.arange(first, len(self.x), 2), ends), at, derivative)
            for first in (0, 1)
        )

    def _only(self, kept: NDArray[np.int64], at: Floats, derivative: int) -> Floats:
        weights = np.zeros((len(at), len(self.x)))
        weights[:, kept] = _weights(self.x[kept], at, DEGREE, derivative)
        return weights

    def _change(self, weights: Floats) -> Floats:
        return resolved(weights @ self.y, self._noise(weights))

    def _noise(self, weights: Floats) -> Floats:
        return np.asarray(np.sqrt(weights**2 @ self.errors**2))


def _weights(x: Floats, at: Floats, degree: int, derivative: int = 0) -> Floats:
    """The weight [place, point] of each point in the spline of that degree, or of the highest one
    that there are points for.
    """
    from scipy.interpolate import make_interp_spline

    spline = make_interp_spline(x, np.eye(len(x)), min(degree, len(x) - 1))
    return np.asarray(spline(at, nu=derivative), dtype=np.float64)


def integral(curve: Curve) -> tuple[float, float, float | None]:
    """The integral of a curve from its first point to its last, its statistical error, and the
    error of the quadrature, which is the integral of `Curve.interpolation`. That is None for two
    points.
    """
    at = curve.fine()
    weights, off = _integrated(curve.x), curve.interpolation(at)
    value, statistical = float(weights @ curve.y), float(np.linalg.norm(weights * curve.errors))
    return value, statistical, None if off is None else float(np.trapezoid(off, at))


def _integrated(x: Floats) -> Floats:
    """The weight of each point in the integral of the curve."""
    from scipy.interpolate import make_interp_spline

    spline = make_interp_spline(x, np.eye(len(x)), min(DEGREE, len(x) - 1))
    return np.asarray(spline.integrate(x[0], x[-1]), dtype=np.float64)
