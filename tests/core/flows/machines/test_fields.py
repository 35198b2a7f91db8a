"""Receptive fields on a torus."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.flows.machines.field_answer import _median
from rgc.flows.machines.field_couplings import field_couplings
from rgc.flows.machines.fields import (
    centre,
    half_length,
    half_lengths_of_groups,
    participation,
    root_mean_square_radius,
)
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.sides import Discrete, side
from rgc.flows.machines.tables import all_states
from rgc.language.alphabets import ALPHABETS
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


def test_half_length_of_many_fields_is_that_of_their_common_autocorrelation() -> None:
    """Moved copies of one field have its half-length, whichever group is left out. That of two
    fields lies between theirs.
    """
    field = bump(16, (3.0, 9.0), 2.0)
    moved = np.stack([np.roll(field, (k, 3 * k), axis=(0, 1)) for k in range(8)])
    found = half_lengths_of_groups(moved, np.full(8, 1 / 8), np.arange(8) // 2)
    assert found == pytest.approx(np.full(5, half_length(field)))
    both = np.stack([field, bump(16, (3.0, 9.0), 1.0)])
    whole, narrow, wide = half_lengths_of_groups(both, np.full(2, 0.5), np.arange(2))
    assert narrow == pytest.approx(half_length(both[1]))
    assert wide == pytest.approx(half_length(field))
    assert narrow < whole < wide
    mostly_wide, *_ = half_lengths_of_groups(both, np.array([0.9, 0.1]), np.arange(2))
    assert whole < mostly_wide < wide


def test_fields_that_are_alike_have_no_spread() -> None:
    """As those of a convolution are; what rounding makes of them is no error."""
    assert _median(np.array([2.0, 2.0 + 4e-16, 2.0])).error is None
    assert _median(np.array([2.0])).note == "one unit has no spread"
    assert _median(np.array([1.0, 2.0, 3.0])).error is not None


def test_couplings_of_hidden_units_by_the_distance_of_their_fields() -> None:
    """Three local fields and one over the whole lattice, which has no centre. H(h) is computed from
    all states of the hidden units.
    """
    rng = np.random.default_rng(3)
    pictures = np.stack([bump(8, at, 0.7) for at in ((0, 0), (0, 7), (4, 4))] + [np.ones((8, 8))])
    machine = Machine(
        visible=side(ALPHABETS["ising"], 64),
        hidden=side(ALPHABETS["ising"], 4),
        weights=np.ascontiguousarray(pictures.reshape(4, 64).T) * 0.4,
        visible_bias=rng.normal(size=64) * 0.1,
        hidden_bias=np.zeros(4),
    )
    found = field_couplings(machine, pictures)
    assert found.centres == 3
    assert found.distances == pytest.approx([1, np.hypot(4, 3), np.hypot(4, 4)], abs=1e-6)
    assert isinstance(machine.hidden, Discrete)
    states = all_states(machine.hidden)
    signs = machine.hidden.features(states)
    energies = -machine.hidden_energies(signs)
    expected = [(energies * signs[:, i] * signs[:, k]).mean() for i, k in ((0, 1), (1, 2), (0, 2))]
    assert found.pairs == pytest.approx(expected, abs=1e-12)
    assert found.pairs[0] > 10 * abs(found.pairs[2])
