"""How the iteration of a map ends, and how fast neighbouring orbits part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rgc.analysis.fixed_points import FAR
from rgc.analysis.recursion import MOST_STEPS, Floats, Recursion
from rgc.analysis.statistics import jackknife, resample

LONGEST = 64
"""The longest cycle that is looked for."""

BLOCKS = 32
"""The number of blocks of consecutive steps that a Lyapunov exponent is averaged over."""

_SAME = 1e-11
_STILL = 1e-14
_ROUNDING = 1e-15
_CHUNK = 3 * LONGEST

EndKind = Literal["settles", "repeats", "leaves", "wanders"]


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """How an orbit ends after `steps` steps at `point`.

    It `settles` at a fixed point, `repeats` with a `period` of two or more, `leaves` beyond all
    bounds or to where the map has no real value, or `wanders` for as long as it was followed.
    """

    kind: EndKind
    steps: int
    point: Floats
    period: int = 0


def end_of(recursion: Recursion, start: Floats, turns: int = 1, most: int = MOST_STEPS) -> End:
    """The end of the orbit from `start`, followed for about `most` steps.

    It repeats where it comes back to a point twice in a row after equally many steps, which of maps
    that take turns are a multiple of their number `turns`. It leaves where it is `FAR` away.
    """
    far, orbit = FAR * (1 + float(np.abs(start).max())), [np.asarray(start, dtype=np.float64)]
    while len(orbit) <= most:
        for _ in range(_CHUNK):
            step = len(orbit) - 1
            orbit.append(recursion(orbit[-1], step).couplings)
            if not (np.abs(orbit[-1]) <= far).all():
                return End("leaves", step + 1, orbit[-1])
            if step >= turns and _moved(orbit, turns) <= _STILL:
                return End("settles", step + 1, orbit[-1], turns)
        period = _period(np.array(orbit[-_CHUNK:]), turns)
        if period:
            kind: EndKind = "settles" if period == turns else "repeats"
            return End(kind, len(orbit) - 1, orbit[-1], period)
    return End("wanders", len(orbit) - 1, orbit[-1])


def _moved(orbit: list[Floats], turns: int) -> float:
    """How far the last turn has moved the point, relative to 1 and to its size."""
    return float(np.abs(orbit[-1] - orbit[-1 - turns]).max() / (1 + np.abs(orbit[-1]).max()))


def _period(orbit: Floats, turns: int) -> int:
    """The least period with which the last points of an orbit repeat, or 0."""
    room = _SAME * (1 + np.abs(orbit).max())
    for period in range(turns, LONGEST + 1, turns):
        back = orbit[period:] - orbit[:-period]
        if np.abs(back[-period:]).max() <= room:
            return period
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class Lyapunov:
    """The Lyapunov exponents [n] per step, falling, with their jackknife errors [n]. They are NaN
    where the orbit ends.
    """

    values: Floats
    errors: Floats


def lyapunov(jacobians: Floats) -> Lyapunov:
    """The Lyapunov exponents of orbits along which the map has the Jacobians [steps, orbits, n, n].

    A frame of n directions is carried along and made orthonormal after every step (QR). The first
    eighth of the steps turns the frame and is not counted. Errors come from a jackknife over
    `BLOCKS` blocks of consecutive steps, and contain the rounding of a step.
    """
    grown = _growth(jacobians)
    steps, n = grown.shape
    counted = grown[steps // 8 :]
    blocks = counted[len(counted) % BLOCKS :].reshape(BLOCKS, -1, n).mean(axis=1)
    values, errors = jackknife(resample(blocks, np.ones(BLOCKS)))
    return Lyapunov(values, np.hypot(errors, _ROUNDING))


def _growth(jacobians: Floats) -> Floats:
    """ln of the growth of each direction of the frame in a step [steps, n], an average over
    orbits.
    """
    steps, orbits, n, _ = jacobians.shape
    with np.errstate(divide="ignore"):
        if n == 1:
            return np.asarray(np.log(np.abs(jacobians[:, :, 0])).mean(axis=1))
        frame, grown = np.broadcast_to(np.eye(n), (orbits, n, n)), np.empty((steps, n))
        for step in range(steps):
            frame, triangle = np.linalg.qr(jacobians[step] @ frame)
            grown[step] = np.log(np.abs(np.einsum("rii->ri", triangle))).mean(axis=0)
    return grown
