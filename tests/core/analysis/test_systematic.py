"""The largest of several changes, without their statistics."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.systematic import Change, between, systematic
from rgc.program.draws import uniforms


def test_the_largest_change_is_the_error() -> None:
    assert systematic([Change(0.1), Change(-0.3), Change(0.0)]) == 0.3
    assert systematic([Change(0.8, share=1 / 16), Change(0.03)]) == pytest.approx(0.05)


def test_statistics_do_not_count_twice() -> None:
    assert systematic([Change(0.19, noise=0.1), Change(0.0, noise=0.1)]) == 0.0
    assert systematic([Change(0.5, noise=0.2), Change(0.0)]) == pytest.approx(0.3)


@pytest.mark.parametrize("changes", [[], [Change(0.0)], [Change(1.0), Change(float("nan"))]])
def test_one_change_says_nothing(changes: list[Change]) -> None:
    assert systematic(changes) is None


def test_the_noise_is_that_of_the_difference() -> None:
    """Two functions of the same averages: what they share drops out."""
    common = uniforms((1, 2), 33) * 10
    change = between(common, common + 0.25)
    assert change.size == pytest.approx(0.25)
    other = common + 0.1 * (uniforms((3, 4), 33) - 0.5)
    assert between(common, other).noise < 0.5
    assert np.std(common) > 2
