"""Receptive fields on a torus."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.flows.machines.fields import (
    centre,
    half_length,
    participation,
    root_mean_square_radius,
)
from tests.core.flows.machines.known import Floats, given, value


def bump(length: int, at: tuple[float, float], sigma: float) -> Floats:
    """exp(-d^2 / (2 sigma^2)) on a square torus."""
    apart = [np.abs(np.arange(length) - x) for x in at]
    rows, columns = (np.minimum(d, length - d) for d in apart)
    return np.exp(-(rows[:, None] ** 2 + columns**2) / (2 * sigma**2))


def test_a_field_that_wraps_around_the_torus() -> None:
    about, known = given("field_12"), value("field_12")
    field = bump(12, tuple(about["centre"]), float(about["sigma"]))
    assert participation(field) == pytest.approx(float(known["participation"]), rel=1e-12)
    at = centre(field)
    assert at % 12 == pytest.approx([0, 11], abs=1e-9)
    radius = root_mean_square_radius(field, at)
    assert radius == pytest.approx(float(known["rms_radius"]), rel=1e-9)


def test_one_site_and_all_sites_take_part() -> None:
    assert participation(np.eye(1, 9)) == 1
    assert participation(np.full((5, 4), 2.5)) == pytest.approx(20)


def test_half_length_of_a_bump() -> None:
    """The autocorrelation of exp(-d^2 / (2 s^2)) is exp(-d^2 / (4 s^2)), less the share m of the
    mean: half of 1 - m is left where the exponential is (1 + m) / 2.
    """
    mean = 4 * np.pi * 4.0**2 / 96**2
    expected = 8 * np.sqrt(-np.log((1 + mean) / 2))
    assert half_length(bump(96, (3, 90), 4.0)) == pytest.approx(expected, rel=1e-3)


def test_half_length_does_not_see_a_constant_background() -> None:
    field = bump(24, (5, 5), 1.5)
    assert half_length(field + 10) == pytest.approx(half_length(field), rel=1e-9)


def test_half_length_of_noise_is_below_one_site() -> None:
    noise = np.random.default_rng(1).standard_normal((64, 64))
    assert 0.4 < half_length(noise) < 0.6


@pytest.mark.parametrize("field", [np.zeros((4, 4)), np.ones((4, 4))])
def test_a_field_without_shape_has_no_length(field: Floats) -> None:
    assert np.isnan(half_length(field))
