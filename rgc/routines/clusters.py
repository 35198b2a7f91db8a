"""Clusters of sites that bonds connect, in many replicas at once."""

from __future__ import annotations

from typing import Any

import numpy as np

LANES = 64
"""Replicas of a word."""


def clusters(coins: Any, bonds: Any, rows: Any, first: Any, second: Any) -> Any:
    """For each site and replica the coin of the smallest site of its cluster.

    Bit r of coins u64[site, word] is that of replica 64 w + r. Bond e is there in the replicas of
    bonds[rows[e]], u64[row, word], and connects the sites first[e] and second[e], int64[bond]. The
    arrays are those of NumPy on every backend, and so is the answer, u64[site, word].
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    sites, words = coins.shape
    found = np.empty((words, LANES, sites), dtype=bool)
    for word in range(words):
        lane, bond = np.nonzero(_bits(bonds[rows, word]))
        ends = lane * sites + first[bond], lane * sites + second[bond]
        size = (LANES * sites, LANES * sites)
        graph = coo_array((np.ones(len(bond), np.int8), ends), shape=size)
        _, label = connected_components(graph, directed=False)
        _, smallest = np.unique(label, return_index=True)
        found[word] = _bits(coins[:, word]).reshape(-1)[smallest[label]].reshape(LANES, sites)
    octets = np.packbits(found, axis=1, bitorder="little").transpose(2, 0, 1)
    return np.ascontiguousarray(octets).view("<u8")[..., 0].astype(np.uint64)


def _bits(words: Any) -> Any:
    """bool[lane, k] of words u64[k]."""
    octets = np.ascontiguousarray(words.astype("<u8")).view(np.uint8).reshape(-1, LANES // 8)
    return np.unpackbits(octets, axis=1, bitorder="little").T.astype(bool)
