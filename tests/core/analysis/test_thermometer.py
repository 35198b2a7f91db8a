"""Temperatures read off measured curves."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc.analysis.square_ising import kaufman
from rgc.analysis.statistics import GROUPS, resample
from rgc.analysis.thermometer import Thermometer, thermometer

Floats = NDArray[np.float64]

BETAS = np.linspace(0, 3, 41)


def resampled(means: Floats, error: float, seed: int) -> Floats:
    """float64[1 + group, value]: averages whose standard error is `error`."""
    noise = np.random.default_rng(seed).normal(size=(GROUPS, len(means)))
    return resample(means + noise * error * GROUPS**0.5, np.ones(GROUPS))


def of_a_spin(error: float, seed: int = 1) -> Thermometer:
    """tanh(beta), the energy of a bond."""
    return thermometer(BETAS, resampled(np.tanh(BETAS), error, seed), "energy")


def test_errors_are_those_of_the_value_and_of_the_curve() -> None:
    """Over 60 draws of both, the pulls of 1/beta have mean 0 and width 1."""
    pulls, beta = [], 0.731
    for seed in range(60):
        seen = resampled(np.array([np.tanh(beta)]), 0.004, 1000 + seed)[:, 0]
        found = of_a_spin(0.003, seed).read(seen)
        assert found.temperature is not None
        assert found.error is not None
        pulls.append((found.temperature - 1 / beta) / found.error)
    assert abs(np.mean(pulls)) < 4 / 60**0.5
    assert 0.75 < np.std(pulls) < 1.25


@pytest.mark.parametrize(
    ("seen", "reason"),
    [(-0.02, "infinite"), (0.001, "infinite"), (0.9999, "ends"), (np.nan, "ends")],
)
def test_what_is_out_of_range_has_a_reason(seen: float, reason: str) -> None:
    found = of_a_spin(0.003).read(resampled(np.array([seen]), 0.002, 7)[:, 0])
    assert found.temperature is None
    assert reason in found.reason


def test_a_curve_that_turns_or_is_flat_is_no_thermometer() -> None:
    turning = thermometer(BETAS, resampled(np.sin(2 * BETAS), 0.003, 2), "correlation")
    flat = thermometer(BETAS, resampled(0 * BETAS, 0.003, 3), "correlation")
    assert "does not rise" in turning.read(np.full(GROUPS + 1, 0.5)).reason
    assert "does not depend" in flat.read(np.zeros(GROUPS + 1)).reason


def test_between_knots_a_critical_energy_is_within_a_thousandth() -> None:
    """The 10 x 10 Ising model with the steps of the ladder that samples it, half a deviation of the
    energy at beta = 0.
    """
    betas = np.arange(0, 1.2, 0.5 / (2**0.5 * 10))
    values = np.array([-kaufman(beta, beta, 10, 10)[1] / beta if beta else 0.0 for beta in betas])
    known = thermometer(betas, np.tile(values, (GROUPS + 1, 1)), "energy")
    middles = (betas[2:-1] + betas[3:]) / 2
    for beta in middles:
        seen = -kaufman(beta, beta, 10, 10)[1] / beta
        found = known.read(np.full(GROUPS + 1, seen))
        assert found.temperature == pytest.approx(1 / beta, rel=1e-3)
