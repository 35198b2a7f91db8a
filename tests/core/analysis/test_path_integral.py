"""Integrals of what was measured along a path."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.path_integral import integral
from rgc.analysis.statistics import GROUPS, jackknife, resample

X = np.linspace(0, 1, 9)


def test_a_smooth_function_is_integrated_within_its_error() -> None:
    found, error = integral(np.tile(np.exp(2 * X), (1 + GROUPS, 1)))
    exact = (np.exp(2) - 1) / 2
    assert error is not None
    assert 0 < abs(found[0] - exact) < error < 1e-3


def test_cubics_are_exact_and_noise_is_statistics() -> None:
    found, error = integral(np.tile(X**3, (1 + GROUPS, 1)))
    assert found == pytest.approx(0.25, abs=1e-15)
    assert error == pytest.approx(0, abs=1e-15)
    drawn = X + 1e-2 * np.random.default_rng(1).standard_normal((GROUPS, len(X)))
    value, spread = jackknife(integral(resample(drawn, np.ones(GROUPS)))[0])
    assert abs(value - 0.5) < 4 * spread
    assert 3e-4 < spread < 1e-3


def test_what_was_not_measured_gives_no_error() -> None:
    values = np.tile(X, (1 + GROUPS, 1))
    values[:, 3] = np.nan
    assert integral(values)[1] is None
