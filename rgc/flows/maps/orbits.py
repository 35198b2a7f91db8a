"""Orbits of maps that a spec writes: from many points at once on the backend where one program says
what a step does, else one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.orbits import Lyapunov, lyapunov
from rgc.analysis.recursion import Floats, Recursion
from rgc.flows.maps.batch import matrices
from rgc.flows.maps.expression_recursion import only_turn
from rgc.routines import routine

if TYPE_CHECKING:
    from rgc.backend import Backend

ORBITS = 256
"""The number of orbits over which a Lyapunov exponent is averaged, for one quantity."""

STEPS = 4096
"""The number of steps of each of them."""

FEWER = 128
"""The number of steps of the one orbit of a map that no single program computes. An ode is
followed for not many more.
"""

NEAR = 1e-9
"""How far apart the orbits start, relative to 1 and to the start. Chaos parts them."""


def orbits(recursion: Recursion, backend: Backend, starts: Floats, steps: int, kept: int) -> Floats:
    """The points after each of the last `kept` of some steps, [kept, starts, n]."""
    turn = only_turn(recursion)
    if turn is not None:
        moves = turn.moves
        with backend.arrays() as xp, np.errstate(all="ignore"):
            points = routine(backend, "iterate_map")(
                moves.program, xp.asarray(moves.constants), xp.asarray(starts.T), steps, kept
            )
            return np.moveaxis(np.asarray(points, dtype=np.float64), 1, 2)
    return np.stack([_last(recursion, start, steps, kept) for start in starts], axis=1)


def _last(recursion: Recursion, start: Floats, steps: int, kept: int) -> Floats:
    point, last = start, []
    for step in range(steps):
        if np.isfinite(point).all():
            point = recursion(point, step).couplings
        last.append(point)
    return np.array(last[steps - kept :])


def jacobians(recursion: Recursion, points: Floats) -> Floats:
    """The Jacobians [steps, orbits, n, n] at the points [steps, orbits, n] of successive steps."""
    *shape, n = points.shape
    turn = only_turn(recursion)
    if turn is not None:
        return matrices(turn.slopes, points.reshape(-1, n)).reshape(*shape, n, n)
    return np.array(
        [[recursion.jacobian(point, step) for point in row] for step, row in enumerate(points)]
    )


def lyapunov_from(recursion: Recursion, backend: Backend, start: Floats) -> Lyapunov:
    """The Lyapunov exponents of the orbit from `start`.

    Where one program computes a step they are averages over many orbits that start close together.
    """
    n, single = len(start), only_turn(recursion) is not None
    count, steps = (max(1, ORBITS // n**2), STEPS) if single else (1, FEWER)
    starts = start + NEAR * (1 + np.abs(start)) * np.arange(count)[:, None]
    points = orbits(recursion, backend, starts, steps - 1, steps - 1)
    return lyapunov(jacobians(recursion, np.concatenate([starts[None], points])))
