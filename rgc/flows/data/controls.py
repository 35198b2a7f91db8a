"""Controls: data from which something is taken, to see what of a result rests on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.dichotomised import correlations_of_signs, thresholds_of
from rgc.analysis.quantiles import normal
from rgc.flows.data.rows import FIELD, ROWS, SITES, Rows, evened, key_of, permutation
from rgc.program.draws import Key, uniforms

Floats = NDArray[np.float64]

CHUNK = 1 << 12
"""Rows of a Gaussian field at once."""


def shuffled_sites(rows: Rows, key: Key) -> Rows:
    """The rows with their sites permuted, all in the same way."""
    order = permutation(key_of(key, SITES), rows.sites)
    return replace(rows, states=rows.states[:, order])


def independent(rows: Rows, key: Key) -> Rows:
    """The rows of each site permuted, of each by itself: averages stay, correlations go. Rows with
    weights are made to count alike first."""
    even = evened(rows)
    states = np.empty_like(even.states)
    for site in range(even.sites):
        states[:, site] = even.states[permutation(key_of(key, ROWS, site), even.count), site]
    return replace(even, states=states)


def gaussian_twin(rows: Rows, key: Key) -> Rows:
    """As many rows of signs of a Gaussian field, with the averages and the two-point function of
    the rows (Macke et al. 2009, a dichotomised Gaussian).

    A site is up where its Gaussian x_i of unit variance is above a threshold t_i, P(x > t_i) the
    share of rows that are up; the correlation of x_i and x_j is the one with which both are up as
    often as in the rows. Where these correlations are those of no Gaussian field, they are replaced
    by near ones that are.
    """
    up = rows.states.astype(np.float64)
    weights = np.ones(rows.count) if rows.weights is None else rows.weights
    weights = weights / weights.sum()
    thresholds = thresholds_of(weights @ up)
    both = (up * weights[:, None]).T @ up
    root = correlations_of_signs(thresholds, both)
    states = np.empty(rows.states.shape, dtype=np.uint8)
    for first in range(0, rows.count, CHUNK):
        here = slice(first, min(first + CHUNK, rows.count))
        normal = _normal(key_of(key, FIELD), here, rows.sites)
        states[here] = normal @ root.T > thresholds
    return replace(rows, states=states, weights=None)


def _normal(key: Key, rows: slice, sites: int) -> Floats:
    """Independent standard normal numbers float64[row, site], the same whatever the chunks."""
    count = (rows.stop - rows.start) * sites
    return np.asarray(normal(uniforms(key, count, rows.start * sites), 0, 1)).reshape(-1, sites)


CONTROLS: Mapping[str, Callable[[Rows, Key], Rows]] = {
    "shuffle_sites": shuffled_sites,
    "independent": independent,
    "gaussian_twin": gaussian_twin,
}
"""The controls by the names that the language has for them."""
