"""Units as numbers: what is reduced over their states has the bits of numpy's reductions."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.flows.machines.sides import Discrete


@pytest.mark.parametrize("states", [2, 3, 5, 7, 8, 12])
def test_log_sums_and_means_have_the_bits_of_reductions(states: int) -> None:
    table = np.array([[-1.0], [1.0]]) if states == 2 else np.eye(states)
    side = Discrete(6, table)
    fields = np.random.default_rng(states).normal(0, 5, (40, 6 * side.width))
    exponents = side.exponents(fields)
    largest = exponents.max(axis=-1)
    weights = np.exp(exponents - largest[..., None])
    total = weights.sum(axis=-1)
    assert (side.log_sums(fields) == largest + np.log(total)).all()
    weights /= total[..., None]
    assert (side.means(fields) == (weights @ table).reshape(fields.shape)).all()
