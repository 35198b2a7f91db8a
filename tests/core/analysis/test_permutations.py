"""Generators of the symmetry of a function of two states, against all permutations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc.analysis import permutations as permutations_of_states
from rgc.analysis.permutations import generators, orbits_of_pairs
from rgc.errors import SpecError


def same_partition(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether two numberings of pairs put the same pairs together."""
    both = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1).shape[1]
    return both == len(np.unique(one)) == len(np.unique(other))


def by_all_permutations(weight: NDArray[np.float64]) -> NDArray[np.int64]:
    q = len(weight)
    orders = [
        order
        for order in map(list, permutations(range(q)))
        if np.array_equal(weight[np.ix_(order, order)], weight)
    ]
    images = [np.add.outer(np.array(order) * q, order) for order in orders]
    return np.asarray(np.min(images, axis=0))


@pytest.mark.parametrize("seed", range(60))
def test_orbits_are_those_of_all_permutations(seed: int) -> None:
    generator = np.random.default_rng(seed)
    q = int(generator.integers(2, 7))
    weight = generator.integers(0, generator.integers(2, 4), (q, q)).astype(float)
    weight = weight + weight.T
    found = generators(weight, 1e-12)
    assert all(np.array_equal(weight[np.ix_(order, order)], weight) for order in found)
    assert same_partition(orbits_of_pairs(q, found), by_all_permutations(weight))


def test_two_exchanges_that_hold_only_together() -> None:
    """Four states of two Ising spins with unequal couplings."""
    spins = np.array([(a, b) for a in (1, -1) for b in (1, -1)], dtype=float)
    weight = spins[:, :1] * spins[:, 0] * 0.3 + spins[:, 1:] * spins[:, 1] * 0.5
    orbit = orbits_of_pairs(4, generators(weight, 1e-12))
    assert len(np.unique(orbit)) == 4


@pytest.mark.parametrize("q", [9, 64, 256])
def test_many_states(q: int) -> None:
    """A permutation that all are, and one of the dihedral group of a clock."""
    states = np.arange(q)
    clock = np.cos(2 * np.pi * (states[:, None] - states) / q)
    assert orbits_of_pairs(q, generators(np.eye(q), 1e-12)).max() + 1 == 2
    assert orbits_of_pairs(q, generators(clock, 1e-10)).max() + 1 == q // 2 + 1


def test_a_search_that_is_given_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that came out too small would mix the sectors without a word."""
    monkeypatch.setattr(permutations_of_states, "MOST_TRIALS", 3)
    states = np.arange(9)
    clock = np.cos(2 * np.pi * (states[:, None] - states) / 9)
    with pytest.raises(SpecError, match="not found within 3 trials"):
        generators(clock, 1e-10)
