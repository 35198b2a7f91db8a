"""The critical point of a line of couplings from two levels, where the map is known."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.critical_factor import Step, critical_factor

FIXED = np.array([0.34, 0.09, -0.02])
MAP = np.linalg.inv([[1.0, 0.2, 0.1], [0.3, 1.0, -0.2], [0.1, 0.1, 1.0]])
START = np.array([0.44, 0.0, 0.0])


def slope(growth: float) -> np.ndarray:
    """A map with one direction that grows and two that shrink."""
    return np.asarray(np.linalg.inv(MAP) @ np.diag([growth, 0.4, -0.3]) @ MAP)


def step(start: np.ndarray, level: int, growth: float = 2.0, bend: float = 0.0) -> Step:
    """The couplings of a level from a start, K' = K* + T (K - K*) + bend (K - K*)^2."""
    own, rate = start, start
    below, rate_below = own, rate
    for _ in range(level):
        below, rate_below, apart = own, rate, own - FIXED
        own = FIXED + slope(growth) @ apart + bend * apart**2
        rate = slope(growth) @ rate + 2 * bend * apart * rate
    matrix = slope(growth) + np.diag(2 * bend * (below - FIXED))
    parts = [np.tile(part, (3, 1)) for part in (below, own, rate_below, rate)]
    return Step(*parts, np.tile(matrix, (3, 1, 1)))


def exact(growth: float = 2.0) -> float:
    """x with phi (x K - K*) = 0."""
    values, left = np.linalg.eig(slope(growth).T)
    phi = left[:, np.argmax(np.abs(values))].real
    return float(phi @ FIXED / (phi @ START))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_linear_map_gives_the_critical_point_in_one_step(level: int) -> None:
    start = START * exact() * 0.99
    factor, reason = critical_factor(step(start, level))
    assert not reason
    assert factor == pytest.approx(np.full(3, 1 / 0.99), rel=1e-12)


def test_steps_of_a_map_that_bends_converge() -> None:
    """Level 6 of a weakly bent map: each step makes the distance smaller by far."""
    scale, moved = exact() * 0.999, []
    for _ in range(5):
        factor, reason = critical_factor(step(START * scale, 6, bend=0.2))
        assert not reason
        scale *= factor[0]
        moved.append(abs(factor[0] - 1))
    assert moved[-1] < 1e-9 < moved[0]
    ends = [step(START * scale * by, 30, bend=0.2).own[0, 0] for by in (1 - 1e-6, 1 + 1e-6)]
    assert ends[0] < 0.2
    assert not ends[1] < 1


def test_far_from_critical_there_is_none() -> None:
    _, reason = critical_factor(step(START * exact() * 0.8, 3))
    assert "from critical, where one step says nothing" in reason


def test_a_map_without_a_relevant_direction_has_none() -> None:
    _, reason = critical_factor(step(START, 2, growth=0.8))
    assert reason == "no direction is relevant: the leading eigenvalue is 0.8"
