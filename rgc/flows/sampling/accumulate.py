"""Sums over records and groups of replicas, reduced as they come: memory does not grow with the
length of a run.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import GROUPS

Sums = NDArray[np.int64] | NDArray[np.float64]

SERIES = 8192
"""Records kept in a time series: the first ones. Autocorrelation times that this cannot show are
beyond any run.
"""

_EXACT = 2.0**53


def products_by_group(first: Sums, second: Sums, groups: int = GROUPS) -> Sums:
    """sum over the replicas of each group of first[a] second[b]: [group, a, b] from [a, replica]
    and [b, replica].

    Exact for int64: float64 matrix products where every partial sum stays below 2^53, integers
    elsewhere. Of sums of tables, float64, it is as exact as they are.
    """
    return products(_split(first, groups), _split(second, groups))


def products(left: Sums, right: Sums) -> Sums:
    """sum over the replicas of each group, from [a, group, replica of the group] and [b, ...]. A
    group may end in zeros.
    """
    left, right = left.swapaxes(0, 1), right.swapaxes(0, 1)
    if "f" in (left.dtype.kind, right.dtype.kind):
        return np.asarray(np.matmul(left, right.swapaxes(1, 2)))
    largest = (float(np.abs(each).max(initial=0)) for each in (left, right))
    bound = prod(largest) * left.shape[-1]
    if bound < _EXACT:
        exact = np.matmul(left.astype(np.float64), right.astype(np.float64).swapaxes(1, 2))
        return np.asarray(exact.astype(np.int64))
    return np.asarray(np.matmul(left, right.swapaxes(1, 2)))


def _split(values: Sums, groups: int) -> Sums:
    """[a, replica] as [a, group, replica of the group]."""
    return values.reshape(len(values), groups, values.shape[1] // groups)
