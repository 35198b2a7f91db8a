"""Curves through points with errors, and how far off they may be between the points.

A curve is the spline of degree 3 through all points (not-a-knot); through three points it is a
parabola, through two a straight line. Everything is linear in the values of the points, so that
statistical errors are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from rgc.analysis.systematic import resolved

if TYPE_CHECKING:
    from scipy.interpolate import BSpline

Floats = NDArray[np.float64]

DEGREE = 3

STEEP = 4.0
"""The change from degree 2 to 3 counts with STEEP times the ratio by which such changes fall from
one degree to the next (`Curve.convergence`), and at most in full.
"""

POINTS_OUT = 8.0
HALVES_OUT = 6.0
"""The changes when points are left out count by one part in so many. Where the spacing is small,
the error of a spline of degree 3 is of the order h^4, and 16 times as large at twice the spacing;
each derivative has one order less. The numbers are smaller than 16 because spacings often are not
small. They were chosen with curves
of the square Ising model that are known exactly (tests/core/analysis/test_interpolation.py).
"""

ROUNDING = 1e-13
"""The part of the largest value below which a change is rounding."""

FINE = 64
"""The number of values between two points at which a curve is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Points (x, y) with standard errors, in the order of rising x.

    Each is float64[point]. There are two points at least. The errors are independent, or, of points
    that were found `together`, anything between that and going up and down as one: then the larger
    spread of both counts.
    """

    x: Floats
    y: Floats
    errors: Floats
    together: bool = False

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
        Statistics are taken out of each.

        Of four points all these are multiples of one third difference, which may vanish, so that
        the change from degree 1 to 2 counts besides, as points left out do. Of three points it is
        all that there is, and counts in full. Of two nothing is known: None.
        """
        if len(self.x) < 3:
            return None
        own = self.weights(at, derivative)
        below = [_weights(self.x, at, degree, derivative) for degree in (1, 2)]
        if len(self.x) == 3:
            return self._change(below[0] - own)
        scale = 2.0**derivative
        single = [self._change(part - own) for part in self._without_one(at, derivative)]
        halves = [self._change(part - own) for part in self._every_second(at, derivative)]
        largest = np.maximum(
            np.sum(single, axis=0) * scale / POINTS_OUT, np.max(halves, axis=0) * scale / HALVES_OUT
        )
        share = min(1.0, STEEP * self.convergence())
        largest = np.maximum(largest, share * self._change(below[1] - own))
        if len(self.x) == 4:
            largest = np.maximum(largest, self._change(below[1] - below[0]) * scale / POINTS_OUT)
        return np.asarray(largest)

    def fine(self, first: int = 0, last: int | None = None) -> Floats:
        """Places from one point to another, by default all, `FINE` from each point to the next."""
        x = self.x[first : None if last is None else last + 1]
        steps = np.arange(FINE) / FINE
        return np.append((x[:-1, None] + np.diff(x)[:, None] * steps).ravel(), x[-1])

    def convergence(self) -> float:
        """By how much smaller the change from degree 2 to 3 is than that from degree 1 to 2, over
        the whole curve, without what is statistics. It is small where the points are close, of the
        order of one where they are too far apart for any interpolation, and 0 for a straight line.
        """
        at = self.fine()
        one, two, three = (_weights(self.x, at, degree) for degree in (1, 2, 3))
        before = float(np.trapezoid(self._change(two - one), at))
        after = float(np.trapezoid(self._change(three - two), at))
        rounding = ROUNDING * float(np.abs(self.y).max() * (self.x[-1] - self.x[0]))
        return after / before if before > rounding else 0.0

    def smoothed(self) -> Curve:
        """The points of the polynomial of the lowest degree, from 2, that the errors allow: its
        chi^2 is at most one standard deviation above the mean of chi^2. It is the curve itself
        where no polynomial with fewer parameters than points is one.
        """
        if not self.errors.all():
            return self
        for degree in range(2, len(self.x) - 1):
            y = Polynomial.fit(self.x, self.y, degree, w=1 / self.errors)(self.x)
            free = len(self.x) - degree - 1
            if np.sum(((self.y - y) / self.errors) ** 2) <= free + np.sqrt(2 * free):
                return replace(self, y=y)
        return self

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
        apart = np.sqrt(weights**2 @ self.errors**2)
        if not self.together:
            return np.asarray(apart)
        return np.asarray(np.maximum(apart, np.abs(weights @ self.errors)))


def _weights(x: Floats, at: Floats, degree: int, derivative: int = 0) -> Floats:
    """The weight [place, point] of each point in the spline of that degree."""
    return np.asarray(_spline(x, degree)(at, nu=derivative), dtype=np.float64)


def _spline(x: Floats, degree: int) -> BSpline:
    """The splines of that degree, or of the highest one that there are points for, through 1 at one
    point and 0 at the others.
    """
    from scipy.interpolate import make_interp_spline

    return make_interp_spline(x, np.eye(len(x)), min(degree, len(x) - 1))


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
    return np.asarray(_spline(x, DEGREE).integrate(x[0], x[-1]), dtype=np.float64)
