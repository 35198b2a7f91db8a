"""Sums over records and groups of replicas, reduced as they come: memory does not grow with the
length of a run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import GROUPS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SERIES = 8192
"""Records kept in a time series: the first ones. Autocorrelation times that this cannot show are
beyond any run.
"""

_EXACT = 2.0**53


def products_by_group(first: Ints, second: Ints) -> Ints:
    """sum over the replicas of each group of first[a] second[b]: int64[group, a, b] from int64[a,
    replica] and int64[b, replica].

    Exact: float64 matrix products where every partial sum stays below 2^53, integers elsewhere.
    """
    left, right = _split(first), _split(second)
    bound = (
        float(np.abs(first).max(initial=0)) * float(np.abs(second).max(initial=0)) * left.shape[-1]
    )
    if bound < _EXACT:
        exact = np.matmul(left.astype(np.float64), right.astype(np.float64).swapaxes(1, 2))
        return np.asarray(exact.astype(np.int64))
    return np.asarray(np.matmul(left, right.swapaxes(1, 2)))


def _split(values: Ints) -> Ints:
    """int64[a, replica] as int64[group, a, replica of the group]."""
    return values.reshape(len(values), GROUPS, -1).swapaxes(0, 1)
