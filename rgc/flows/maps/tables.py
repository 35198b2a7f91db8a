"""What is drawn of a map that a spec writes: its graph, how an orbit settles, where the orbits of a
grid end, and the points to which the orbit of the start comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.folded import folded
from rgc.analysis.orbits import End, end_of
from rgc.analysis.recursion import Floats, Recursion
from rgc.flows.maps.batch import defects
from rgc.flows.maps.expression_recursion import ExpressionRecursion
from rgc.flows.maps.orbits import orbits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import Backend
    from rgc.flows.study.study import Study

GRAPH = 401
"""The number of points of the graph of a map of one quantity."""

KEPT, BEFORE = 64, 1024
"""The number of points that are kept of the orbit of the start, and of steps before them."""

SETTLING = 400
"""The largest number of steps for which it is shown how an orbit settles."""

LEAVES, WANDERS = 0, -1
"""What stands for orbits of a grid that come to no attractor. Attractors are numbered from 1."""

_BASIN_STEPS = 512
_LOOK = 384
_SAME = 1e-4


def graph(study: Study, shown: Floats) -> Floats:
    """x and the new x [points, 2] over the values `shown` of a map of one quantity, with some room
    on both sides.
    """
    finite = shown[np.isfinite(shown)]
    low, high = float(finite.min()), float(finite.max())
    room = 0.1 * (high - low) or 0.5 * (1 + abs(low))
    x = np.linspace(low - room, high + room, GRAPH)[:, None]
    return np.concatenate([x, x + defects(study, x)[0]], axis=1)


def settling(recursion: Recursion, start: Floats, end: End) -> Floats:
    """|K' - K| of every step of an orbit that settles, until it is rounding."""
    point, sizes = start, list[float]()
    for step in range(min(end.steps, SETTLING)):
        moved = recursion(point, step).couplings
        sizes.append(float(np.abs(moved - point).max()))
        if sizes[-1] <= 1e-15 * (1 + np.abs(moved).max()):
            break
        point = moved
    return np.array(sizes)


def rate_at(recursion: Recursion, end: End, turns: int) -> Floats:
    """The modulus of the leading eigenvalue per step where an orbit has settled, NaN without
    derivatives.
    """
    slopes = folded(recursion, turns).jacobian(end.point)
    if not np.isfinite(slopes).all():
        return np.array(np.nan)
    return np.array(np.abs(np.linalg.eigvals(slopes)).max() ** (1 / turns))


def attractor(recursion: Recursion, backend: Backend, start: Floats) -> Floats:
    """The last points [points, n] of a long orbit. They are NaN where it leaves."""
    return np.asarray(orbits(recursion, backend, start[None], BEFORE + KEPT, KEPT)[:, 0])


def basins(
    recursion: ExpressionRecursion, backend: Backend, starts: Floats, turns: int
) -> tuple[NDArray[np.int64], Floats]:
    """The number of the attractor to which the orbit of each start [k, n] comes, and a point [m, n]
    of each attractor. The numbers are `LEAVES` and `WANDERS` where there is none.
    """
    ends = orbits(recursion, backend, starts, turns * _BASIN_STEPS, 1)[0]
    numbers = np.full(len(starts), LEAVES, dtype=np.int64)
    open_ = np.isfinite(ends).all(axis=1)
    numbers[open_] = WANDERS
    found: list[Floats] = []
    for _ in range(2 * KEPT):
        if not open_.any():
            break
        first = ends[int(np.argmax(open_))]
        end = end_of(recursion, first, turns, _LOOK)
        cycle = np.array(list(_cycle(recursion, end))) if end.period else first[None]
        near = np.abs(ends[:, None, :] - cycle).max(axis=2).min(axis=1)
        ours = open_ & (near <= _SAME * (1 + np.abs(cycle).max()))
        ours[int(np.argmax(open_))] = True
        if end.period:
            found.append(cycle[0])
            numbers[ours] = len(found)
        elif end.kind == "leaves":
            numbers[ours] = LEAVES
        open_ &= ~ours
    return numbers, np.array(found).reshape(-1, starts.shape[1])


def _cycle(recursion: Recursion, end: End) -> Iterator[Floats]:
    point = end.point
    for step in range(end.period):
        yield point
        point = recursion(point, step).couplings
