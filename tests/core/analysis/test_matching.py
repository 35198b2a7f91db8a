"""Two lattices whose blocks match, and the search between them."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.matching import Blocks, Match, match
from rgc.analysis.statistics import GROUPS, resample
from rgc.flows.sampling.critical_bracket import NARROW, REACH, STRIDE, Bracket


def blocks(x: float, levels: int, noise: float = 0.0, seed: int = 0) -> Blocks:
    """Averages that depend on b^(levels y) (x - 1) with b^y = 2, of two operators, with a variance
    of 9 and one that does not move."""
    field = 2.0**levels * (x - 1)
    drawn = noise * np.random.default_rng(seed).standard_normal((GROUPS, 3))
    drawn = resample(drawn, np.ones(GROUPS))
    average = np.array([0.5 + 0.3 * field, 0.2 - 0.1 * field, 0.7]) + drawn
    slope = np.tile([0.3 * 2.0**levels, -0.1 * 2.0**levels, 0.0], (1 + GROUPS, 1))
    return Blocks(average, slope, np.tile([9.0, 9.0, 0.0], (1 + GROUPS, 1)))


@pytest.mark.parametrize("x", [0.9, 0.99, 1.3])
def test_one_step_goes_to_where_the_scaling_field_vanishes(x: float) -> None:
    found = match(blocks(x, 3), blocks(x, 2))
    assert x + found.shift == pytest.approx(1, abs=1e-12)
    assert found.growth == pytest.approx(2)
    assert found.relevant
    assert found.direction == np.sign(x - 1)


def test_the_width_is_that_of_the_fluctuations() -> None:
    assert match(blocks(1, 3), blocks(1, 2)).width == pytest.approx(3 / 8 / np.hypot(0.3, 0.1))


def test_noise_has_no_direction() -> None:
    found = match(blocks(1, 3, 1e-3, 1), blocks(1, 2, 1e-3, 2))
    assert found.direction == 0
    assert found.near


def test_operators_that_do_not_fluctuate_say_nothing() -> None:
    still = Blocks(*(np.full((1 + GROUPS, 2), value) for value in (1.0, 0.0, 0.0)))
    found = match(still, still)
    assert not np.isfinite(found.shift).any()
    assert not found.near
    assert not found.relevant
    assert found.direction == 0


def test_a_field_that_does_not_grow_is_not_relevant() -> None:
    assert not match(blocks(1.1, 2), blocks(1.1, 2)).relevant


def told(side: int, shift: float = 0.0, *, near: bool = False) -> Match:
    """A match that sees a side of the critical point, or is near it."""
    ones = np.ones(1 + GROUPS)
    width = 2 * abs(shift) + 1 if near else abs(shift) / 2
    return Match(side * ones, shift * ones, 2 * ones, width)


def test_the_search_goes_on_until_it_has_seen_both_sides() -> None:
    below, above = [told(-1, 0.5)], [told(1, -0.5)]
    bracket = Bracket().after(1.0, below)
    assert bracket == Bracket(low=1.0)
    assert bracket.next(1.0, below) == STRIDE
    bracket = bracket.after(STRIDE, above)
    assert bracket == Bracket(1.0, STRIDE)
    assert bracket.next(STRIDE, above) == (1 + STRIDE) / 2


def test_a_stride_goes_a_few_widths_of_the_transition_at_the_most() -> None:
    """Spins that were cooled far below the critical point have domains, whatever comes then."""
    for side in (-1, 1):
        found = [told(side, 0.02), told(side, 9)]
        assert Bracket().after(1.0, found).next(1.0, found) == 1.0 - side * REACH * 0.01


def test_a_bracket_of_spins_that_had_not_settled_is_opened_again() -> None:
    found = [told(-1, 0.3, near=True)]
    shut = Bracket(0.9, 1.1)
    assert found[0].width * NARROW > 0.2
    assert shut.after(1.0, found) == Bracket()
    assert Bracket().next(1.0, found) == pytest.approx(1.3)
    wide = Bracket(0.2, 1.2)
    assert wide.after(1.0, found) == wide
    assert shut.after(1.0, [told(-1, 0.05, near=True)]) == shut


def test_a_narrow_bracket_without_a_near_pair_keeps_what_was_seen_last() -> None:
    found = [told(1, -0.5)]
    assert Bracket(1.0, 1.3).after(1.2, found) == Bracket(1.0, 1.2)
    assert Bracket(1.0, 1.3).after(1.1, found) == Bracket(high=1.1)
    assert Bracket(1.0, 1.3).after(1.25, [told(-1, 0.5)]) == Bracket(low=1.25)


def test_the_deepest_pair_that_is_near_decides() -> None:
    found = [told(-1, 0.3, near=True), told(-1, 0.1, near=True), told(0, 5.0)]
    assert Bracket().after(1.0, found) == Bracket()
    assert Bracket().next(1.0, found) == pytest.approx(1.1)


def test_a_deeper_pair_that_sees_a_side_counts_more_than_a_shallow_one_that_is_near() -> None:
    """Irrelevant fields move the place at which shallow levels agree."""
    found = [told(1, -0.01, near=True), told(-1, 0.5)]
    assert Bracket().after(1.0, found) == Bracket(low=1.0)
    assert Bracket(1.0, 1.2).next(1.0, found) == 1.1


def test_a_step_out_of_the_bracket_is_not_made() -> None:
    found = [told(-1, 0.3, near=True)]
    assert Bracket(0.9, 1.2).next(1.0, found) == pytest.approx(1.05)
