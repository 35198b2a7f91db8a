"""Callen's equations for couplings, on counts that are known."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.callen import Surroundings, callen_couplings
from rgc.analysis.statistics import GROUPS, jackknife

FIELDS = np.array([[x, y] for x in (-4, -2, 0, 2, 4) for y in (-2, 0, 2)])


def seen(K: list[float], each: int = 10**12) -> Surroundings:
    """As often up and down as the couplings say, among all surroundings alike."""
    up = np.rint(each / (1 + np.exp(-2 * FIELDS @ np.array(K)))).astype(np.int64)
    return Surroundings(FIELDS, np.tile(up, (GROUPS, 1)), np.tile(each - up, (GROUPS, 1)))


@pytest.mark.parametrize("K", [[0.44, -0.1], [0.0, 0.0], [1.5, 0.7]])
def test_the_couplings_are_found(K: list[float]) -> None:
    found = callen_couplings(seen(K))
    assert found.shape == (1 + GROUPS, 2)
    assert found == pytest.approx(np.tile(K, (1 + GROUPS, 1)), abs=1e-8)
    assert jackknife(found)[1] == pytest.approx([0, 0], abs=1e-9)


def test_they_make_the_pseudo_likelihood_largest() -> None:
    up = np.random.default_rng(1).integers(1, 50, (GROUPS, len(FIELDS)))
    drawn = Surroundings(FIELDS, up, 50 - up)
    best = callen_couplings(drawn)[0]

    def likelihood(K: np.ndarray) -> float:
        h = FIELDS @ K
        return float(
            drawn.up.sum(0) @ -np.log1p(np.exp(-2 * h))
            - drawn.down.sum(0) @ np.log1p(np.exp(2 * h))
        )

    for change in np.concatenate([np.eye(2), -np.eye(2)]):
        assert likelihood(best + 1e-3 * change) < likelihood(best)


def test_a_smaller_basis_is_a_sum_over_what_it_does_not_see() -> None:
    both = seen([0.3, 0.2], 1000)
    one = both.only(1)
    assert one.fields.tolist() == [[-4], [-2], [0], [2], [4]]
    assert one.up.sum() == both.up.sum()
    assert abs(callen_couplings(one)[0, 0] - 0.3) < 0.05  # the rest is in part carried by it


def test_what_no_configuration_speaks_against_is_not_known() -> None:
    up = np.where(FIELDS[:, 0] > 0, 10, 0) * np.ones((GROUPS, 1), np.int64)
    down = np.where(FIELDS[:, 0] < 0, 10, 0) * np.ones((GROUPS, 1), np.int64)
    assert np.isnan(callen_couplings(Surroundings(FIELDS, up, down))).all()
