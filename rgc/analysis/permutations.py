"""The permutations of states that leave a function of two states unchanged, by their generators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rgc.errors import Problem, SpecError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_TRIALS = 100_000
"""The largest number of images of states that are tried for one generator."""


def generators(weight: Floats, tolerance: float) -> tuple[Integers, ...]:
    """Generators of the permutations g with |weight[g a, g b] - weight[a, b]| <= tolerance.

    They are found from the last state to the first, by the chain of stabilisers (Sims 1970): for
    each state k and each j > k that the generators so far do not relate to it, one that leaves all
    states before k in place and carries k to j, where there is one. There are fewer than q of them.
    """
    q = len(weight)
    colours = _colours(weight, tolerance)
    rows = np.concatenate([np.diag(colours)[:, None], np.sort(colours, axis=1)], axis=1)
    kinds = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    found: list[Integers] = []
    for k in range(q - 1, -1, -1):
        alike = (colours[k:, :k] == colours[k, :k]).all(axis=1) & (kinds[k:] == kinds[k])
        related = orbits(q, found)
        for j in map(int, k + np.flatnonzero(alike)):
            if related[j] != related[k]:
                image = _carrying(colours, kinds, k, j)
                if image is not None:
                    found.append(image)
                    related = orbits(q, found)
    return tuple(found)


def orbits(count: int, images: Sequence[Integers]) -> Integers:
    """The number of the orbit of each of `count` things under permutations of them."""
    here = np.tile(np.arange(count), len(images))
    there = np.concatenate([*images, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    graph = coo_array((np.ones(len(here)), (here, there)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def orbits_of_pairs(count: int, images: tuple[Integers, ...]) -> Integers:
    """The number of the orbit of each pair of states [count, count]."""
    pairs = [(image[:, None] * count + image[None, :]).ravel() for image in images]
    return orbits(count**2, pairs).reshape(count, count)


def _colours(weight: Floats, tolerance: float) -> Integers:
    """The weights [q, q] by number. Those that differ by the tolerance at most have the same."""
    values, place = np.unique(weight, return_inverse=True)
    steps = np.concatenate([[0], np.cumsum(np.diff(values) > tolerance)])
    return np.asarray(steps[place].reshape(weight.shape), dtype=np.int64)


def _carrying(colours: Integers, kinds: Integers, k: int, j: int) -> Integers | None:
    """A permutation that keeps the colours, leaves the states before k in place and carries k to j:
    the exchange of the two if it does, or another one.
    """
    exchanged = np.arange(len(colours))
    exchanged[[k, j]] = j, k
    if (colours[np.ix_(exchanged, exchanged)] == colours).all():
        return exchanged
    return _extended(colours, kinds, k, j)


def _extended(colours: Integers, kinds: Integers, k: int, j: int) -> Integers | None:
    """The first such permutation, state by state, or None. `kinds` numbers the states by what every
    permutation keeps of them.
    """
    q = len(colours)
    image = np.arange(q)
    image[k] = j

    def candidates(state: int) -> Iterator[int]:
        fits = (kinds == kinds[state]) & ~np.isin(np.arange(q), image[:state])
        fits &= (colours[:, image[:state]] == colours[state, :state]).all(axis=1)
        return map(int, np.flatnonzero(fits))

    tried = [iter((j,))]
    for _ in range(MOST_TRIALS):
        state = k + len(tried) - 1
        chosen = next(tried[-1], None)
        if chosen is None:
            tried.pop()
            if not tried:
                return None
            continue
        image[state] = chosen
        if state == q - 1:
            return image
        tried.append(candidates(state + 1))
    message = f"the symmetry of {q} states is not found within {MOST_TRIALS} trials"
    hint = "take fewer states, or weights that are all different"
    raise SpecError([Problem("too-many-states", message, hint=hint)])
