"""Jackknife and autocorrelation against series whose answer is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.statistics import (
    GROUPS,
    autocorrelation,
    compare_halves,
    constant_record,
    decay_time,
    grouped,
    jackknife,
    mean_of_draws,
    resample,
)


def test_groups_of_replicas_are_contiguous() -> None:
    assert grouped(np.arange(8), 4).tolist() == [1, 5, 9, 13]
    assert grouped(np.arange(16).reshape(2, 8), 2).tolist() == [[6, 22], [38, 54]]


def test_jackknife_of_a_mean_is_the_standard_error() -> None:
    values = np.random.default_rng(1).normal(size=32)
    value, error = jackknife(resample(values, np.ones(32)))
    assert value == pytest.approx(values.mean(), abs=1e-14)
    assert error == pytest.approx(values.std(ddof=1) / np.sqrt(32), rel=1e-12)


def test_jackknife_removes_the_bias_of_a_square() -> None:
    """E[mean^2] = mu^2 + sigma^2/n; with the bias removed it is mean^2 - s^2/n, exactly."""
    values = np.random.default_rng(2).normal(1.0, 3.0, size=32)
    value, error = jackknife(resample(values, np.ones(32)) ** 2)
    assert value == pytest.approx(values.mean() ** 2 - values.var(ddof=1) / 32, rel=1e-12)
    assert error == pytest.approx(
        2 * abs(values.mean()) * values.std(ddof=1) / np.sqrt(32), rel=0.3
    )


def test_unequal_counts_are_weighted() -> None:
    averages = resample(np.array([2.0, 6.0]), np.array([1, 3]))
    assert averages.tolist() == [2.0, 2.0, 2.0]
    assert resample(np.array([[2.0, 1.0], [6.0, 3.0]]), np.array([1, 3])).shape == (3, 2)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_time_of_an_autoregressive_series(phi: float) -> None:
    """rho(t) = phi^t, tau = (1 + phi) / (2 (1 - phi))."""
    noise = np.random.default_rng(3).normal(size=(4000, 16))
    series = np.empty_like(noise)
    series[0] = noise[0] / np.sqrt(1 - phi**2)
    for k in range(1, len(noise)):
        series[k] = phi * series[k - 1] + noise[k]
    found = autocorrelation(series)
    assert found.error is not None
    assert found.time == pytest.approx(
        (1 + phi) / (2 * (1 - phi)), abs=5 * found.error + 1e-3 / (1 - phi)
    )
    assert found.error < 0.1 * found.time
    assert found.function[1] == pytest.approx(phi, abs=0.02)


@pytest.mark.parametrize("rho", [1e-4, 0.1, 0.9, 0.999])
def test_the_decay_that_gives_an_integrated_time(rho: float) -> None:
    assert decay_time(0.5 + rho / (1 - rho)) == pytest.approx(-1 / np.log(rho))
    assert decay_time(0.5) == 0


def test_a_constant_series_has_no_memory() -> None:
    assert autocorrelation(np.ones(100)).time == 0.5
    assert autocorrelation(np.ones((3, 2))).time == 0.5
    assert autocorrelation(np.ones(100)).error is None


def test_rounding_has_no_memory() -> None:
    """Sums over replicas that are equal up to the last bit."""
    found = autocorrelation(-3.2 + 4e-16 * np.sin(np.arange(200) / 20))
    assert (found.time, found.error) == (0.5, None)


def test_a_short_series_gives_a_lower_bound() -> None:
    found = autocorrelation(np.arange(20.0))
    assert found.window <= 10
    assert found.time > 1


def test_an_infinite_value_makes_its_averages_nan_without_a_warning() -> None:
    averages = resample(np.array([1.0, np.inf, 3.0]), np.ones(3))
    assert averages[0] == np.inf
    assert np.isnan(averages[2])


def halves(rng: np.random.Generator, averages: int) -> np.ndarray:
    return rng.normal(size=(averages, GROUPS, 2)) + 3.0


def test_equal_halves_differ_as_often_as_the_chance_says() -> None:
    rng = np.random.default_rng(5)
    alarms = sum(compare_halves(halves(rng, 12), 0.05).apart.any() for _ in range(2000))
    assert 65 < alarms < 135


def test_the_average_that_differs_is_found_among_others() -> None:
    values = halves(np.random.default_rng(6), 40)
    values[7, :, 0] += 2.5
    found = compare_halves(values, 1e-3)
    assert np.flatnonzero(found.apart).tolist() == [7]
    assert found.gaps[7] == pytest.approx(2.5, abs=4 * found.errors[7])
    assert found.errors[7] == pytest.approx(np.sqrt(2 / GROUPS), rel=0.5)


def test_rounding_is_no_difference_and_one_without_noise_is() -> None:
    values = np.full((2, GROUPS, 2), 0.1)
    values[0, ::2, 0] += 1e-16
    values[1, :, 0] += 1e-3
    assert compare_halves(values, 1e-3).apart.tolist() == [False, True]
    assert not compare_halves(np.zeros((0, GROUPS, 2)), 1e-3).apart.size


@pytest.mark.parametrize(("change", "constant"), [(0.0, True), (1e-15, True), (1e-9, False)])
def test_a_record_is_constant_within_rounding(change: float, constant: bool) -> None:
    assert constant_record(np.full(GROUPS, 0.7) + change * np.arange(GROUPS)) is constant
    assert constant_record(np.zeros(GROUPS))


@pytest.mark.parametrize("draws", [2, 3, 8])
def test_the_error_of_few_draws_covers_as_often_as_that_of_many(draws: int) -> None:
    """68.27 % within one error; the standard error alone covers 50 % with two draws."""
    random = np.random.default_rng(draws)
    means = [mean_of_draws(row) for row in random.normal(size=(4000, draws))]
    covered = np.mean([abs(mean.value) < mean.error for mean in means])
    assert covered == pytest.approx(0.6827, abs=4 * np.sqrt(0.6827 * 0.3173 / 4000))
    assert means[0].widened == pytest.approx({2: 1.837, 3: 1.321, 8: 1.077}[draws], abs=1e-3)
