"""Central charge and dimensions from spectra that are known, and the level of the headline."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.conformal import Spectrum, conformal, leading, plateau


def spectrum(width: int, c: float, x: list[float], bulk: float, aspect: float = 1.0) -> Spectrum:
    """One row of a circle: ln lambda_n = -f w + 2 pi a / w (c/12 - x_n)."""
    logs = bulk * width + 2 * np.pi * aspect / width * (c / 12 - np.array(x))
    return Spectrum(width, np.exp(logs).astype(complex), np.arange(len(x)) % 2)


X = [0.0, 0.125, 1.0, 1.125, 2.0]


def test_dimensions_and_central_charge() -> None:
    found = conformal([(spectrum(1, 0.5, X, 0.7), spectrum(2, 0.5, X, 0.7))])
    assert found.central_charge == pytest.approx(0.5)
    assert found.dimensions == pytest.approx(X)
    assert found.charges.tolist() == [0, 1, 0, 1, 0]


def test_two_directions_take_the_aspect_ratio_out() -> None:
    pairs = [(spectrum(1, 0.5, X, 0.7, a), spectrum(2, 0.5, X, 0.7, a)) for a in (1.7, 1 / 1.7)]
    found = conformal(pairs)
    assert found.central_charge == pytest.approx(0.5)
    assert found.dimensions == pytest.approx(X)


def test_leading_eigenvalues_of_each_charge() -> None:
    """The sparse solver, used for large blocks, finds those of the dense one."""
    rng = np.random.default_rng(2)
    charges = np.repeat([0, 1], 150)
    matrix = np.where(charges[:, None] == charges, rng.uniform(size=(300, 300)), 0.0)
    found = leading(matrix, charges, 1, 4, lambda n: np.random.default_rng(n).uniform(size=n))
    for charge in (0, 1):
        block = matrix[np.ix_(charges == charge, charges == charge)]
        exact = np.sort(np.abs(np.linalg.eigvals(block)))[::-1][:4]
        assert np.abs(found.values[found.charges == charge]) == pytest.approx(exact)


def test_the_headline_is_the_level_of_least_error() -> None:
    c = np.array([0.60, 0.52, 0.500, 0.501, 0.48, 0.1])
    x = np.array([0.20, 0.13, 0.125, 0.125, 0.11, 0.01])
    both, nearly = np.stack([c, x], axis=1), np.stack([c + 0.01, x], axis=1)
    assert plateau(both, nearly) == 3
    far = np.stack([c + np.array([0, 0, 0.01, 0.09, 0, 0]), x], axis=1)
    assert plateau(both, far) == 4


def test_no_headline_where_the_flow_is_trivial_or_comes_to_no_rest() -> None:
    trivial = np.stack([np.full(6, 0.01), np.zeros(6)], axis=1)
    assert plateau(trivial, trivial) is None
    moving = np.stack([np.linspace(0.9, 0.3, 5), np.linspace(0.1, 2, 5)], axis=1)
    assert plateau(moving, moving) is None
