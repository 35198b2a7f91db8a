"""Sums over chains, and the changes that they make.

Pairs of states are counted by AND and population counts, one row of a matrix at a time, so that
what changes a matrix is counted where it is used.
"""

from __future__ import annotations

import numpy as np

from rgc_numba.dense.layers import live
from rgc_numba.dense.vectors import (
    LANES,
    compiled,
    ints_at,
    longs_at,
    popcount,
    transpose_block,
    whole_vectors,
    words_at,
)

U = np.uint64
ZERO, ONE, LANE = U(0), U(1), U(6)
NOTHING = np.int64(0)
BLOCK, BYTES = U(LANES), U(4)

SLOT, KIND, X, X_WIDTH, X_ISING, Y, Y_WIDTH, Y_ISING, CHAINS, WIDTH = range(10)
"""Columns of the table of terms. The kind says what a term is made of."""

CONSTANT, COUNTS, PAIRS, OUTER = U(0), U(1), U(2), U(3)

TURNED = U(15)
"""So many rows less one are turned together."""


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
    base = NOTHING
    if y_ising:
        base -= (number << np.int64(x_ising)) * np.int64(own)
    if x_ising and y_ising:
        base += number * np.int64(chains)
    for j in range(ZERO, columns):
        row[j] += times * np.int64(found[j]) + base


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
def pairs_of_means(x, x_stride, y, y_stride, chains, rows, columns, out):
    """Of features int32[chain, column]."""
    for k in range(ZERO, rows * columns):
        out[k] = NOTHING
    for r in range(ZERO, chains):
        for i in range(ZERO, rows):
            own = np.int64(x[r * x_stride + i])
            if own != NOTHING:
                for j in range(ZERO, columns):
                    out[i * columns + j] += own * np.int64(y[r * y_stride + j])


@compiled
def features(bits, width, count, ising, chains, stride, out):
    """Features int32[chain, column] of states."""
    for r in range(ZERO, chains):
        at, lane = (r >> LANE) * width, r & U(63)
        for i in range(ZERO, count):
            bit = np.int32((bits[at + i] >> lane) & ONE)
            out[r * stride + i] = np.int32(bit + bit - np.int32(1)) if ising else bit


@compiled
def cut(x, number, shift):
    """number x / 2^shift, cut towards 0."""
    found = (abs(x) * number) >> shift
    return -found if x < NOTHING else found


@compiled
def clipped(x, limit):
    return min(max(x, -limit), limit)


@compiled
def tie(sums, ties, classes, size):
    """Entries of one class share the sum of theirs; those of class -1 get 0."""
    total = np.zeros(classes, np.int64)
    for k in range(ZERO, size):
        if ties[k] >= np.int32(0):
            total[U(ties[k])] += sums[k]
    for k in range(ZERO, size):
        sums[k] = total[U(ties[k])] if ties[k] >= np.int32(0) else NOTHING


@compiled
def change_row(old, step, size, velocity, momentum, ahead, decay, shrink, mask, use, limit):
    """The new values of a row in the place of its steps. `use` says which options there are: 1
    velocity, 2 ahead, 4 decay, 8 shrink, 16 mask."""
    if use & U(1):
        for j in range(ZERO, size):
            u = cut(np.int64(velocity[j]), momentum, np.int64(16)) + step[j]
            u = clipped(u, limit)
            velocity[j] = u
            step[j] = step[j] + cut(u, ahead, np.int64(16)) if use & U(2) else u
    for j in range(ZERO, size):
        step[j] = clipped(step[j] + np.int64(old[j]), limit)
    if use & U(4):
        for j in range(ZERO, size):
            step[j] -= cut(step[j], decay, np.int64(32))
    if use & U(8):
        for j in range(ZERO, size):
            left = max(abs(step[j]) - shrink, NOTHING)
            step[j] = -left if step[j] < NOTHING else left
    if use & U(16):
        for j in range(ZERO, size):
            step[j] = NOTHING if mask[j] == np.int32(0) else step[j]


