"""Several steps of a recursion as one: the map whose fixed points are the cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rgc.analysis.newton import PointNotFound, newton
from rgc.analysis.orbits import end_of
from rgc.analysis.recursion import Floats, Moved, Recursion

_SAME = 1e-6
_TRIES, _APART = 40, 7


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """`steps` steps of a recursion as one step of another (`rgc.analysis.recursion.Recursion`)."""

    recursion: Recursion
    steps: int

    @property
    def names(self) -> tuple[str, ...]:
        return self.recursion.names

    @property
    def sectors(self) -> Mapping[str, Floats]:
        return self.recursion.sectors

    @property
    def scale(self) -> float:
        return self.recursion.scale**self.steps

    @property
    def sites(self) -> float:
        return self.recursion.sites**self.steps

    @property
    def account(self) -> Mapping[str, str]:
        return {"a step": f"{self.steps} steps of", **self.recursion.account}

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        constant, share = 0.0, 1.0
        for k in range(self.steps):
            moved = self.recursion(couplings, self.steps * step + k)
            couplings, constant = moved.couplings, constant + share * moved.constant
            share /= self.recursion.sites
        return Moved(couplings, constant)

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        """The product of the Jacobians along the way."""
        product = np.eye(len(couplings))
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(self.steps):
                number = self.steps * step + k
                product = self.recursion.jacobian(couplings, number) @ product
                couplings = self.recursion(couplings, number).couplings
        return product

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        """R(K) - K and its Jacobian."""
        moved = self(couplings).couplings - couplings
        return moved, self.jacobian(couplings) - np.eye(len(couplings))

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        return self.recursion.bounds(couplings)


def folded(recursion: Recursion, steps: int) -> Recursion:
    """The recursion of `steps` steps, which for one is the recursion itself."""
    return recursion if steps == 1 else Folded(recursion, steps)


def cycle_of(recursion: Recursion, point: Floats, steps: int) -> Floats:
    """The points [steps, n] from a point on, at most to where they come back to it."""
    points = [point]
    for step in range(1, steps):
        points.append(recursion(points[-1], step - 1).couplings)
    return np.array(points)


def least_period(recursion: Recursion, point: Floats, steps: int, turns: int = 1) -> int:
    """After how many steps a point that comes back after `steps` comes back first, a multiple of
    `turns`.
    """
    points = cycle_of(recursion, point, steps)
    room = _SAME * (1 + np.abs(points).max())
    divisors = (k for k in range(turns, steps, turns) if steps % k == 0)
    return next((k for k in divisors if np.abs(points[k] - point).max() <= room), steps)


def newton_cycle(recursion: Recursion, start: Floats, steps: int, turns: int = 1) -> Floats:
    """The point of a cycle of least period `steps` that Newton's method reaches on the map of so
    many steps, from `start`, from points of its orbit, or from where that orbit ends.

    Of the points of the cycle at which the first map has its turn it is the one with the smallest
    quantities. Raises `PointNotFound` where the method leads elsewhere from all of them.
    """
    whole, why = Folded(recursion, steps), ""
    for tried in _starts(recursion, start, turns):
        try:
            point = newton(whole, tried)
        except PointNotFound as error:
            why = str(error)
            continue
        period = least_period(recursion, point, steps, turns)
        if period == steps:
            return np.asarray(min(cycle_of(recursion, point, steps)[::turns], key=tuple))
        why = f"Newton's method leads to a point of period {period}, not {steps}"
    raise PointNotFound(why)


def _starts(recursion: Recursion, start: Floats, turns: int) -> Iterator[Floats]:
    """Where Newton's method starts: points of an orbit, and its end."""
    point = np.asarray(start, dtype=np.float64)
    for _ in range(_TRIES):
        yield point
        for step in range(turns * _APART):
            point = recursion(point, step).couplings
        if not np.isfinite(point).all():
            return
    yield end_of(recursion, point, turns).point
