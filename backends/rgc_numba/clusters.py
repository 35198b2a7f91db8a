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
    """The coin of the smallest site of each cluster, for the replicas of a word. A parent is never
    larger than its child, so that one pass in rising order finds every root."""
    sites = coins.shape[0]
    parent = np.empty(sites, np.int32)
    for site in range(sites):
        out[site, word] = np.uint64(0)
    for lane in range(64):
        shift, one = np.uint64(lane), np.uint64(1)
        for site in range(sites):
            parent[site] = site
        for e in range(rows.shape[0]):
            if bonds[rows[e], word] >> shift & one:
                a, b = first[e], second[e]
                while parent[a] != a:
                    parent[a] = parent[parent[a]]
                    a = parent[a]
                while parent[b] != b:
                    parent[b] = parent[parent[b]]
                    b = parent[b]
                if a < b:
                    parent[b] = a
                elif b < a:
                    parent[a] = b
        for site in range(sites):
            root = parent[parent[site]]
            parent[site] = root
            out[site, word] |= (coins[root, word] >> shift & one) << shift
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
