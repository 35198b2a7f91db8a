"""Receptive fields: what one hidden unit looks at, as a picture over the visible lattice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def participation(field: Floats) -> float:
    """(sum r^2)^2 / sum r^4: how many sites a field lives on. NaN for a field of zeros."""
    squares = field.ravel() ** 2
    total = float((squares**2).sum())
    return float(squares.sum()) ** 2 / total if total else float("nan")


def half_length(field: Floats) -> float:
    """The distance at which the autocorrelation of a field falls to half of its value at 0, in
    lattice constants, on a torus of shape field.shape.

    The autocorrelation of the field without its mean is averaged over all directions of a distance,
    and its first crossing of one half is found by linear interpolation. NaN where it does not fall
    so far, or where the field is constant.
    """
    return _half_length(_powers(field[None])[0])


def half_lengths_of_groups(fields: Floats, shares: Floats, groups: NDArray[np.intp]) -> Floats:
    """The same of the autocorrelations of all fields float64[field, *shape] together, each with its
    share[field], and of all but those of one group[field]: float64[1 + group].
    """
    powers = np.zeros((int(groups.max()) + 1, *fields.shape[1:]))
    for group in range(len(powers)):
        inside = groups == group
        powers[group] = np.tensordot(shares[inside], _powers(fields[inside]), axes=1)
    whole = powers.sum(axis=0)
    return np.array([_half_length(whole), *(_half_length(whole - part) for part in powers)])


def _powers(fields: Floats) -> Floats:
    """|Fourier transform|^2 of every field without its mean."""
    axes = tuple(range(1, fields.ndim))
    centred = fields - fields.mean(axis=axes, keepdims=True)
    return np.asarray(np.abs(np.fft.fftn(centred, axes=axes)) ** 2)


def _half_length(power: Floats) -> float:
    """Where the autocorrelation of a power spectrum crosses one half."""
    if not power.sum():
        return float("nan")
    correlation = np.fft.ifftn(power).real
    distances, inverse = np.unique(_distances(power.shape).ravel(), return_inverse=True)
    radial = np.bincount(inverse, correlation.ravel()) / np.bincount(inverse)
    radial /= radial[0]
    below = np.flatnonzero(radial < 0.5)
    if not len(below):
        return float("nan")
    k = int(below[0])
    share = (radial[k - 1] - 0.5) / (radial[k - 1] - radial[k])
    return float(distances[k - 1] + share * (distances[k] - distances[k - 1]))


def centre(field: Floats) -> Floats:
    """The centre of mass of r^2 on a torus, in lattice constants: along each direction the angle of
    sum r^2 e^(2 pi i x / L).
    """
    squares = field**2
    centres = []
    for axis, length in enumerate(field.shape):
        angles = 2 * np.pi * np.arange(length) / length
        others = tuple(k for k in range(field.ndim) if k != axis)
        phase = (squares.sum(axis=others) * np.exp(1j * angles)).sum()
        centres.append(np.angle(phase) % (2 * np.pi) * length / (2 * np.pi))
    return np.array(centres)


def apart(first: Floats, second: Floats, shape: tuple[int, ...]) -> Floats:
    """The distance of two places float64[..., axis] on a torus, in lattice constants."""
    lengths = np.array(shape)
    away = np.abs(first - second) % lengths
    return np.asarray(np.sqrt((np.minimum(away, lengths - away) ** 2).sum(axis=-1)))


def root_mean_square_radius(field: Floats, at: Floats) -> float:
    """sqrt(sum r^2 d^2 / sum r^2) with d the distance from `at` on the torus. NaN for a field of
    zeros.
    """
    squares = field**2
    total = float(squares.sum())
    if not total:
        return float("nan")
    return float(np.sqrt((squares * _distances(field.shape, at) ** 2).sum() / total))


def _distances(shape: tuple[int, ...], at: Floats | None = None) -> Floats:
    """The distance of every site from `at` on a torus, in lattice constants."""
    origin = np.zeros(len(shape)) if at is None else at
    sites = np.moveaxis(np.indices(shape).astype(np.float64), 0, -1)
    return apart(sites, origin, shape)
