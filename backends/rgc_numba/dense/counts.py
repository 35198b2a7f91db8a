"""Sums over chains.

Pairs of states are counted by AND and population counts, one row of a matrix at a time, so that
what changes a matrix is counted where it is used.
"""

from __future__ import annotations

import numpy as np

from rgc.program.units import MEAN_BITS as BITS_OF_MEANS
from rgc_numba.dense import products, sizes
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
NOTHING, MEAN_BITS = np.int64(0), np.int64(BITS_OF_MEANS)

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
def count_row(x, x_width, x_ising, y, y_width, y_ising, chains, i, number, row):
    """row[j] += number * sum over chains of x_i y_j, but for what all columns share, which is
    returned.

    With P, A and B chains where both, x and y are 1, and N of all, the sum is P, or 2 P - A, 2 P -
    B and 4 P - 2 A - 2 B + N where y, x or both are Ising units.
    """
    whole_vectors()
    words, own, size = (chains + U(63)) >> LANE, ZERO, U(row.size)
    times = number * np.int64(ONE << U(x_ising + y_ising))
    for w in range(ZERO, words - ONE, U(2)):
        a, b = x[w * x_width + i], x[(w + ONE) * x_width + i] & live(chains, w + ONE)
        own += popcount(a) + popcount(b)
        first, second = w * y_width, (w + ONE) * y_width
        for j in range(size):
            both = popcount(a & y[first + j]) + popcount(b & y[second + j])
            row[j] += times * np.int64(both)
    if words & ONE:
        a = x[(words - ONE) * x_width + i] & live(chains, words - ONE)
        own += popcount(a)
        first = (words - ONE) * y_width
        for j in range(size):
            row[j] += times * np.int64(popcount(a & y[first + j]))
    less = np.int64(own) << np.int64(x_ising)
    return number * ((np.int64(chains) if x_ising else NOTHING) - less if y_ising else NOTHING)


@compiled
def count_columns(y, y_width, y_ising, chains, columns, number, row):
    """What an Ising unit x takes from every row for each column."""
    factor = number * np.int64(ONE << U(y_ising))
    for w in range(ZERO, (chains + U(63)) >> LANE):
        mask = live(chains, w)
        for j in range(ZERO, columns):
            row[j] -= factor * np.int64(popcount(y[w * y_width + j] & mask))


@compiled
def add_outer(term, i, columns, number, row):
    """A row of the product of two vectors of counts."""
    x, y = longs_at(term[X], i + ONE), longs_at(term[Y], columns)
    add_counts(y, columns, number * x[i], row)


@compiled
def add_counts(counts, columns, number, row):
    whole_vectors()
    for j in range(ZERO, columns):
        row[j] += number * counts[j]


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
def sum_row(terms, numbers, i, columns, start, row):
    """Row i of a sum of terms. Numbers and rows are int64, or float64 where that holds all sums."""
    for j in range(U(row.size)):
        row[j] = start[j]
    base = NOTHING
    for k in range(terms.shape[0]):
        term, number = terms[k], numbers[terms[k, SLOT]]
        if term[KIND] == PAIRS:
            x, y = words_at(term[X], term[WIDTH]), words_at(term[Y], term[WIDTH])
            base += count_row(
                x, term[X_WIDTH], term[X_ISING], y, term[Y_WIDTH], term[Y_ISING],
                term[CHAINS], i, number, row,
            )  # fmt: skip
        elif term[KIND] == OUTER:
            add_outer(term, i, columns, number, row)
        elif term[KIND] == COUNTS:
            add_counts(longs_at(term[X], (i + ONE) * columns)[i * columns :], columns, number, row)
    return base


@compiled
def pairs(x, x_width, x_ising, y, y_width, y_ising, chains, rows, columns, out):
    """All counts of pairs of states, int64[row, column]."""
    start, one = np.zeros(columns, np.int64), np.int64(1)
    if x_ising:
        count_columns(y, y_width, y_ising, chains, columns, one, start)
    for i in range(ZERO, rows):
        row = out[i * columns : (i + ONE) * columns]
        row[:] = start
        base = count_row(
            x, x_width, x_ising, y, y_width, y_ising, chains, i, one, row
        )  # fmt: skip
        for j in range(ZERO, columns):
            row[j] += base


@compiled
def pairs_of_means(x, x_stride, y, y_stride, chains, rows, columns, cut, out):
    """All sums of products of means or states, int64[row, column], each divided by 2^15 and `cut`
    where both are means."""
    a, b, sums = x[: chains * x_stride], y[: chains * y_stride], out[: rows * columns]
    sums[:] = NOTHING
    products.add_product(a, ONE, x_stride, b, y_stride, ONE, NOTHING, rows, chains, columns, sums)
    if cut:
        for k in range(ZERO, rows * columns):
            sums[k] >>= MEAN_BITS


@compiled
def outer(x, y, rows, columns, out):
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            out[i * columns + j] = x[i] * y[j]


@compiled
def widened(x, coarse):
    """The sum that is nearest to its coarse part of those that wrap to x."""
    near = np.int64(coarse) << np.int64(sizes.COARSE)
    return near + np.int64(np.int32(np.int64(x) - near))


@compiled
def widen(x, coarse, wraps, stride, rows, columns, turned, out):
    """out[row, column], or transposed if `turned`: sums of which the coarse part is there if they
    may have wrapped.
    Some rows at a time fill whole lines of the result."""
    down, across = (ONE, rows) if turned else (columns, ONE)
    for top in range(ZERO, rows, U(32)):
        for j in range(ZERO, columns):
            for i in range(top, min(top + U(32), rows)):
                k = i * stride + j
                own = widened(x[k], coarse[k]) if wraps else np.int64(x[k])
                out[i * down + j * across] = own


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
