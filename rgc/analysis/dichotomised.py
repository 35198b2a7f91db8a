"""Gaussian fields whose signs have given averages and two-point functions.

Macke, Berens, Ecker, Tolias and Bethge, Neural Computation 21, 397 (2009).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

NODES = 24
"""Nodes of the quadrature over the angle."""

ROUNDS = 60
PRECISE = 1e-10
"""Angles are found until the probability is within `PRECISE`, in at most `ROUNDS` rounds: each
halves the interval at least."""

PAIRS = 1 << 16
"""Pairs at once."""


def thresholds_of(up: Floats) -> Floats:
    """t_i with P(x > t_i) = `up`_i for a standard normal x; infinite where up is 0 or 1."""
    return np.asarray(-ndtri(np.clip(up, 0.0, 1.0)))


def both_above(s: Floats, t: Floats, angle: Floats) -> Floats:
    """P(x > s, y > t) of standard normal x, y with the correlation sin(angle), |angle| <= pi/2.

    Q(s) Q(t) + int_0^angle exp(-(s^2 + t^2 - 2 s t sin u) / (2 cos^2 u)) du / 2 pi, Q(s) = P(x >
    s), by Gauss and Legendre (Drezner and Wesolowsky 1990).
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    integral = np.zeros_like(angle)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        integral += weight * _density(s, t, node * angle)
    return np.asarray(ndtr(-s) * ndtr(-t) + angle * integral)


def _density(s: Floats, t: Floats, angle: Floats) -> Floats:
    """d P(x > s, y > t) / d angle, in a form that is stable where cos(angle) vanishes."""
    sine, cosine = np.sin(angle), np.cos(angle)
    sign = np.where(sine < 0, -1.0, 1.0)
    square = np.maximum(cosine, 1e-150) ** 2
    exponent = (s - sign * t) ** 2 / (2 * square) + sign * s * t / (1 + np.abs(sine))
    return np.asarray(np.exp(-exponent) / (2 * np.pi))


def angles(s: Floats, t: Floats, both: Floats) -> Floats:
    """The angles with which x and y are above s and t as often as `both` says.

    By Newton's method, with halved intervals where it leaves them. What no correlation gives
    becomes -pi/2 or pi/2.
    """
    low, high = np.full_like(both, -np.pi / 2), np.full_like(both, np.pi / 2)
    angle = np.zeros_like(both)
    for _ in range(ROUNDS):
        excess = both_above(s, t, angle) - both
        if np.abs(excess).max(initial=0.0) < PRECISE:
            break
        high, low = np.where(excess > 0, angle, high), np.where(excess > 0, low, angle)
        slope = _density(s, t, angle)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = angle - excess / slope
        inside = (step > low) & (step < high)
        angle = np.where(inside, step, (low + high) / 2)
    return angle


# -- fields ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """A Gaussian field of unit variance, and the thresholds above which its sites are up.

    `root` makes it of independent normal numbers: float64[site, site], x = root z; of a field that
    translations leave unchanged complex[*wave, letter, letter], x(k) = root(k) z(k). `apart` is the
    largest difference between the two-point function of its signs, as values -1 and +1, and the one
    that was asked for.
    """

    thresholds: Floats
    root: NDArray[Any]
    apart: float


def make_twin(up: Floats, both: Floats) -> Twin:
    """The field whose site i is up with the probability `up`_i, and together with site j with
    `both`_ij, float64[site, site].

    Sites that are always up, or never, are independent. Where there is no such field, negative
    eigenvalues among its correlations, they are moved to the nearest matrix with none and the same
    trace, and variances are made 1 again.
    """
    thresholds = thresholds_of(up)
    matrix = np.eye(len(up))
    moving = np.flatnonzero(np.isfinite(thresholds))
    first, second = (moving[k] for k in np.triu_indices(len(moving), 1))
    for i, j in _parts(first, second):
        matrix[i, j] = matrix[j, i] = np.sin(angles(thresholds[i], thresholds[j], both[i, j]))
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(positive(values))
    root = root / np.sqrt((root**2).sum(axis=1, keepdims=True))
    made = root @ root.T
    apart = 0.0
    for i, j in _parts(first, second):
        found = both_above(thresholds[i], thresholds[j], np.arcsin(np.clip(made[i, j], -1, 1)))
        apart = max(apart, 4 * float(np.abs(found - both[i, j]).max(initial=0.0)))
    return Twin(thresholds, root, apart)


def _parts(first: Indices, second: Indices) -> Iterator[tuple[Indices, Indices]]:
    for begin in range(0, len(first), PAIRS):
        yield first[begin : begin + PAIRS], second[begin : begin + PAIRS]


def make_stationary_twin(up: Floats, both: Floats) -> Twin:
    """The field of cells that translations leave unchanged: the site of letter a is up with the
    probability `up`_a, and together with the site of letter b that is r cells further with
    `both`[*r, a, b]. Otherwise like `make_twin`.
    """
    letters, cells = len(up), both.shape[:-2]
    thresholds = thresholds_of(up)
    s, t = (np.broadcast_to(each, both.shape) for each in (thresholds[:, None], thresholds))
    wanted = np.isfinite(s) & np.isfinite(t)
    itself: Any = (*(0,) * len(cells), np.arange(letters), np.arange(letters))
    wanted[itself] = False
    correlations = np.zeros(both.shape)
    correlations[wanted] = np.sin(angles(s[wanted], t[wanted], both[wanted]))
    correlations[itself] = 1.0
    axes = tuple(range(len(cells)))
    values, vectors = np.linalg.eigh(np.fft.fftn(correlations, axes=axes))
    values = positive(values.ravel()).reshape(values.shape)
    root = (vectors * np.sqrt(values)[..., None, :]) @ vectors.conj().swapaxes(-1, -2)
    spectrum = root @ root.conj().swapaxes(-1, -2)
    variance = spectrum.real.mean(axis=axes)[np.arange(letters), np.arange(letters)]
    root = root / np.sqrt(variance)[:, None]
    made = np.fft.ifftn(root @ root.conj().swapaxes(-1, -2), axes=axes).real
    angle = np.arcsin(np.clip(made[wanted], -1, 1))
    found = both_above(s[wanted], t[wanted], angle)
    apart = 4 * float(np.abs(found - both[wanted]).max(initial=0.0))
    return Twin(thresholds, root, apart)


def positive(values: Floats) -> Floats:
    """The nearest numbers with the same sum, none of them negative: max(x - m, 0), which is the
    projection onto a simplex (Held, Wolfe and Crowder 1974).
    """
    if values.min(initial=0.0) >= 0:
        return values
    falling = np.sort(values)[::-1]
    shifts = (np.cumsum(falling) - values.sum()) / np.arange(1, len(values) + 1)
    kept = np.flatnonzero(falling > shifts)[-1]
    return np.asarray(np.maximum(values - shifts[kept], 0.0))
