"""Controls: data from which something is taken, to see what of a result rests on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.dichotomised import Twin, make_stationary_twin, make_twin
from rgc.analysis.quantiles import normal
from rgc.flows.data.rows import FIELD, ROWS, SITES, Rows, evened, key_of, permutation
from rgc.model.lattice import Cell
from rgc.program.draws import Key, uniforms

Floats = NDArray[np.float64]

CHUNK = 1 << 10
"""Rows of a Gaussian field at once."""

RESOLVED = 1e-6
"""A difference between two-point functions that is not worth a word."""


def shuffled_sites(rows: Rows, key: Key) -> Rows:
    """The rows with their sites permuted, all in the same way."""
    order = permutation(key_of(key, SITES), rows.sites)
    return replace(rows, states=rows.states[:, order], cells=None)


def independent(rows: Rows, key: Key) -> Rows:
    """The rows of each site permuted, of each by itself: averages stay, correlations go. Rows with
    weights are made to count alike first."""
    even = evened(rows)
    states = np.empty_like(even.states)
    for site in range(even.sites):
        states[:, site] = even.states[permutation(key_of(key, ROWS, site), even.count), site]
    return replace(even, states=states, chains=None)


def gaussian_twin(rows: Rows, key: Key) -> Rows:
    """As many rows of signs of a Gaussian field, with the averages and the two-point function of
    the rows (Macke et al. 2009, a dichotomised Gaussian).

    A site is up where its Gaussian x_i of unit variance is above a threshold t_i, P(x > t_i) the
    share of rows that are up; the correlation of x_i and x_j is the one with which both are up as
    often as in the rows. Where translations leave the distribution of the rows unchanged, averages
    are also over these.
    """
    twin = _pairwise(rows) if rows.cells is None else _stationary(rows, rows.cells)
    thresholds = np.resize(twin.thresholds, rows.sites)
    states = np.empty(rows.states.shape, dtype=np.uint8)
    for first in range(0, rows.count, CHUNK):
        here = slice(first, min(first + CHUNK, rows.count))
        drawn = _drawn(key_of(key, FIELD), here, rows.sites)
        field = drawn @ twin.root.T if rows.cells is None else _moved(drawn, twin, rows.cells)
        states[here] = field > thresholds
    return replace(rows, states=states, weights=None, chains=None, notes=_said(twin))


def _said(twin: Twin) -> tuple[str, ...]:
    if twin.apart < RESOLVED:
        return ()
    return (
        "no Gaussian field has signs with the two-point function of these data: that of the twin "
        f"differs by {twin.apart:.2g} at most",
    )


def _pairwise(rows: Rows) -> Twin:
    """From averages over rows."""
    up = rows.states.astype(np.float64)
    weights = np.ones(rows.count) if rows.weights is None else rows.weights
    weights = weights / weights.sum()
    return make_twin(weights @ up, (up * weights[:, None]).T @ up)


def _stationary(rows: Rows, cells: Cell) -> Twin:
    """From averages over rows and translations: products at a distance are a Fourier transform of
    |up(k)|^2."""
    letters, axes = rows.sites // prod(cells), tuple(range(1, 1 + len(cells)))
    total = np.zeros((*cells, letters, letters), dtype=np.complex128)
    for first in range(0, rows.count, CHUNK):
        part = rows.states[first : first + CHUNK].astype(np.float64)
        waves = np.fft.fftn(part.reshape(-1, *cells, letters), axes=axes)
        total += np.einsum("n...a,n...b->...ab", waves.conj(), waves)
    places = tuple(range(len(cells)))
    both = np.fft.ifftn(total, axes=places).real / (rows.count * prod(cells))
    up = rows.states.reshape(rows.count, -1, letters).mean(axis=(0, 1), dtype=np.float64)
    return make_stationary_twin(up, both)


def _moved(drawn: Floats, twin: Twin, cells: Cell) -> Floats:
    """The field float64[row, site] of independent normal numbers."""
    axes = tuple(range(1, 1 + len(cells)))
    waves = np.fft.fftn(drawn.reshape(len(drawn), *cells, -1), axes=axes)
    turned = np.einsum("...ab,n...b->n...a", twin.root.conj(), waves)
    return np.fft.ifftn(turned, axes=axes).real.reshape(len(drawn), -1)


def _drawn(key: Key, rows: slice, sites: int) -> Floats:
    """Independent standard normal numbers float64[row, site], the same whatever the chunks."""
    count = (rows.stop - rows.start) * sites
    return np.asarray(normal(uniforms(key, count, rows.start * sites), 0, 1)).reshape(-1, sites)


CONTROLS: Mapping[str, Callable[[Rows, Key], Rows]] = {
    "shuffle_sites": shuffled_sites,
    "independent": independent,
    "gaussian_twin": gaussian_twin,
}
"""The controls by the names that the language has for them."""
