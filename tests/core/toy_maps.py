"""Maps of couplings whose fixed points, critical surface and unstable manifold are known in closed
form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.recursion import Moved

Floats = NDArray[np.float64]

CENTRE = 0.7
STEEP = 1.25
RELEVANT = STEEP / np.tanh(STEEP)
"""The relevant eigenvalue."""


@dataclass(frozen=True)
class Toy:
    """Any map with its Jacobian; F/N is between `low` and `high` for all couplings."""

    function: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    size: int
    sectors: dict[str, Floats] = field(default_factory=dict)
    constant: Callable[[Floats], float] = lambda x: 0.0
    scale: float = 2.0
    sites: float = 4.0
    low: float = -1.0
    high: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"K{k}" for k in range(self.size))

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        return Moved(self.function(couplings), self.constant(couplings))

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        return self.slope(couplings)

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        return self.function(couplings) - couplings, self.slope(couplings) - np.eye(self.size)

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        return self.low, self.high


def toy(function: Callable[[Floats], Floats], slope: Callable[[Floats], Floats], size: int) -> Toy:
    """Without a symmetry."""
    return Toy(function, slope, size, {"invariant": np.eye(size)})


def curve(y: Floats) -> Floats:
    """From scaling fields (y0, y1) to couplings: two shears, so that neither manifold is
    straight.
    """
    a, b = y[0] + 0.2 * np.sin(y[1]), y[1]
    return np.array([a + CENTRE, b + 0.3 * np.sin(a), *y[2:]])


def straight(x: Floats) -> Floats:
    """The inverse of `curve`."""
    a = x[0] - CENTRE
    b = x[1] - 0.3 * np.sin(a)
    return np.array([a - 0.2 * np.sin(b), b, *x[2:]])


def _curve_slope(y: Floats) -> Floats:
    a = y[0] + 0.2 * np.sin(y[1])
    first = np.eye(len(y))
    first[0, 1] = 0.2 * np.cos(y[1])
    second = np.eye(len(y))
    second[1, 0] = 0.3 * np.cos(a)
    return np.asarray(second @ first)


def _fields(y: Floats) -> Floats:
    """One relevant field between sinks at -1 and 1, one irrelevant (eigenvalue 0.3), others odd and
    relevant (1.9).
    """
    return np.array([np.tanh(STEEP * y[0]) / np.tanh(STEEP), 0.3 * y[1], *(1.9 * y[2:])])


def _fields_slope(y: Floats) -> Floats:
    return np.diag([RELEVANT / np.cosh(STEEP * y[0]) ** 2, 0.3, *(1.9 for _ in y[2:])])


def _bent(x: Floats) -> Floats:
    return curve(_fields(straight(x)))


def _bent_slope(x: Floats) -> Floats:
    y = straight(x)
    return np.asarray(_curve_slope(_fields(y)) @ _fields_slope(y) @ np.linalg.inv(_curve_slope(y)))


BENT = toy(_bent, _bent_slope, 2)
"""Fixed point (CENTRE, 0); critical where y0 = 0, unstable manifold where y1 = 0."""

ODD = Toy(_bent, _bent_slope, 3, {"even": np.eye(3)[:, :2], "odd": np.eye(3)[:, 2:]})
"""The same with an odd coupling."""

WAVES = toy(
    lambda x: x - 0.15 * np.sin(2 * np.pi * x),
    lambda x: np.diag(1 - 0.3 * np.pi * np.cos(2 * np.pi * x)),
    1,
)
"""A sink at every integer, a critical point at every half of an odd one."""

HALVED = toy(lambda x: x / 2, lambda x: np.eye(len(x)) / 2, 2)

CREEPING = toy(lambda x: x * np.tanh(x), lambda x: np.diag(np.tanh(x) + x / np.cosh(x) ** 2), 1)
"""A flow to 0 that takes exp(2x) steps, and stands still beyond the last digit."""


def turning(growth: float, angle: float = 0.7) -> Toy:
    """A rotation of the plane that grows or shrinks."""
    c, s = growth * np.cos(angle), growth * np.sin(angle)
    matrix = np.array([[c, -s], [s, c]])
    return toy(lambda x: matrix @ x, lambda x: matrix, 2)
