"""The rule that chooses the parameter of a block map, on made-up levels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rgc.analysis.free_map import FreeMap, choose_map
from rgc.analysis.headline import headline
from rgc.analysis.level_spectra import LevelSpectrum
from rgc.analysis.statistics import jackknife
from rgc.model.block_maps import CERTAIN, TRIED
from tests.core.analysis.test_headline import level

Curve = Callable[[float], float]


def families(
    before: Curve, last: Curve, noise: float = 1e-3, *, wrapped: bool = False
) -> list[tuple[LevelSpectrum, ...]]:
    """Two levels by each map, whose exponents are functions of x = tanh p."""
    return [
        (level(1, before(x), noise=noise), level(2, last(x), noise=noise, wrapped=wrapped))
        for x in np.tanh(TRIED)
    ]


def chosen(before: Curve, last: Curve, noise: float = 1e-3) -> FreeMap:
    return choose_map(TRIED, families(before, last, noise))


def test_the_parameter_at_which_levels_agree() -> None:
    """Of curves of third order the interpolation is exact: they meet at x = tanh 0.55."""
    meeting = np.tanh(0.55)

    def before(x: float) -> float:
        return 1.6 + 0.3 * (x - meeting) - 0.2 * (x - meeting) ** 3

    found = chosen(before, lambda x: 1.6 - 0.1 * (x - meeting), noise=1e-6)
    assert found.p == pytest.approx(0.55, abs=1e-5)
    assert found.error == pytest.approx(
        np.sqrt(2) * 1e-6 / 0.4 / (1 - meeting**2), rel=0.5
    )  # of the difference of two exponents, over its slope in p
    assert found.slope == pytest.approx(-0.1 * (1 - meeting**2), abs=1e-4)
    assert headline(found.steps).value == pytest.approx(1.6, abs=1e-5)


def test_the_error_of_the_parameter_is_in_that_of_the_exponent() -> None:
    """Where the last level depends on p and the one before does not, the error of the exponent at
    the meeting is that of the level before: what the last one is wrong by moves p alone."""
    found = chosen(lambda x: 1.5, lambda x: 1.5 + (x - 0.5), noise=1e-4)
    _, error = jackknife(found.steps[1].full)
    assert float(error) == pytest.approx(float(jackknife(found.steps[0].full)[1]), rel=1e-3)
    assert float(error) < 3e-4


def test_earlier_agreements_are_other_estimates() -> None:
    """Four levels on lines that meet at 1.68, 1.61 and 1.6: the last two agree by choice, and what
    the two changes leave is the error.
    """
    meetings = {0.62: 1.68, 0.533: 1.61, 0.5: 1.6}
    first, second, third = meetings.items()
    steep, middle = ((a[1] - b[1]) / (a[0] - b[0]) for a, b in ((first, second), (second, third)))
    lines = [(first, 2 * steep), (first, steep), (second, middle), (third, 0.0)]
    maps = [
        tuple(
            level(n, y + slope * (x - at), noise=1e-7)
            for n, ((at, y), slope) in enumerate(lines, 1)
        )
        for x in np.tanh(TRIED)
    ]
    found = choose_map(TRIED, maps)
    assert [float(each[0]) for each in found.earlier] == pytest.approx([1.68, 1.61], abs=1e-6)
    last = headline(found.steps, earlier=found.earlier)
    assert last.value == pytest.approx(1.6, abs=1e-6)
    ratio = 0.01 / 0.07
    assert last.systematic == pytest.approx(0.01 * ratio / (1 - ratio), rel=1e-3)
    assert "where p makes earlier levels agree" in last.rule
    assert headline(found.steps).systematic < last.systematic / 2  # what the last level alone says


@pytest.mark.parametrize(
    ("last", "p"),
    [(lambda x: 1.1 + 0.2 * x, 0.3), (lambda x: 1.4 - 0.2 * x, CERTAIN), (lambda x: 1.0, None)],
    ids=["away", "to the majority", "agree everywhere"],
)
def test_where_levels_do_not_turn_the_least_change_decides(last: Curve, p: float | None) -> None:
    found = chosen(lambda x: 1.0, last)
    assert found.error is None
    assert found.p in TRIED
    assert p is None or found.p == p
    assert "differ least" in found.rule


def test_a_map_whose_operators_do_not_fluctuate_is_left_out() -> None:
    def broken(x: float) -> float:
        return np.nan if 0.4 < x < 0.5 else 1.0 + (0.45 - x)

    found = chosen(lambda x: 1.0, broken, noise=1e-6)
    assert np.tanh(found.p) == pytest.approx(0.45, abs=1e-4)
    nowhere = chosen(lambda x: 1.0, lambda x: np.nan)
    assert nowhere.p == CERTAIN
    assert headline(nowhere.steps).value is None


def test_one_level_that_holds_the_range_decides_nothing() -> None:
    found = choose_map(TRIED, families(lambda x: 1.0, lambda x: 1 + x, wrapped=True))
    assert found.p == CERTAIN
    assert headline(found.steps).error is None
