"""Central charge and dimensions from spectra that are known, and the level of the headline."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.conformal import (
    NO_REST,
    TRIVIAL_END,
    Spectrum,
    conformal,
    errors,
    leading,
    plateau,
)


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


def levels(c: list[float], x: list[float]) -> np.ndarray:
    return np.stack([np.array(c), np.array(x)], axis=1)


C = [0.60, 0.52, 0.53, 0.50, 0.502, 0.498, 0.48, 0.1]
X1 = [0.20, 0.13, 0.13, 0.126, 0.125, 0.124, 0.11, 0.01]


def test_the_headline_is_the_level_of_least_error() -> None:
    flow, less = levels(C, X1), levels([c + 0.2 * (n > 5) for n, c in enumerate(C)], X1)
    assert plateau([flow, less]) == 5
    assert errors([flow, less], 5) == pytest.approx([0.004, 2.5 * 0.002])
    far = levels([c + (0.09 if n == 5 else 0.2 * (n > 5)) for n, c in enumerate(C)], X1)
    assert plateau([flow, far]) == 4
    assert errors([flow, far], 5)[0] == pytest.approx(0.09)


def test_the_drift_since_the_first_levels_counts() -> None:
    """A flow that comes to rest late, far from where it was, has an error of that distance."""
    c = [0.6, 0.55, 0.52, *np.linspace(0.5, 0.3, 6), *[0.3] * 6]
    flow = levels(c, [0.125] * len(c))
    assert errors([flow, flow], 14)[0] == pytest.approx(0.2)


def test_logarithms_of_the_length_are_missing_for_long() -> None:
    """A marginal operator leaves 3/(4 ln L) of a dimension, whose changes hardly fall."""
    marginal = [0.5 + 0.75 / (n * np.log(2) / 2 + 1.5) for n in range(16)]
    flow = levels([1.0] * 16, marginal)
    for level in range(5, 16):
        missing = marginal[level] - 0.5
        assert missing / 2 < errors([flow, flow], level)[1] < 2 * missing


def test_no_headline_where_the_flow_is_trivial_or_comes_to_no_rest() -> None:
    trivial = levels([0.01] * 6, [0.0] * 6)
    assert plateau([trivial, trivial]) == TRIVIAL_END
    moving = levels(np.linspace(1.9, 0.3, 7).tolist(), np.linspace(0.1, 2, 7).tolist())
    assert plateau([moving, moving]) == NO_REST


def test_flows_that_leave_together_have_a_correlation_length() -> None:
    """The same flow with a companion that leaves earlier is critical: it is chi that lets it go."""
    flow = levels([0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.49, 0.2], X1)
    earlier = levels([0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.2, 0.0], X1)
    assert plateau([flow, flow]) == TRIVIAL_END
    assert plateau([flow, earlier]) == 5
