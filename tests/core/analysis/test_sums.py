"""Sums over groups of replicas are exact whole numbers, whichever way they are computed."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.analysis.statistics import GROUPS
from rgc.flows.sampling.accumulate import products_by_group


@pytest.mark.parametrize("largest", [100, 2**30])
def test_products_are_exact_for_small_and_for_large_sums(largest: int) -> None:
    """The second case is beyond what float64 holds exactly."""
    random = np.random.default_rng(4)
    first, second = (random.integers(-largest, largest, size=(n, 4 * GROUPS)) for n in (3, 2))
    found = products_by_group(first, second)
    assert found.shape == (GROUPS, 3, 2)
    for group in range(GROUPS):
        mine = range(4 * group, 4 * group + 4)
        exact = [[sum(int(a[r]) * int(b[r]) for r in mine) for b in second] for a in first]
        assert found[group].tolist() == exact
