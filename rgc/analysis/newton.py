"""Fixed points of recursions by Newton's method."""

from __future__ import annotations

import numpy as np

from rgc.analysis.recursion import Floats, Recursion, is_invariant

_HALVINGS = 40
_MOST_NEWTON = 80
_ROUNDED = 1e-8


class PointNotFound(Exception):
    """There is no such point. The message says what was tried."""


def newton(recursion: Recursion, start: Floats) -> Floats:
    """The fixed point that damped Newton iterations reach from `start`, to rounding.

    They move within the sectors in which `start` lies. Raises `PointNotFound` where they do not
    converge.
    """
    couplings = np.asarray(start, dtype=np.float64)
    span = search_space(recursion, couplings)
    value, slope = recursion.defect(couplings)
    size = _size(value, couplings)
    for _ in range(_MOST_NEWTON):
        if not (np.isfinite(value).all() and np.isfinite(slope).all()):
            raise PointNotFound("Newton's method came to a place where the map is not finite")
        try:
            change = span @ np.linalg.lstsq(slope @ span, value, rcond=None)[0]
        except np.linalg.LinAlgError:
            break
        better = _damped(recursion, couplings, change, size)
        if better is None:
            break
        couplings, value, slope, size = better
    if not size <= 1e-9:
        raise PointNotFound(
            f"Newton's method came to a stop where the couplings still move by {size:.2g}"
        )
    return couplings


def _size(value: Floats, couplings: Floats) -> float:
    return float(np.abs(value).max() / (1 + np.abs(couplings).max()))


def _damped(
    recursion: Recursion, couplings: Floats, change: Floats, size: float
) -> tuple[Floats, Floats, Floats, float] | None:
    """The first of ever shorter steps that reduces the defect, or None."""
    if not np.isfinite(change).all():
        return None
    for k in range(_HALVINGS):
        tried = couplings - change / 2**k
        value, slope = recursion.defect(tried)
        reduced = _size(value, tried)
        if reduced < size and np.isfinite(slope).all():
            return tried, value, slope, reduced
        if size <= 1e-13:
            return None
    return None


def search_space(recursion: Recursion, couplings: Floats) -> Floats:
    """The directions in which a fixed point is sought: the invariant sector, or all directions
    where the couplings are not in it.
    """
    if is_invariant(recursion, couplings):
        return next(iter(recursion.sectors.values()))
    return np.eye(len(couplings))


def symmetric(recursion: Recursion, point: Floats) -> Floats:
    """The fixed point without what rounding has left of couplings that break its symmetry.

    They are relevant, so that Newton's method leaves more of them than of others. A point that
    truly breaks the symmetry is returned as it is.
    """
    invariant = next(iter(recursion.sectors.values()))
    projected = invariant @ np.linalg.lstsq(invariant, point, rcond=None)[0]
    if np.abs(projected - point).max(initial=0.0) > _ROUNDED * (1 + np.abs(point).max(initial=0.0)):
        return point
    return newton(recursion, projected)