@compiled
def normalise(matrix, rows, columns, norm):
    """Columns whose norm is above the largest become smaller."""
    squares = np.zeros(columns, np.int64)
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            part = abs(np.int64(matrix[i * columns + j])) >> np.int64(10)
            squares[j] += part * part
    for j in range(ZERO, columns):
        root = max(np.int64(np.ceil(np.sqrt(np.float64(squares[j])))), np.int64(1))
        squares[j] = root if root > norm else NOTHING
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            if squares[j] != NOTHING:
                value = np.int64(matrix[i * columns + j])
                less = abs(value) * norm // squares[j]
                matrix[i * columns + j] = np.int32(-less if value < NOTHING else less)


@compiled
def see(matrix, rows, columns, seen, stride, turned, turned_stride):
    """What units see of weights, as rows of so many columns, and turned, where there is room for
    them. Both are addresses of int32, with whole blocks of 16 rows and columns."""
    straight = ints_at(seen, rows * stride)
    for i in range(ZERO, rows):
        see_row(
            matrix[i * columns : (i + ONE) * columns],
            columns,
            straight[i * stride : (i + ONE) * stride],
        )
    turn(rows, seen, stride, turned, turned_stride)


@compiled
def see_row(row, columns, seen):
    whole_vectors()
    for j in range(ZERO, columns):
        seen[j] = seen_of(row[j])


@compiled
def seen_of(weight):
    """(M + 32) >> 6, M being at most 2^31 - 64."""
    return np.int32(np.int32(weight + np.int32(32)) >> np.int32(6))


@compiled
def turn(rows, seen, stride, turned, turned_stride):
    if turned_stride == ZERO:
        return
    for i in range(ZERO, rows, BLOCK):
        turn_rows(i, seen, stride, turned, turned_stride)


@compiled
def turn_rows(i, seen, stride, turned, turned_stride):
    """Sixteen rows, turned."""
    for j in range(ZERO, stride, BLOCK):
        source = seen + BYTES * (i * stride + j)
        target = turned + BYTES * (j * turned_stride + i)
        transpose_block(source, BYTES * stride, target, BYTES * turned_stride)


@compiled
def add_pairs(x, x_width, x_ising, y, y_width, y_ising, chains, i, columns, number, row):
    """`count_row` for factors below 2^31: a product of their halves is enough. What is the same for
    all columns is returned."""
    whole_vectors()
    words, own = (chains + U(63)) >> LANE, ZERO
    times = number << np.int64(x_ising + y_ising)
    for w in range(ZERO, words - ONE, U(2)):
        a = x[w * x_width + i]
        b = x[(w + ONE) * x_width + i]
        if w + U(2) == words:
            b &= live(chains, w + ONE)
        own += popcount(a) + popcount(b)
        first, second = w * y_width, (w + ONE) * y_width
        for j in range(ZERO, columns):
            found = popcount(a & y[first + j]) + popcount(b & y[second + j])
            row[j] += halves(times, found)
    if words & ONE:
        a = x[(words - ONE) * x_width + i] & live(chains, words - ONE)
        own += popcount(a)
        first = (words - ONE) * y_width
        for j in range(ZERO, columns):
            row[j] += halves(times, popcount(a & y[first + j]))
    base = NOTHING
    if y_ising:
        base -= (number << np.int64(x_ising)) * np.int64(own)
    if x_ising and y_ising:
        base += number * np.int64(chains)
    return base


@compiled
def halves(times, found):
    """The product of numbers of 32 bits."""
    return np.int64(np.int32(times)) * np.int64(np.int32(found))


