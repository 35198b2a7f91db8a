"""Convex factorisations: planted archetypes, and an objective that falls."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.archetypes import Infeasible, find_archetypes
from rgc.analysis.convex_nmf import objective, started, updated
from rgc.analysis.linear_map import iterated


def planted(seed: int, count: int = 24, rank: int = 3) -> tuple[np.ndarray, tuple[int, ...]]:
    """Points in a triangle of the plane, with its corners among them."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(rank), count)
    rows = np.sort(rng.choice(count, rank, replace=False))
    weights[rows] = np.eye(rank)
    corners = rng.normal(size=(rank, 2))
    return weights @ corners, tuple(map(int, rows))


def test_planted_archetypes_are_found_in_every_data_set() -> None:
    for seed in range(20):
        points, rows = planted(seed)
        rng = np.random.default_rng(100 + seed)
        first, second = (find_archetypes(points, 3, rng.uniform(1, 2, 24)) for _ in range(2))
        assert first.rows == second.rows == rows
        assert first.whole
        assert np.abs(first.matrix @ first.matrix - first.matrix).max() < 1e-12
        assert np.abs(first.matrix - second.matrix).max() < 1e-12
        assert np.abs(first.matrix @ points - points).max() < 1e-12
        assert iterated(first.matrix).multiplicity == 3


def test_fewer_archetypes_than_corners_need_a_tolerance() -> None:
    points, _ = planted(0)
    costs = np.linspace(1, 2, 24)
    with pytest.raises(Infeasible):
        find_archetypes(points, 2, costs)
    noisy = points + 0.01 * np.random.default_rng(1).normal(size=points.shape)
    with pytest.raises(Infeasible):
        find_archetypes(noisy, 3, costs)
    found = find_archetypes(noisy, 3, costs, tolerance=0.1)
    assert np.abs(found.matrix @ noisy - noisy).max() <= 0.1 + 1e-9


@pytest.mark.parametrize("signs", [True, False])
def test_multiplicative_updates_never_raise_the_objective(signs: bool) -> None:
    rng = np.random.default_rng(4)
    points = rng.normal(size=(40, 6)) if signs else rng.uniform(size=(40, 6))
    steps = [started(4, rng.uniform(size=(40, 8)))]
    for _ in range(600):
        steps.append(updated(points, steps[-1]))
    values = [objective(points, factors) for factors in steps]
    assert (np.diff(values) <= 1e-13 * np.array(values[:-1])).sum() == 600
    assert values[-1] < values[0] / 2
    matrix = steps[-1].matrix
    assert (matrix >= 0).all()
    assert "spectral radius" in iterated(matrix).why
