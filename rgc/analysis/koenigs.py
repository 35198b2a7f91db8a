"""The Koenigs coordinate at a repelling fixed point, in which the map is a multiplication."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray

from rgc.analysis.recursion import Diverges, without_bounds
from rgc.analysis.scale_equation import EPSILON, ScaleEquation
from rgc.analysis.series import PowerSeries

Floats = NDArray[np.float64]

ORDER = 64
"""The number of coefficients of each power series."""

CANCELLATION = 1e3
"""The largest ratio of the terms of the regular part to the singular part of F."""

FARTHEST = 1e3
"""The largest radius, for series that end."""

RESONANT = 1e-9
"""Where mu is this near to lambda^k, relative to it, the regular part has a logarithm."""


class NoPowerLaw(Exception):
    """F has no power law at the fixed point: the reason."""


@dataclass(frozen=True, slots=True, eq=False)
class Linearised:
    """A scale equation near the fixed point x* = `point` of phi, on one side of it.

    - `eigenvalue` is lambda = phi'(x*), above 1.
    - The Koenigs coordinate z > 0 is defined by x = psi(z), psi(lambda z) = phi(psi(z)) and
      psi(z) = x* + side z + ..., with `side` 1 or -1. `inverse` [order] are the coefficients of
      psi.
    - F = regular + singular, and `regular` [order] are the coefficients of the part that is a power
      series in z: r_k = g_k / (1 - lambda^k / mu), with g(psi(z)) = sum_k g_k z^k (Derrida,
      Itzykson and Luck 1984).
    - Both series are good to rounding for |z| <= `radius`.
    """

    equation: ScaleEquation
    point: float
    side: int
    eigenvalue: float
    inverse: Floats
    regular: Floats
    radius: float

    @property
    def exponent(self) -> float:
        """m = ln mu / ln lambda."""
        return float(np.log(self.equation.mu) / np.log(self.eigenvalue))

    @property
    def period(self) -> float:
        """ln lambda, the period in ln z."""
        return float(np.log(self.eigenvalue))


def refined(equation: ScaleEquation, near: float) -> tuple[float, float]:
    """A fixed point of phi by Newton's method from `near`, and phi' there.

    Raises `NoPowerLaw` where there is none.
    """
    series, x = PowerSeries(2), float(near)
    with np.errstate(all="ignore"):
        for _ in range(60):
            value, slope = equation.next(series.variable(np.array(x)), series)
            step = float((value - x) / (slope - 1)) if value != x else 0.0
            if not np.isfinite(step):
                break
            if abs(step) <= 2 * EPSILON * (1 + abs(x)):
                return x, float(slope)
            x -= step
    raise NoPowerLaw(f"Newton's method finds no fixed point from {near:.6g}")


def linearised(equation: ScaleEquation, near: float, side: int = 1) -> Linearised:
    """The scale equation in the Koenigs coordinate of the fixed point near `near`.

    Raises `NoPowerLaw` where phi does not stretch or turns round, where the power law has a
    logarithm, and where F does not converge on this side.
    """
    point, eigenvalue = refined(equation, near)
    _check(equation.mu, eigenvalue)
    powers = eigenvalue ** np.arange(ORDER)
    inverse = _inverse(equation, point, eigenvalue, side)
    series = PowerSeries(ORDER)
    with np.errstate(all="ignore"):
        regular = equation.gain(inverse, series) / (1 - powers / equation.mu)
    if not np.isfinite(regular).all():
        raise NoPowerLaw("phi or g has no power series at the fixed point")
    radius = min(_radius(inverse), _radius(regular))
    made = Linearised(equation, point, side, eigenvalue, inverse, regular, radius)
    try:
        return _within_cancellation(made)
    except Diverges as error:
        where = "above" if side > 0 else "below"
        raise NoPowerLaw(f"{where} the fixed point {error}") from None


def _check(mu: float, eigenvalue: float) -> None:
    if not eigenvalue > 1:
        why = "turns round" if eigenvalue < 0 else "does not stretch"
        raise NoPowerLaw(f"the map {why} at the fixed point: its eigenvalue is {eigenvalue:.6g}")
    exponent = np.log(mu) / np.log(eigenvalue)
    if exponent >= 0 and abs(exponent - round(exponent)) < RESONANT:
        told = f"mu is power {round(exponent)} of the eigenvalue {eigenvalue:.6g}"
        raise NoPowerLaw(f"{told}: the power law has a logarithm")


def _inverse(equation: ScaleEquation, point: float, eigenvalue: float, side: int) -> Floats:
    """The coefficients of psi, one after the other: (lambda^k - lambda) c_k is coefficient k of
    phi(psi) without c_k.
    """
    inverse = np.zeros(ORDER)
    inverse[:2] = point, side
    for k in range(2, ORDER):
        known = equation.next(inverse[: k + 1], PowerSeries(k + 1))
        inverse[k] = known[k] / (eigenvalue**k - eigenvalue)
    return inverse


def _radius(series: Floats) -> float:
    """Where the last quarter of the terms is below rounding."""
    k = np.arange(3 * ORDER // 4, ORDER)
    with np.errstate(all="ignore"):
        radii = (EPSILON / 16 / np.abs(series[k])) ** (1 / k)
    return float(radii.min())


def _within_cancellation(made: Linearised) -> Linearised:
    """The same with a smaller radius if the terms of the regular part would cancel too much.

    Raises `Diverges` where F does not converge at any radius.
    """
    radii = min(made.radius, FARTHEST) * 0.7 ** np.arange(20)
    points = polyval(radii, made.inverse)
    whole = made.equation.sums(points)
    if np.isnan(whole).all():
        without_bounds(made.equation, points[-1:])
    terms = np.abs(made.regular) @ radii ** np.arange(ORDER)[:, None]
    singular = np.abs(whole - polyval(radii, made.regular))
    fit = np.flatnonzero(terms <= CANCELLATION * singular)
    return replace(made, radius=float(radii[fit[0] if len(fit) else -1]))
