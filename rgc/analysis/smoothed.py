"""Amplitudes of a power law whose oscillation is nowhere smooth, as Weierstrass's is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray
from scipy.special import erf

from rgc.analysis.koenigs import Linearised
from rgc.analysis.scale_equation import EPSILON

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

WIDTHS = (0.2, 0.25)
"""Widths of the Gaussian in ln z. The second one is there to tell the error of the first."""

REACH = 9
"""A Gaussian is cut off after this many widths, where it is below rounding."""

GROWN = 1e12
"""Integrals that differ from those of a constant by more than this grow without end."""

FEWEST, MOST = 2**12, 2**18
"""Numbers of points on which the integrals are tried, doubled in between."""

MOST_TERMS = 200
"""Terms of the sum after which the integrals must have come to rest."""

REST = 1e-12
"""Integrals are at rest where they differ by less from those of a constant, relative to those of 1.
"""


class NotResolved(Exception):
    """The amplitudes cannot be computed: the reason."""


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """Points z [n] and weights of the integrals for each harmonic, complex128[1 + harmonics, n]."""

    z: Floats
    weights: Complexes


def smoothed(linearised: Linearised, harmonics: int) -> tuple[Complexes, Floats]:
    """The amplitudes A_k up to k = `harmonics`, and their errors.

    With u = ln z, A_k is the mean of z^-s_k (F - regular) over a period, s_k = m + 2 pi i k / ln
    lambda. An indicator of one period, convolved with a Gaussian, has the same mean, since its
    translates add up to 1. A term g(psi(lambda^n z)) / mu^n of F is smooth, and for large n its
    integral is that of a constant: it oscillates faster than the window can see. What is left is a
    geometric series. The error is the change with the width of the Gaussian. Raises `NotResolved`.
    """
    first, second = (_by_width(linearised, harmonics, width) for width in WIDTHS)
    return first, np.abs(first - second) + 4 * EPSILON * np.abs(first[0])


@np.errstate(all="ignore")
def _by_width(linearised: Linearised, harmonics: int, width: float) -> Complexes:
    points = FEWEST
    while points <= MOST:
        values = _integrated(linearised, _window(linearised, harmonics, width, points))
        if values is not None:
            return values
        points *= 2
    raise NotResolved("its terms do not average out: F has no mean over a period of ln z")


def _window(linearised: Linearised, harmonics: int, width: float, points: int) -> _Window:
    period = linearised.period
    u = np.linspace(-REACH * width, period + REACH * width, points)
    edges = [erf((u - edge) / (np.sqrt(2) * width)) for edge in (0.0, period)]
    mean = (edges[0] - edges[1]) / 2 * (u[1] - u[0]) / period
    z = linearised.radius * np.exp(u - u[-1])
    k = np.arange(1 + harmonics)[:, None]
    return _Window(z, mean * z ** -(linearised.exponent + 2j * np.pi * k / period))


def _integrated(linearised: Linearised, window: _Window) -> Complexes | None:
    """The amplitudes; None where the points are too few to tell that terms average out.

    Raises `NotResolved` where they grow.
    """
    equation, ones = linearised.equation, window.weights.sum(axis=1)
    x = polyval(window.z, linearised.inverse)
    total = -(window.weights @ polyval(window.z, linearised.regular))
    weight, before, least, largest = 1.0, np.inf, np.inf, np.abs(ones).max()
    for _ in range(MOST_TERMS):
        integral = window.weights @ (equation.gain(x) + np.zeros_like(x))
        total, weight = total + weight * integral, weight / equation.mu
        mean = (integral[0] / ones[0]).real
        change = np.abs(integral - mean * ones).max()
        least = min(least, change)
        if not change <= GROWN * largest:
            raise NotResolved("its terms grow: F has no mean over a period of ln z")
        if change > 1000 * least < largest:
            return None
        if max(change, before) <= REST * largest and equation.mu > 1:
            return np.asarray(total + weight * mean * ones * equation.mu / (equation.mu - 1))
        x, before = equation.next(x) + np.zeros_like(x), change
    return None
