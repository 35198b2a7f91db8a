"""Clusters by union-find, one replica after the other: parents of a replica stay in the cache."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from rgc_numba.cache import load

SOURCE = '''\
import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def label(coins, bonds, rows, first, second, word, out):
    """The coin of the smallest site of each cluster, for the replicas of a word. The bonds that are
    there are listed without a branch, and join trees as Rem does (Dijkstra 1976). A parent is never
    larger than its child, so that one pass in rising order finds every root."""
    sites, edges = coins.shape[0], rows.shape[0]
    one = np.uint64(1)
    own, drawn = coins[:, word].copy(), np.empty(edges, np.uint64)
    found, parent = np.zeros(sites, np.uint64), np.empty(sites, np.int32)
    ends = first.astype(np.int32), second.astype(np.int32)
    here, there = np.empty(edges + 1, np.int32), np.empty(edges + 1, np.int32)
    for e in range(edges):
        drawn[e] = bonds[rows[e], word]
    for lane in range(64):
        shift, count = np.uint64(lane), 0
        for e in range(edges):
            here[count], there[count] = ends[0][e], ends[1][e]
            count += np.int64(drawn[e] >> shift & one)
        for site in range(sites):
            parent[site] = site
        for e in range(count):
            a, b = here[e], there[e]
            while True:
                up, across = parent[a], parent[b]
                if up == across:
                    break
                if up < across:
                    a, b, up, across = b, a, across, up
                parent[a] = across
                if a == up:
                    break
                a = up
        for site in range(sites):
            root = parent[parent[site]]
            parent[site] = root
            found[site] |= (own[root] >> shift & one) << shift
    out[:, word] = found
'''


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    return load(SOURCE)


class Clusters:
    """The routine `clusters`, with the words of replicas shared out among threads."""

    def __init__(self, pool: Callable[[], Executor], threads: int) -> None:
        self._pool, self._threads = pool, threads

    def __call__(self, coins: Any, bonds: Any, rows: Any, first: Any, second: Any) -> Any:
        """See `rgc.routines.clusters.clusters`."""
        label, out, words = _kernels().label, np.empty_like(coins), coins.shape[1]

        def work(word: int) -> None:
            label(coins, bonds, rows, first, second, word, out)

        if self._threads > 1 and words > 1:
            list(self._pool().map(work, range(words)))
        else:
            for word in range(words):
                work(word)
        return out