@compiled
def move_row(old, step, base, shift, columns, shrink, limit, seen):
    """M + g within the limit, shrunk, and what units see of it, in int32."""
    whole_vectors()
    zero = np.int32(0)
    for j in range(ZERO, columns):
        g = np.int32((step[j] + base) >> shift)
        highest = np.int32(limit - max(g, zero))
        lowest = np.int32(-limit - min(g, zero))
        new = np.int32(min(max(old[j], lowest), highest) + g)
        left = max(np.int32(abs(new) - shrink), zero)
        new = np.int32(-left) if new < zero else left
        old[j] = new
        seen[j] = seen_of(new)


@compiled
def move(
    old, rows, columns, terms, numbers, shift, shrink, limit, seen, stride, turned, turned_stride
):  # fmt: skip
    """`change` for small steps, with no option but `shrink`, and `see`, in one pass."""
    start, step = np.empty(columns, np.int64), np.empty(columns, np.int64)
    start_row(terms, numbers, columns, start)
    straight = ints_at(seen, rows * stride)
    least, most = np.int32(min(shrink, np.int64(2**31 - 1))), np.int32(limit)
    half = (np.int64(1) << shift) >> np.int64(1)
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            step[j] = start[j]
        base = half
        for k in range(terms.shape[0]):
            t = terms[k]
            number = numbers[t[SLOT]]
            if t[KIND] == PAIRS:
                x, y = words_at(t[X], t[WIDTH]), words_at(t[Y], t[WIDTH])
                base += add_pairs(
                    x, t[X_WIDTH], t[X_ISING], y, t[Y_WIDTH], t[Y_ISING],
                    t[CHAINS], i, columns, number, step,
                )  # fmt: skip
            elif t[KIND] == OUTER:
                add_outer(t, i, columns, number, step)
        first, place = i * columns, i * stride
        kept, left = old[first : first + columns], straight[place : place + stride]
        move_row(kept, step, base, shift, columns, least, most, left)
        last = i + ONE == rows
        if turned_stride > ZERO and ((i & TURNED) == TURNED or last):
            for first in range(i & ~TURNED, i + ONE, BLOCK):
                turn_rows(first, seen, stride, turned, turned_stride)


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


@compiled
def change(
    old, rows, columns, terms, numbers, shift, velocity, momentum, ahead, decay, shrink, norm,
    ties, classes, mask, use, limit, steps, sums,
):  # fmt: skip
    """Change a parameter, a vector being a matrix of one row. `steps`, and `sums` where there are
    ties, are int64 of its size; steps of no size are not kept."""
    whole_vectors()
    start, row, found = (
        np.empty(columns, np.int64),
        np.empty(columns, np.int64),
        np.empty(columns, np.uint64),
    )
    start_row(terms, numbers, columns, start)
    half = (np.int64(1) << shift) >> np.int64(1)
    if classes > ZERO:
        for i in range(ZERO, rows):
            line = sums[i * columns : (i + ONE) * columns]
            sum_row(terms, numbers, i, columns, start, line, found)
            for j in range(ZERO, columns):
                line[j] = (line[j] + half) >> shift
        tie(sums, ties, classes, rows * columns)
    for k in range(U(steps.size)):
        steps[k] = -np.int64(old[k])
    for i in range(ZERO, rows):
        first, last = i * columns, (i + ONE) * columns
        if classes > ZERO:
            for j in range(ZERO, columns):
                row[j] = sums[first + j]
        else:
            sum_row(terms, numbers, i, columns, start, row, found)
            for j in range(ZERO, columns):
                row[j] = (row[j] + half) >> shift
        kept, moved = old[first:last], velocity[first:last]
        change_row(
            kept, row, columns, moved, momentum, ahead, decay, shrink, mask[first:last], use, limit
        )
        for j in range(ZERO, columns):
            kept[j] = row[j]
    if use & U(32):
        normalise(old, rows, columns, norm)
    for k in range(U(steps.size)):
        steps[k] += np.int64(old[k])


@compiled
def largest_of(values, size):
    most = np.int64(0)
    for k in range(ZERO, size):
        most = max(most, abs(np.int64(values[k])))
    return most
