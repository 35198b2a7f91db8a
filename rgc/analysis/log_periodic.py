"""Complex powers: F(x) = regular + z^m sum_k A_k exp(2 pi i k ln z / ln lambda)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval
from numpy.typing import NDArray

from rgc.analysis.koenigs import Linearised
from rgc.analysis.recursion import MOST_STEPS
from rgc.analysis.scale_equation import EPSILON
from rgc.analysis.series import PowerSeries
from rgc.analysis.smoothed import NotResolved, smoothed

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

POINTS = 256
"""The number of points in one period of ln z."""

ANGLES = np.pi / 40 * np.arange(36)
"""The angles between the rays and the real axis."""

SAME = 1e-6
"""A ray that changes A_0 by more than this, relative to it, has left the domain of F."""

TINY = 1e-20
"""A sum ends where its terms are below this, relative to it."""

RESOLVED = 3
"""A number is resolved if it is larger than its error by this factor."""

SMOOTH = 1e-10
"""F is smooth along a ray if its highest harmonics are below this, relative to the first ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Amplitudes:
    """A_0, ..., A_n complex128[1 + n] with their errors float64[1 + n]. A_(-k) is conj(A_k).

    `angles` are those of the two rays that were compared, empty where F was smoothed on the real
    axis.
    """

    values: Complexes
    errors: Floats
    angles: tuple[float, ...] = ()


def amplitudes(linearised: Linearised, harmonics: int) -> Amplitudes:
    """The amplitudes A_k up to k = `harmonics`.

    Along a ray z = r exp(u - i a), F - regular is z^m times a function of period ln lambda in u,
    whose Fourier coefficients are A_k times exp(2 pi k a / ln lambda): a ray off the real axis
    amplifies what is 1e-8 of F on it. dF/dz is transformed, since it has no branches where F is a
    sum of logarithms. The rays go as far as F is analytic. The error is the change from one to
    another of them, and the rounding. Where F is not even smooth on the real axis, it is smoothed.
    Raises `NotResolved`.
    """
    found = _amplitudes(linearised, harmonics)
    if not abs(found.values[0]) > RESOLVED * found.errors[0]:
        raise NotResolved("the singular part of F is below its rounding")
    return found


def _amplitudes(linearised: Linearised, harmonics: int) -> Amplitudes:
    rays = _rays(linearised, harmonics)
    if not rays:
        values, errors = smoothed(linearised, harmonics)
        return Amplitudes(values, errors)
    last, other = rays[-1], rays[2 * (len(rays) - 1) // 3]
    errors = np.abs(last.values - other.values) + last.rounding
    return Amplitudes(last.values, errors, (last.angle, other.angle))


@dataclass(frozen=True, slots=True, eq=False)
class _Ray:
    """The amplitudes along one ray, and the rounding of each."""

    angle: float
    values: Complexes
    rounding: Floats


def _rays(linearised: Linearised, harmonics: int) -> list[_Ray]:
    """The rays from the real axis on for as long as F is smooth and the same function."""
    tried = (_ray(linearised, harmonics, float(angle)) for angle in ANGLES)
    found: list[_Ray] = []
    for ray in takewhile(lambda ray: ray is not None, tried):
        assert ray is not None  # noqa: S101  (the iterator ends before)
        if found and abs(ray.values[0] - found[0].values[0]) > SAME * abs(found[0].values[0]):
            break
        found.append(ray)
    return found


def _ray(linearised: Linearised, harmonics: int, angle: float) -> _Ray | None:
    """The amplitudes from one ray; None where F is not smooth along it."""
    period, m = linearised.period, linearised.exponent
    start = linearised.radius / linearised.eigenvalue
    z = start * np.exp(np.arange(POINTS) * period / POINTS - 1j * angle)
    slope = _slope(linearised, z)
    if slope is None:
        return None
    with np.errstate(all="ignore"):
        spectrum = np.fft.fft(slope * z ** (1 - m)) / POINTS
    size = np.abs(spectrum)
    quarter = POINTS // 4
    if not size[quarter : 2 * quarter].max() <= SMOOTH * size[:quarter].max():
        return None
    k = np.arange(1 + harmonics)
    powers = m + 2j * np.pi * k / period
    scale = np.exp(-2j * np.pi * k / period * (np.log(start) - 1j * angle)) / powers
    rounding = np.abs(scale) * (size[quarter : 3 * quarter].max() + EPSILON * size[0])
    return _Ray(angle, spectrum[: 1 + harmonics] * scale, rounding)


def _slope(linearised: Linearised, z: Complexes) -> Complexes | None:
    """d(F - regular)/dz at points of the complex plane, None where its sum does not converge."""
    equation, series = linearised.equation, PowerSeries(2)
    x = np.array([polyval(z, c) for c in (linearised.inverse, polyder(linearised.inverse))])
    total, weight, small = np.zeros_like(z), 1.0, 0
    with np.errstate(all="ignore"):
        for _ in range(MOST_STEPS):
            term = weight * (equation.gain(x, series)[1] + 0 * z)
            total = total + term
            if not np.isfinite(total).all() or np.abs(total).max() > 1e100:
                return None
            small = small + 1 if np.abs(term).max() <= TINY * np.abs(total).max() else 0
            if small == 4:
                return np.asarray(total - polyval(z, polyder(linearised.regular)))
            x, weight = equation.next(x, series), weight / equation.mu
    return None
