"""What is tallied to watch a machine."""

from __future__ import annotations

import numpy as np

from rgc_numba.dense.layers import seen
from rgc_numba.dense.vectors import compiled, popcount, whole_vectors

U = np.uint64
ZERO, ONE = U(0), U(1)


@compiled
def whole(values, size, out):
    for k in range(ZERO, size):
        out[k] = values[k]


@compiled
def largest_field(fields, chains, stride, columns, out):
    most = np.int64(0)
    for r in range(ZERO, chains):
        for k in range(r * stride, r * stride + columns):
            most = max(most, abs(np.int64(fields[k])))
    out[ZERO] = most


@compiled
def mismatches(one, other, width, units, states, words, out):
    """Units and chains that differ. Two states of a softmax unit differ in two bits."""
    found = ZERO
    for w in range(ZERO, words):
        for k in range(w * width, w * width + units * states):
            found += popcount(one[k] ^ other[k])
    out[ZERO] = np.int64(found if states == ONE else found >> ONE)


@compiled
def reach(
    matrix, has_matrix, rows, letters, stride, turned, columns, bias, has_bias, out
):  # fmt: skip
    """The largest sum of absolute values over the units of a layer, and the bias."""
    result = np.int64(0)
    for j in range(ZERO, columns):
        total = abs(seen(bias[j])) if has_bias else np.int64(0)
        for i in range(ZERO, rows if has_matrix else ZERO, letters):
            most = np.int64(0)
            for a in range(i, i + letters):
                place = j * stride + a if turned else a * stride + j
                most = max(most, abs(seen(matrix[place])))
            total += most
        result = max(result, total)
    out[ZERO] = result


@compiled
def largest_of(values):
    whole_vectors()
    least, most = values[ZERO], values[ZERO]
    for k in range(U(values.size)):
        least, most = min(least, values[k]), max(most, values[k])
    return max(-np.int64(least), np.int64(most))
