"""Lines through coupling space: the renormalised trajectory, the critical line of a plane,
trajectories of a flow diagram.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rgc.analysis.fixed_points import FAR, NotFound, critical
from rgc.analysis.recursion import Floats, Recursion

_NEAR = 1e-6
_PER_STEP = 24


def renormalised_trajectory(
    recursion: Recursion, point: Floats, direction: Floats, eigenvalue: float
) -> Floats:
    """The unstable manifold of a fixed point with one relevant direction, [points, n], from one end
    to the other.

    Both halves begin at K* +- e * direction, for `_PER_STEP` values of e that grow by the
    eigenvalue from first to last, so that the images of that piece lie end to end; the map
    contracts everything off the manifold.
    """
    size = _NEAR * (1 + float(np.abs(point).max()))
    starts = size * np.abs(eigenvalue) ** (np.arange(_PER_STEP) / _PER_STEP)
    halves = []
    for sign in (-1.0, 1.0):
        piece = [point + sign * e * direction for e in starts]
        half: list[Floats] = []
        for step in range(400):
            half += piece
            piece = [recursion(each, step).couplings for each in piece]
            still = np.abs(np.array(piece) - half[-_PER_STEP:]).max() < 1e-9
            if not np.abs(piece).max() < FAR or (still and step > 3):
                break
        halves.append(half)
    return np.array([*reversed(halves[0]), point, *halves[1]])


def critical_line(recursion: Recursion, rays: Sequence[Floats]) -> Floats:
    """The critical point on each ray [n] through the origin, [found, n]; rays without one are left
    out.
    """
    return np.array(list(_critical(recursion, rays))).reshape(-1, len(recursion.names))


def _critical(recursion: Recursion, rays: Sequence[Floats]) -> Iterator[Floats]:
    for ray in rays:
        try:
            yield critical(recursion, ray).couplings
        except NotFound:
            continue
