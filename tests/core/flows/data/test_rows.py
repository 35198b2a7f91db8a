"""Averages over rows of data, some of which depend on each other or count more than others."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.statistics import jackknife
from rgc.flows.data.rows import Rows
from rgc.flows.machines.likelihood import average, estimate
from rgc.model.spins import Species


def rows(count: int, **given: object) -> Rows:
    return Rows(species=Species("s"), states=np.zeros((count, 1), dtype=np.uint8), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", ["records", "chains"])
def test_rows_of_one_chain_count_once_in_errors(order: str) -> None:
    """Sixteen copies of each of 128 numbers have the error of 128, in whatever order they come."""
    chains = np.tile(np.arange(128), 16) if order == "records" else np.repeat(np.arange(128), 16)
    z = []
    for seed in range(400):
        numbers = np.random.default_rng(seed).standard_normal(128)
        mean, error = average(numbers[chains], rows(chains.size, chains=chains))
        z.append(mean / error)
    assert 0.9 < np.std(z) < 1.12


def test_rows_of_a_series_are_grouped_with_those_beside_them() -> None:
    """Each number sixteen times in a row, as a file of a slow simulation may have them."""
    z = []
    for seed in range(400):
        numbers = np.random.default_rng(seed).standard_normal(256)
        mean, error = average(np.repeat(numbers, 16), rows(256 * 16))
        z.append(mean / error)
    assert 0.9 < np.std(z) < 1.12


def test_rows_count_as_their_weights_say() -> None:
    random = np.random.default_rng(7)
    values, weights = random.standard_normal(300), random.integers(0, 4, 300).astype(float)
    mean, error = average(values, rows(300, weights=weights))
    assert mean == pytest.approx(np.repeat(values, weights.astype(int)).mean())
    independent = weights.sum() ** 2 / (weights**2).sum()
    assert error == pytest.approx(values.std() / np.sqrt(independent), rel=0.3)


def test_groups_are_as_many_as_there_are_chains_or_rows_that_fill_them() -> None:
    assert list(rows(3).groups) == [0, 1, 2]
    assert set(np.bincount(rows(1000).groups)) == {31, 32}
    few = rows(8, chains=np.array([5, 9, 5, 9, 5, 9, 70, 70]))
    assert list(few.groups) == [0, 1, 0, 1, 0, 1, 2, 2]


def test_one_group_with_all_the_weight_has_no_error() -> None:
    weights = np.zeros(64)
    weights[3] = 1.0
    found = estimate(*average(np.arange(64.0), rows(64, weights=weights)))
    assert (found.value, found.error) == (3.0, None)
    assert "weight" in found.note


def test_resampled_averages_are_those_without_a_group() -> None:
    values, many = np.arange(96.0) ** 2, rows(96)
    resampled = many.resampled(values)
    assert resampled[0] == pytest.approx(values.mean())
    assert resampled[1] == pytest.approx(values[3:].mean())
    assert jackknife(resampled)[0] == pytest.approx(values.mean())
