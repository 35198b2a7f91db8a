"""Singular values by projection, what is kept of them, and matrices charge by charge."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgc.analysis.graded import multiply, opposite, project, split, sums
from rgc.analysis.truncation import choose
from rgc.program.draws import uniforms
from rgc.routines.svd import full, svd


def draws(key: int = 1) -> Callable[[int, int], np.ndarray]:
    return lambda rows, columns: (uniforms((key, 2), rows * columns) - 0.5).reshape(rows, columns)


def with_values(values: np.ndarray, size: int, seed: int = 0) -> np.ndarray:
    """A square matrix with these singular values."""
    rng = np.random.default_rng(seed)
    u, v = (np.linalg.qr(rng.normal(size=(size, size)))[0] for _ in range(2))
    return np.asarray((u[:, : len(values)] * values) @ v[: len(values)])


# -- the routine -----------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.97])
def test_projections_find_the_leading_triplets(decay: float) -> None:
    """Errors of singular values are of the second order in the residual, which the routine keeps
    below 5 %.
    """
    values = decay ** np.arange(200.0)
    matrix = with_values(values, 200)
    u, s, vt = svd(matrix, 20, draws())
    assert s.shape[0] < 200
    assert np.abs(s[:20] / values[:20] - 1).max() < 0.05**2
    assert np.abs(u[:, :20].T @ u[:, :20] - np.eye(20)).max() < 1e-12
    kept = np.linalg.norm(matrix - (u[:, :20] * s[:20]) @ vt[:20])
    assert kept == pytest.approx(np.linalg.norm(values[20:]), rel=1e-3)


def test_a_flat_spectrum_falls_back_on_the_full_decomposition() -> None:
    """Where values hardly fall no projection finds the leading ones to 5 %."""
    values = np.linspace(1, 0.5, 200)
    s = svd(with_values(values, 200), 20, draws())[1]
    assert s.shape[0] == 200
    assert np.abs(s - values).max() < 1e-12


def test_small_matrices_and_matrices_of_low_rank() -> None:
    matrix = with_values(np.array([3.0, 2.0, 1.0]), 100)
    _, s, _ = svd(matrix, 8, draws())
    assert np.abs(s[:3] - [3, 2, 1]).max() < 1e-12
    assert s[3] < 1e-12
    small = np.random.default_rng(3).normal(size=(6, 9))
    assert np.array_equal(svd(small, 4, draws())[1], full(small)[1])


def test_other_random_numbers_give_the_same_to_second_order() -> None:
    matrix = with_values(0.8 ** np.arange(120.0), 120)
    one, other = (svd(matrix, 16, draws(key))[1][:16] for key in (1, 5))
    assert not np.array_equal(one, other)
    assert np.abs(one / other - 1).max() < 1e-6


# -- what is kept ----------------------------------------------------------------------------------


def blocks(*values: list[float]) -> list[np.ndarray]:
    return [np.array(each) for each in values]


def test_the_largest_are_kept_of_all_blocks() -> None:
    kept = choose(blocks([4, 1], [3, 2]), 3, 30)
    assert kept.counts == (1, 2)
    assert kept.discarded == pytest.approx(1 / 30)
    assert (kept.dropped, kept.over) == (0, 0)


def test_a_multiplet_that_does_not_fit_is_dropped_whole() -> None:
    kept = choose(blocks([4, 1], [2], [2 * (1 + 1e-9)]), 2, 25)
    assert kept.counts == (1, 0, 0)
    assert (kept.dropped, kept.over) == (1, 0)


def test_a_first_multiplet_that_does_not_fit_is_kept_whole() -> None:
    kept = choose(blocks([4.0], [4.0], [4.0, 1]), 2, 49)
    assert kept.counts == (1, 1, 1)
    assert (kept.dropped, kept.over) == (0, 1)


def test_rounding_is_never_kept() -> None:
    assert choose(blocks([1.0, 1e-15, 1e-15]), 3, 1.0).counts == (1,)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=30), st.integers(1, 12), st.integers(1, 3))
def test_equal_values_are_never_parted(values: list[int], chi: int, parts: int) -> None:
    """However equal values are spread over blocks, all of them are kept or none."""
    found = [np.array(sorted(values[k::parts], reverse=True), dtype=float) for k in range(parts)]
    kept = choose([each for each in found if len(each)], chi, float(sum(v * v for v in values)))
    of_block = [each for each in found if len(each)]
    inside = [v for block, n in zip(of_block, kept.counts, strict=True) for v in block[:n]]
    outside = [v for block, n in zip(of_block, kept.counts, strict=True) for v in block[n:]]
    assert not set(inside) & set(outside)
    assert not inside or not outside or min(inside) > max(outside)


# -- by charge -------------------------------------------------------------------------------------


def graded(rows: np.ndarray, columns: np.ndarray, seed: int) -> np.ndarray:
    matrix = np.random.default_rng(seed).normal(size=(len(rows), len(columns)))
    return np.where(rows[:, None] == columns, matrix, 0.0)


ROWS, INNER, COLUMNS = (np.random.default_rng(k).integers(0, 3, 9 + k) for k in range(3))


def test_products_charge_by_charge() -> None:
    a, b = graded(ROWS, INNER, 1), graded(INNER, COLUMNS, 2)
    assert np.abs(multiply(np, a, b, ROWS, INNER, COLUMNS) - a @ b).max() < 1e-14


def test_a_charge_that_one_side_lacks() -> None:
    rows, columns = np.array([0, 1, 1, 2]), np.array([1, 3, 1])
    matrix = graded(rows, columns, 4)
    found = split(np, matrix, rows, columns, 8, lambda m, rank: full(m))
    assert np.abs(found.left @ found.right - matrix).max() < 1e-14
    assert found.left.shape == (4, 2)
    assert found.charges.tolist() == [1, 1]


def test_a_split_is_the_best_approximation_and_conserves_charge() -> None:
    matrix = graded(ROWS, INNER, 7)
    found = split(np, matrix, ROWS, INNER, 4, lambda m, rank: full(m))
    s = np.linalg.svd(matrix, compute_uv=False)
    assert np.linalg.norm(found.left @ found.right - matrix) == pytest.approx(np.linalg.norm(s[4:]))
    assert found.kept.discarded == pytest.approx(np.sum(s[4:] ** 2) / np.sum(s**2))
    assert not np.any(np.where(ROWS[:, None] == found.charges, 0, found.left))
    assert not np.any(np.where(found.charges[:, None] == INNER, 0, found.right))


def test_a_projection_keeps_the_leading_eigenvectors() -> None:
    matrix = graded(ROWS, COLUMNS, 8)
    found = project(np, matrix @ matrix.T, ROWS, 5)
    u = found.columns
    assert np.abs(u.T @ u - np.eye(5)).max() < 1e-13
    s = np.linalg.svd(matrix, compute_uv=False)
    assert np.linalg.norm(matrix - u @ (u.T @ matrix)) == pytest.approx(np.linalg.norm(s[5:]))


def test_charges_of_pairs_are_row_major() -> None:
    assert sums(np.array([0, 2]), np.array([1, 2, 0]), (3,)).tolist() == [1, 2, 0, 0, 1, 2]


def test_charges_of_a_product_of_groups_add_part_by_part() -> None:
    """Of Z2 x Z3 the charge (a, b) is written 3 a + b."""
    assert sums(np.array([4]), np.array([5, 1]), (2, 3)).tolist() == [0, 5]
    assert opposite(np.array([4, 0, 3]), (2, 3)).tolist() == [5, 0, 3]
