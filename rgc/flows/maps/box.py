"""Every fixed point of a box: Newton's method from all points of a grid at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from rgc.analysis.fixed_points import distinct
from rgc.analysis.folded import least_period, newton_cycle
from rgc.analysis.newton import PointNotFound, newton
from rgc.analysis.recursion import Floats
from rgc.flows.maps.batch import defects
from rgc.flows.study.study import Study

_ITERATIONS = 60
_HALVINGS = 60
_NEAR = 1e-6


def fixed_points_in_box(study: Study, starts: Floats, box: Floats) -> list[Floats]:
    """The fixed points, or cycles, of a study in a `box` [2, n] that Newton's method finds from the
    `starts` [k, n].

    In one quantity a fixed point between two neighbouring starts at which the map points in
    opposite directions is never missed. Otherwise a finer grid may find more. They are in the order
    of their quantities.
    """
    period = study.period
    near = np.concatenate([_newton(study, starts), _crossings(study, starts)])
    found = []
    for candidate in _distinct(near):
        try:
            point = newton(study.returning, candidate)
            if period > study.turns:
                if least_period(study.recursion, point, period, study.turns) != period:
                    continue
                point = newton_cycle(study.recursion, point, period, study.turns)
        except PointNotFound:
            continue
        if _inside(point, box):
            found.append(point)
    return sorted(distinct(found), key=tuple)


def _inside(point: Floats, box: Floats) -> bool:
    """Whether a point lies in a box, up to rounding."""
    room = 1e-9 * (1 + np.abs(point).max())
    return bool((point >= box[0] - room).all() and (point <= box[1] + room).all())


def _newton(study: Study, starts: Floats) -> Floats:
    """The points [m, n] at which Newton's method from the starts comes to a stop."""
    points = starts.copy()
    with np.errstate(all="ignore"):
        for _ in range(_ITERATIONS):
            values, slopes = defects(study, points)
            usable = np.isfinite(values).all(axis=1) & np.isfinite(slopes).all(axis=(1, 2))
            points, values, slopes = points[usable], values[usable], slopes[usable]
            if not len(points):
                return points
            changes = np.einsum("kij,kj->ki", np.linalg.pinv(slopes), values)
            points = points - changes
            if (np.abs(changes).max(axis=1) <= _NEAR**2 * (1 + np.abs(points).max(axis=1))).all():
                break
        values, _ = defects(study, points)
        still = np.abs(values).max(axis=1) <= _NEAR * (1 + np.abs(points).max(axis=1))
    return np.asarray(points[still])


def _crossings(study: Study, starts: Floats) -> Floats:
    """Where the sign of f(x) - x changes between neighbouring starts, for one quantity."""
    if starts.shape[1] > 1:
        return starts[:0]
    sides = np.sort(starts, axis=0)
    values = defects(study, sides)[0]
    brackets = [
        (a, b)
        for (a, fa), (b, fb) in pairwise(zip(sides, values, strict=True))
        if float(fa[0]) * float(fb[0]) < 0
    ]
    return np.array([_bisected(study, a, b) for a, b in brackets]).reshape(-1, 1)


def _bisected(study: Study, low: Floats, high: Floats) -> Floats:
    sign = np.sign(defects(study, low[None])[0][0, 0])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if np.sign(defects(study, middle[None])[0][0, 0]) == sign:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _distinct(points: Floats) -> Iterator[Floats]:
    """One of every group of points that are close together."""
    rounded = np.round(points / _NEAR) * _NEAR
    _, first = np.unique(rounded, axis=0, return_index=True)
    yield from points[np.sort(first)]
