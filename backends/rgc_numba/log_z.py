"""The sum over the states of a small side of a machine: one factor a unit, for many states at once.

A row of 64 states stays in the first cache while all units are gone through, and each costs one
multiplication and one addition a state.
"""

from __future__ import annotations

from functools import lru_cache
from math import fsum, log
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from rgc_numba.cache import load

Floats = NDArray[np.float64]

LARGEST = 600.0
"""The largest logarithm of a product that is kept as a number."""

SOURCE = '''\
import numpy as np
from numba import njit

LANES = 64


@njit(cache=True, nogil=True, error_model="numpy")
def log_products(p, q, last, out):
    """out[a, b] = sum_i ln(1 + sum_s p[a, i, s] q[i, s, b]). The logarithm of the product so far is
    taken after each unit that is the `last` of a group."""
    product, factor = np.empty(LANES), np.empty(LANES)
    for start in range(0, q.shape[2], LANES):
        for a in range(p.shape[0]):
            lanes = min(LANES, q.shape[2] - start)
            logs = out[a, start : start + lanes]
            logs[:] = 0.0
            product[:] = 1.0
            for i in range(q.shape[0]):
                factor[:] = 1.0
                for s in range(q.shape[1]):
                    weight = p[a, i, s]
                    row = q[i, s, start : start + lanes]
                    for b in range(lanes):
                        factor[b] += weight * row[b]
                for b in range(lanes):
                    product[b] *= factor[b]
                if last[i]:
                    for b in range(lanes):
                        logs[b] += np.log(product[b])
                    product[:] = 1.0
'''


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    return load(SOURCE)


def log_z_small_side(first: Floats, second: Floats, x: Floats, y: Floats) -> float:
    """See `rgc.routines.log_z.log_z_small_side`."""
    logs = np.empty((len(first), len(second)))
    rows = np.ascontiguousarray(np.exp(y).transpose(1, 2, 0))
    _kernels().log_products(np.exp(x), rows, _last(x, y), logs)
    logs += first[:, None] + second
    largest = float(logs.max())
    return largest + log(fsum(np.exp(logs - largest).sum(axis=1).tolist()))


def _last(x: Floats, y: Floats) -> NDArray[np.bool_]:
    """After which units the product of factors could not take another one."""
    bounds = x.max(axis=(0, 2), initial=-np.inf) + y.max(axis=(0, 2), initial=-np.inf)
    bounds = np.maximum(bounds, 0.0) + log(1 + x.shape[2])
    last, total = np.zeros(len(bounds), dtype=bool), 0.0
    for unit, bound in enumerate(bounds):
        if total + bound > LARGEST:
            last[unit - 1], total = True, 0.0
        total += bound
    last[-1:] = True
    return last
