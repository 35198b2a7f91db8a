"""The rule of the headline on made-up levels."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.headline import extrapolate, headline
from rgc.analysis.level_spectra import (
    FALLING,
    FAST,
    SLOW,
    SLOWEST,
    Directions,
    LevelSpectrum,
    chain,
    directions,
    leaving,
    may_be_logarithmic,
    remaining,
    settles,
)


def level(
    number: int, *exponent: float, wrapped: bool = False, noise: float = 1e-9
) -> LevelSpectrum:
    """Leading exponents with 1, 2, ... operators, each a shell of its own; the groups scatter with
    a standard error `noise`.
    """
    random = np.random.default_rng(number)
    spectra = []
    for y in exponent:
        others = random.normal(size=32)
        others = (others - others.mean()) / others.std() * noise / np.sqrt(31)
        spectra.append(np.concatenate([[y], y + others])[:, None])
    ranges = tuple(float(n) for n in range(1, len(exponent) + 1))
    values = {n: np.exp(each).astype(complex) for n, each in enumerate(spectra, 1)}
    return LevelSpectrum(number, np.e, wrapped, ranges, values)


def test_the_last_unwrapped_level_and_the_largest_change() -> None:
    levels = [level(1, 0.99, 1.0), level(2, 1.0, 1.002)]
    found = headline([*levels, level(3, 1.0, 1.0, wrapped=True)])
    assert found.level == 2
    assert found.value == pytest.approx(1.002)
    assert found.systematic == pytest.approx(0.01, abs=1e-6)  # of one shell less at level 1
    usual, slow, fast = (remaining(np.e, falls=fall) for fall in (FALLING, SLOW, FAST))
    found = headline([*levels, level(3, 1.0, 1.1, wrapped=True)])
    assert found.systematic == pytest.approx(0.098 * usual, abs=1e-6)  # to the wrapped level
    found = headline([level(2, 1.002, 1.0), level(3, 0.97, 1.002)])
    assert found.systematic == pytest.approx(0.032, abs=1e-6)  # one shell, at either level
    found = headline([level(2, 1.1, 1.002, 1.002), level(3, 1.002, 1.002, 1.002)])
    assert found.systematic == pytest.approx(0.098 * slow, abs=1e-6)  # nothing but two levels
    found = headline([level(1, 1.2), level(2, 1.01), level(3, 1.002)])
    assert found.systematic == pytest.approx(max(0.008 * fast, 0.19 * np.exp(-2) * fast), abs=1e-6)


def test_what_is_left_follows_from_changes_that_fall() -> None:
    """Of a geometric sequence it is the distance to the limit."""
    for ratio in (0.2, 0.4):
        found = headline([level(n, 1 + ratio**n) for n in (1, 2, 3)])
        assert found.systematic == pytest.approx(ratio**3, abs=1e-6)


def test_no_single_difference_that_passes_through_zero() -> None:
    """The last change of the full basis is 0 in each; another one speaks."""
    found = headline([level(1, 0.9), level(2, 1.0), level(3, 1.0)])
    assert found.systematic == pytest.approx(0.1 * remaining(np.e, 1, FAST))
    found = headline([level(1, 0.97, 1.0), level(2, 1.0, 1.0)])
    assert found.systematic == pytest.approx(0.03)


@pytest.mark.parametrize("toward", [0.0, 0.05])
def test_a_flow_that_leaves_has_an_error_that_covers_where_it_came_from(toward: float) -> None:
    """y = 1 + toward e^(-1.5 l) + away e^l, b = e: the distance grows by e a level."""
    for away in (-0.002, *[0.0] * (toward > 0), 0.002):
        exact = [1 + toward * np.exp(-1.5 * n) + away * np.exp(n) for n in (1, 2, 3)]
        levels = [level(n, y) for n, y in enumerate(exact, 1)]
        found = chain(levels)
        assert found is not None
        assert settles(found) == (away == 0)
        error = headline(levels, Directions(growing=1.0, leaves=True)).systematic
        assert error is not None
        assert abs(exact[-1] - 1) <= error * (1 + 1e-5)
        assert error <= 1.2 * (toward * np.exp(-3.0) + abs(away) * np.exp(3.0))


def test_two_levels_that_do_not_tell_count_what_may_grow() -> None:
    """The change to the wrapped level is not seen to be smaller, though neither to be larger."""
    steps = [level(1, 0.997, noise=1e-3), level(2, 1.0, noise=1e-3)]
    after = level(3, 1.011, wrapped=True, noise=4e-3)
    found = chain([*steps, after])
    assert found is not None
    assert settles(found)
    with_it, without = headline([*steps, after], Directions(growing=1.0)), headline([*steps, after])
    assert (with_it.systematic or 0) > 0.015 > (without.systematic or 0)
    falls = [level(1, 0.997), level(2, 1.0), level(3, 1.0005, wrapped=True)]
    assert headline(falls, Directions(growing=1.0)).systematic == headline(falls).systematic


@pytest.mark.parametrize("falling", [0.1, 1.0, 3.0])
def test_the_second_eigenvalue_says_how_fast_corrections_fall(falling: float) -> None:
    """Of two levels, within the slowest that settles and the fastest of common models."""
    levels = [level(1, 0.9, 0.9), level(2, 1.0, 1.0), level(3, 1.02, 1.02, wrapped=True)]
    found = headline(levels, Directions(falling=falling)).systematic
    falls = min(max(falling, SLOWEST), FALLING)
    assert found == pytest.approx(0.1 * remaining(np.e, falls=falls), abs=1e-6)


def test_corrections_that_may_be_logarithms() -> None:
    slow = chain([level(1, 0.9), level(2, 1.0), level(3, 1.08, wrapped=True)])
    fast = chain([level(1, 0.9), level(2, 1.0), level(3, 1.03, wrapped=True)])
    noise = chain([level(n, y, noise=0.05) for n, y in enumerate([0.9, 1.0, 1.08], 1)])
    assert slow is not None
    assert fast is not None
    assert noise is not None
    assert may_be_logarithmic(slow, Directions(falling=0.5))
    assert not may_be_logarithmic(slow, Directions(falling=0.8))
    assert not may_be_logarithmic(slow, Directions())
    assert not may_be_logarithmic(fast, Directions(falling=0.5))
    assert not may_be_logarithmic(noise, Directions(falling=0.5))


def test_leaving_tells_the_two_parts_apart() -> None:
    one = np.ones(33)
    assert leaving(one * np.e**1.5, one, np.e, 1.0) == pytest.approx(1 / (np.e**1.5 - 1))
    assert leaving(one / np.e, one, np.e, 1.0) == pytest.approx(np.e / (np.e - 1))


def test_noise_does_not_unsettle_a_flow() -> None:
    """False alarms among levels at a fixed point, whose changes are noise or fall."""
    alarms = 0
    for seed in range(500):
        random = np.random.default_rng(seed)
        y = 1 + 0.02 * np.exp(-1.5 * np.arange(3)) * (seed % 2) + 0.004 * random.normal(size=3)
        found = chain([level(3 * seed + n, y[n], noise=0.004) for n in range(3)])
        assert found is not None
        alarms += not settles(found)
    assert alarms <= 5


def test_a_change_that_is_statistics_counts_once() -> None:
    found = headline([level(2, 0.995, 1.003, noise=0.004), level(3, 1.0, 1.0, noise=0.004)])
    assert found.statistical == pytest.approx(0.004, rel=1e-6)
    assert found.systematic == 0
    assert found.error == found.statistical
    found = headline([level(2, 0.995, 1.03, noise=0.004), level(3, 1.0, 1.0, noise=0.004)])
    assert 0.02 < (found.systematic or 0) < 0.035


def test_one_change_alone_gives_no_error() -> None:
    found = headline([level(2, 0.9), level(3, 1.0)])
    assert found.value is not None
    assert found.error is None
    assert "one change" in found.note
    assert headline([level(2, 0.9), level(3, 1.0), level(4, 1.0, wrapped=True)]).error is not None


def test_one_unwrapped_level_has_no_error() -> None:
    found = headline([level(1, 0.9, 0.95), level(2, 0.9, 0.9, wrapped=True)])
    assert found.value == pytest.approx(0.95)
    assert found.error is None
    assert "larger lattice" in found.note


def test_no_level_at_all() -> None:
    found = headline([])
    assert found.value is None
    assert found.note


def test_what_is_not_finite_has_no_value() -> None:
    for y in (np.nan, -np.inf):
        found = headline([level(1, 0.9), level(2, y)])
        assert found.value is None
        assert found.error is None
        assert "level 2" in found.note


def test_extrapolation_of_a_geometric_approach_is_exact() -> None:
    levels = [level(n, 1.2 - 0.5**n, 1.3 - 0.4**n) for n in (1, 2, 3)]
    found = extrapolate(levels)
    assert found is not None
    assert found.value == pytest.approx(1.3, abs=1e-6)
    assert found.systematic == pytest.approx(0.1, abs=1e-6)


def test_extrapolation_needs_three_levels_that_converge() -> None:
    assert extrapolate([level(1, 1.0), level(2, 1.1)]) is None
    found = extrapolate([level(1, 1.0), level(2, 1.1), level(3, 1.3)])
    assert found is not None
    assert found.value is None
    assert found.error is None


def test_the_second_eigenvalue_is_believed_where_it_falls() -> None:
    def found(second: float) -> float | None:
        spectra = np.tile(np.exp([1.0, second]), (33, 1)).astype(complex)
        steps = LevelSpectrum(1, np.e, False, (1.0, 2.0), {1: spectra[:, :1], 2: spectra})
        return directions([steps], 1.0, leaves=False).falling

    assert found(-0.8) == pytest.approx(0.8)
    assert found(0.1) is None
    assert directions([level(1, 1.0)], 1.0, leaves=False).falling is None
