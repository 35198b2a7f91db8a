"""Diffusion maps: a circle with known eigenvalues, two rings, and scales that do not suit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ive

from rgc.analysis import diffusion
from rgc.analysis.clusters import agreement, clusters, number_of_clusters, separation
from rgc.analysis.diffusion import NoWalk, walk


def circle(count: int, radius: float = 1.0) -> np.ndarray:
    angle = 2 * np.pi * np.arange(count) / count
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def rings(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Radii 1 and 2.5, random angles."""
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, 200)
    ring = np.repeat([0, 1], 100)
    return (1 + 1.5 * ring)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), ring


def test_the_circle() -> None:
    """The eigenvalues are I_m(1/s^2) / I_0(1/s^2), each twice for m > 0."""
    found, m = walk(circle(400), 0.15), (np.arange(9) + 1) // 2
    assert found.eigenvalues[:9] == pytest.approx(ive(m, 0.15**-2) / ive(0, 0.15**-2), abs=1e-12)
    assert found.multiplicity == 1
    assert np.ptp(found.vectors[:, 0]) < 1e-10
    assert found.matrix is not None
    assert found.stationary @ found.matrix == pytest.approx(found.stationary, abs=1e-15)


def test_eigenvectors_are_those_of_the_transition_matrix() -> None:
    points = np.random.default_rng(5).normal(size=(60, 3))
    found = walk(points, 0.8)
    moved = found.matrix @ found.vectors
    assert moved == pytest.approx(found.vectors * found.eigenvalues, abs=1e-10)


def test_density_does_not_matter() -> None:
    """The slow eigenvalues of a circle that is denser on one side are nearly those of an even one,
    which they are not without dividing by the density."""
    angle = 2 * np.pi * (np.arange(900) + 0.5) / 900
    angle = angle + 0.5 * np.sin(angle)
    uneven = walk(np.stack([np.cos(angle), np.sin(angle)], axis=1), 0.1).eigenvalues
    even = walk(circle(900), 0.1).eigenvalues
    assert uneven[1:5] == pytest.approx(even[1:5], abs=2e-4)


def test_sparse_and_dense_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(6).uniform(size=(500, 2))
    dense = walk(points, 0.05)
    monkeypatch.setattr(diffusion, "DENSE", 100)
    sparse = walk(points, 0.05)
    assert sparse.eigenvalues == pytest.approx(dense.eigenvalues[:32], abs=1e-12)
    assert sparse.stationary == pytest.approx(dense.stationary, abs=1e-14)


@pytest.mark.parametrize("scale", [0.2, 0.3])
def test_two_rings_are_split(scale: float) -> None:
    points, ring = rings(0)
    found = walk(points, scale)
    assert found.multiplicity == 1
    assert number_of_clusters(found.eigenvalues) == 2
    assert agreement(clusters(found.vectors, 2), ring) == 1


def test_two_rings_at_scales_that_do_not_suit() -> None:
    points, ring = rings(0)
    apart, together = walk(points, 0.1), walk(points, 0.5)
    assert apart.multiplicity == 2
    assert agreement(clusters(apart.vectors, 2), ring) == 1
    assert separation(together.eigenvalues, 2) < 2
    assert 0.6 < agreement(clusters(together.vectors, 2), ring) < 0.9


def test_a_point_without_a_neighbour() -> None:
    points = np.concatenate([circle(50), [[9.0, 9.0]]])
    with pytest.raises(NoWalk, match=r"row 50 .* has no neighbour$"):
        walk(points, 0.15)


def test_a_scale_at_which_all_points_are_one() -> None:
    with pytest.raises(NoWalk, match="second eigenvalue"):
        walk(circle(50), 1e7)


def test_agreement_is_that_of_the_best_pairing() -> None:
    assert agreement(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])) == 1
    assert agreement(np.array([0, 0, 0, 1]), np.array([1, 1, 0, 0])) == 0.75
    assert agreement(np.array([0, 1, 2, 2]), np.array([0, 0, 1, 1])) == 0.75
