"""Gaussian fields whose signs have given averages and two-point functions.

Macke, Berens, Ecker, Tolias and Bethge, Neural Computation 21, 397 (2009).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

NODES = 32
"""Nodes of the quadrature over the angle."""

ROUNDS = 60
PRECISE = 1e-12
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


def correlations_of_signs(thresholds: Floats, both: Floats) -> Floats:
    """A root R, R R^T the correlations of a Gaussian field of unit variance whose sites i and j are
    above their thresholds together with the probability `both`_ij.

    Sites with an infinite threshold are independent. Where the correlations have negative
    eigenvalues, these are taken as 0, and the variances are made 1 again.
    """
    sites = len(thresholds)
    matrix = np.eye(sites)
    moving = np.flatnonzero(np.isfinite(thresholds))
    first, second = (moving[k] for k in np.triu_indices(len(moving), 1))
    for begin in range(0, len(first), PAIRS):
        i, j = first[begin : begin + PAIRS], second[begin : begin + PAIRS]
        sines = np.sin(angles(thresholds[i], thresholds[j], both[i, j]))
        matrix[i, j] = matrix[j, i] = sines
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(root / np.sqrt((root**2).sum(axis=1, keepdims=True)))
