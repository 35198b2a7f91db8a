"""Powers of matrices: limits, and every way in which there is none."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rgc.analysis.linear_map import iterated


def test_the_limit_of_a_markov_chain() -> None:
    found = iterated(np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert found.eigenvalues == pytest.approx([1.0, 0.7], abs=1e-15)
    assert found.limit == pytest.approx(np.array([[2 / 3, 1 / 3]] * 2), abs=1e-15)
    assert found.multiplicity == 1
    assert found.idempotence == pytest.approx(0.14)  # 0.3 * 0.7 * 2/3


def test_limits_are_the_powers() -> None:
    """Matrices with eigenvalues 1 (twice) and others inside the circle, far from symmetric."""
    rng = np.random.default_rng(3)
    for _ in range(10):
        basis = rng.normal(size=(5, 5))
        inner = np.diag([1.0, 1.0, 0.6, -0.5, 0.0])
        inner[2, 3] = 3.0
        matrix = basis @ inner @ np.linalg.inv(basis)
        found = iterated(matrix)
        assert found.multiplicity == 2
        power = np.linalg.matrix_power(matrix, 200)
        assert found.limit == pytest.approx(power, abs=1e-8 * np.abs(power).max())


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        ([[1.2, 0.0], [0.0, 0.5]], "spectral radius is 1.2"),
        ([[0.0, 1.0], [1.0, 0.0]], "-1 on the unit circle"),
        ([[0.0, -1.0], [1.0, 0.0]], r"0\+1i on the unit circle"),
        ([[1.0, 1.0], [0.0, 1.0]], "2 times and has 1 eigenvector"),
    ],
)
def test_powers_that_do_not_converge(matrix: list[list[float]], why: str) -> None:
    found = iterated(np.array(matrix))
    assert found.limit is None
    assert re.search(why, found.why)


def test_projectors_are_idempotent() -> None:
    found = iterated(np.array([[0.5, 0.5], [0.5, 0.5]]))
    assert found.idempotence == pytest.approx(0, abs=1e-15)
    assert iterated(np.zeros((3, 3))).limit == pytest.approx(np.zeros((3, 3)))


def test_eigenvalues_of_which_rounding_leaves_no_digit_are_zero() -> None:
    columns = np.random.default_rng(3).random((2, 6))
    found = iterated(columns.T @ columns / 10)
    assert np.count_nonzero(found.eigenvalues) == 2
