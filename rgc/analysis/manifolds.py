"""Lines in coupling space: the renormalised trajectory and the critical line of a plane."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from rgc.analysis.fixed_points import FAR, CriticalPoint
from rgc.analysis.newton import PointNotFound
from rgc.analysis.recursion import Floats, Recursion

_NEAR = 1e-6
_PER_STEP = 24


def renormalised_trajectory(
    recursion: Recursion, point: Floats, direction: Floats, eigenvalue: float
) -> Floats:
    """The unstable manifold [points, n] of a fixed point with one relevant direction, from one end
    to the other.

    Each half starts from the points K* +- e * direction for `_PER_STEP` values of e that fill the
    interval from e_0 to e_0 |eigenvalue|, so that the images of this piece join end to end. The map
    contracts every deviation from the manifold.
    """
    size = _NEAR * (1 + float(np.abs(point).max()))
    starts = size * np.abs(eigenvalue) ** (np.arange(_PER_STEP) / _PER_STEP)
    halves = []
    for sign in (-1.0, 1.0):
        piece = [point + sign * e * direction for e in starts]
        half: list[Floats] = []
        for step in range(400):
            half += piece
            piece = [recursion(couplings, step).couplings for couplings in piece]
            still = np.abs(np.array(piece) - half[-_PER_STEP:]).max() < 1e-9
            if not np.abs(piece).max() < FAR or (still and step > 3):
                break
        halves.append(half)
    return np.array([*reversed(halves[0]), point, *halves[1]])


def critical_line(critical_on: Callable[[Floats], CriticalPoint], rays: Floats) -> Floats:
    """The critical points [found, n] on rays [k, n] through the origin. Rays without a critical
    point are left out.
    """
    found = []
    for ray in rays:
        with suppress(PointNotFound):
            found.append(critical_on(ray).couplings)
    return np.array(found).reshape(-1, rays.shape[1])
