"""Sums over chains.

Pairs of states are counted by AND and population counts, one row of a matrix at a time, so that
what changes a matrix is counted where it is used.
"""

from __future__ import annotations

import numpy as np

from rgc.program.units import MEAN_BITS
from rgc_numba.dense import sizes
from rgc_numba.dense.layers import live
from rgc_numba.dense.vectors import (
    compiled,
    longs_at,
    popcount,
    whole_vectors,
    words_at,
)

U = np.uint64
ZERO, ONE, LANE = U(0), U(1), U(6)
NOTHING, BITS = np.int64(0), np.int64(MEAN_BITS)

SLOT, KIND, X, X_WIDTH, X_ISING, Y, Y_WIDTH, Y_ISING, CHAINS, WIDTH = range(len(sizes.TERM))
CONSTANT, COUNTS, PAIRS, OUTER = map(U, (sizes.CONSTANT, sizes.COUNTS, sizes.PAIRS, sizes.OUTER))


@compiled
def totals(bits, width, features, ising, chains, out):
    """out[i]: the sum of a feature over the first chains."""
    words = (chains + U(63)) >> LANE
    for i in range(ZERO, features):
        out[i] = -np.int64(chains) if ising else NOTHING
    for w in range(ZERO, words):
        mask = live(chains, w)
        for i in range(ZERO, features):
            found = np.int64(popcount(bits[w * width + i] & mask))
            out[i] += found + found if ising else found


@compiled
def totals_of_means(means, stride, features, chains, out):
    for i in range(ZERO, features):
        out[i] = NOTHING
    for r in range(ZERO, chains):
        for i in range(ZERO, features):
            out[i] += np.int64(means[r * stride + i])


@compiled
def count_row(x, x_width, x_ising, y, y_width, y_ising, chains, i, columns, number, row, found):
    """row[j] += number * sum over chains of x_i y_j.

    With P, A and B chains where both, x and y are 1, and N of all, the sum is P, or 2 P - A, 2 P -
    B and 4 P - 2 A - 2 B + N where y, x or both are Ising units.
    """
    whole_vectors()
    for j in range(ZERO, columns):
        found[j] = ZERO
    own = ZERO
    for w in range(ZERO, (chains + U(63)) >> LANE):
        a = x[w * x_width + i] & live(chains, w)
        own += popcount(a)
        first = w * y_width
        for j in range(ZERO, columns):
            found[j] += popcount(a & y[first + j])
    times = number << np.int64(x_ising + y_ising)
    base = base_of(x_ising, y_ising, chains, own, number)
    for j in range(ZERO, columns):
        row[j] += times * np.int64(found[j]) + base


@compiled
def base_of(x_ising, y_ising, chains, own, number):
    """What is the same for all columns of a row: number (N - 2 A), or -number A where x is no Ising
    unit, and 0 where y is none."""
    base = NOTHING
    if y_ising:
        base -= (number << np.int64(x_ising)) * np.int64(own)
    if x_ising and y_ising:
        base += number * np.int64(chains)
    return base


@compiled
def count_columns(y, y_width, y_ising, chains, columns, number, row):
    """What an Ising unit x takes from every row for each column."""
    factor = number << np.int64(y_ising)
    for w in range(ZERO, (chains + U(63)) >> LANE):
        mask = live(chains, w)
        for j in range(ZERO, columns):
            row[j] -= factor * np.int64(popcount(y[w * y_width + j] & mask))


@compiled
def add_outer(term, i, columns, number, row):
    """A row of the product of two vectors of counts."""
    x, y = longs_at(term[X], i + ONE), longs_at(term[Y], columns)
    factor = number * x[i]
    for j in range(ZERO, columns):
        row[j] += factor * y[j]


@compiled
def start_row(terms, numbers, columns, row):
    """The part of a sum of terms that all rows share."""
    for j in range(ZERO, columns):
        row[j] = NOTHING
    for k in range(terms.shape[0]):
        term, number = terms[k], numbers[terms[k, SLOT]]
        if term[KIND] == CONSTANT:
            for j in range(ZERO, columns):
                row[j] += number
        elif term[KIND] == PAIRS and term[X_ISING]:
            y = words_at(term[Y], term[WIDTH])
            count_columns(y, term[Y_WIDTH], term[Y_ISING], term[CHAINS], columns, number, row)


@compiled
def sum_row(terms, numbers, i, columns, start, row, found):
    """Row i of a sum of terms."""
    whole_vectors()
    for j in range(ZERO, columns):
        row[j] = start[j]
    for k in range(terms.shape[0]):
        term, number = terms[k], numbers[terms[k, SLOT]]
        if term[KIND] == PAIRS:
            x, y = words_at(term[X], term[WIDTH]), words_at(term[Y], term[WIDTH])
            count_row(
                x, term[X_WIDTH], term[X_ISING], y, term[Y_WIDTH], term[Y_ISING],
                term[CHAINS], i, columns, number, row, found,
            )  # fmt: skip
        elif term[KIND] == OUTER:
            add_outer(term, i, columns, number, row)
        elif term[KIND] == COUNTS:
            counts = longs_at(term[X], (i + ONE) * columns)
            first = i * columns
            for j in range(ZERO, columns):
                row[j] += number * counts[first + j]


@compiled
def pairs(x, x_width, x_ising, y, y_width, y_ising, chains, rows, columns, out):
    """All counts of pairs of states, int64[row, column]."""
    start, found = np.zeros(columns, np.int64), np.empty(columns, np.uint64)
    if x_ising:
        count_columns(y, y_width, y_ising, chains, columns, np.int64(1), start)
    for i in range(ZERO, rows):
        row = out[i * columns : (i + ONE) * columns]
        for j in range(ZERO, columns):
            row[j] = start[j]
        count_row(
            x, x_width, x_ising, y, y_width, y_ising, chains, i, columns, np.int64(1), row, found
        )


@compiled
def outer(x, y, rows, columns, out):
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            out[i * columns + j] = x[i] * y[j]


@compiled
def pairs_of_means(x, x_stride, y, y_stride, chains, rows, columns, cut, out):
    """Of features int32[chain, column]; of two means the sums are `cut`."""
    for k in range(ZERO, rows * columns):
        out[k] = NOTHING
    for r in range(ZERO, chains):
        for i in range(ZERO, rows):
            own = np.int64(x[r * x_stride + i])
            if own != NOTHING:
                for j in range(ZERO, columns):
                    out[i * columns + j] += own * np.int64(y[r * y_stride + j])
    if cut:
        for k in range(ZERO, rows * columns):
            out[k] >>= BITS


@compiled
def features(bits, width, count, ising, chains, stride, out):
    """Features int32[chain, column] of states."""
    for r in range(ZERO, chains):
        at, lane = (r >> LANE) * width, r & U(63)
        for i in range(ZERO, count):
            bit = np.int32((bits[at + i] >> lane) & ONE)
            out[r * stride + i] = np.int32(bit + bit - np.int32(1)) if ising else bit


@compiled
def apply(matrix, vector, rows, columns, turned, out):
    for k in range(ZERO, columns if turned else rows):
        out[k] = NOTHING
    for i in range(ZERO, rows):
        first = i * columns
        if turned:
            for j in range(ZERO, columns):
                out[j] += matrix[first + j] * vector[i]
        else:
            total = NOTHING
            for j in range(ZERO, columns):
                total += matrix[first + j] * vector[j]
            out[i] = total
