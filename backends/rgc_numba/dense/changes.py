"""What sums over chains make of a parameter.

Rows are gone through with their padding, so that whole vectors are all there is, and the padding of
a parameter is set to 0 again.
Rows, numbers and limits are int64, or float64 where that holds every sum: a processor multiplies
vectors of these at once. The same code is compiled for both.
"""

from __future__ import annotations

import numpy as np

from rgc_numba.dense.counts import start_row, sum_row
from rgc_numba.dense.sizes import OPTIONS, TERM
from rgc_numba.dense.vectors import compiled, whole_vectors, without_bits
from rgc_numba.dense.watch import largest_of

U = np.uint64
ZERO, ONE, LINE = U(0), U(1), U(len(TERM))
NOTHING = np.int64(0)
VELOCITY, AHEAD, DECAY, SHRINK, MASK, NORM = map(U, OPTIONS.values())
MOMENTUM_BITS, DECAY_BITS = np.int64(16), np.int64(32)


@compiled
def cut(x, number, bits):
    """number x / 2^bits, cut towards 0."""
    found = without_bits(abs(x) * number, bits)
    return -found if x < NOTHING else found


@compiled
def clipped(x, limit):
    return min(max(x, -limit), limit)


@compiled
def divide(row, base, shift):
    """The sums of a row, less the bits of a gradient below the unit of parameters."""
    whole_vectors()
    for j in range(U(row.size)):
        row[j] = without_bits(row[j] + base, shift)


@compiled
def share(sums, ties, stride, classes, rows, columns):
    """Entries of one class share the sum of theirs; those of class -1 get 0."""
    total = np.zeros(classes, np.int64)
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            own = ties[i * stride + j]
            if own >= np.int32(0):
                total[U(own)] += sums[i * stride + j]
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            own = ties[i * stride + j]
            sums[i * stride + j] = total[U(own)] if own >= np.int32(0) else NOTHING


@compiled
def tie(
    old, rows, columns, stride, table, terms, numbers, shift, velocity, momentum, ahead, decay,
    shrink, norm, ties, classes, mask, use, limit, steps, has_steps, sums, largest, has_largest,
):  # fmt: skip
    """The steps of a parameter with ties, int64 with rows of `stride`, before it is changed by
    them."""
    start, mine = np.zeros(stride, np.int64), lines(table, terms)
    start_row(mine, numbers, columns, start)
    half = (np.int64(1) << shift) >> np.int64(1)
    for i in range(ZERO, rows):
        line = sums[i * stride : (i + ONE) * stride]
        divide(line, sum_row(mine, numbers, i, columns, start, line) + half, shift)
    share(sums, ties, stride, classes, rows, columns)


@compiled
def follow(velocity, row, columns, momentum, ahead, use, limit):
    """The velocity takes the row up, and the row becomes what moves the parameter."""
    whole_vectors()
    for j in range(ZERO, columns):
        u = clipped(cut(velocity[j], momentum, MOMENTUM_BITS) + row[j], limit)
        velocity[j] = u
        row[j] = row[j] + cut(u, ahead, MOMENTUM_BITS) if use & AHEAD else u


@compiled
def change_row(old, row, decay, shrink, use, limit):
    """Change the parameters of a row."""
    whole_vectors()
    for j in range(U(row.size)):
        x = clipped(row[j] + np.int64(old[j]), limit)
        if use & DECAY:
            x -= cut(x, decay, DECAY_BITS)
        left = max(abs(x) - shrink, NOTHING)
        old[j] = -left if x < NOTHING else left


@compiled
def leave(mask, row, columns):
    """Only entries that a mask leaves."""
    for j in range(ZERO, columns):
        row[j] = row[j] if mask[j] else NOTHING


@compiled
def add_row(steps, row, columns, sign):
    whole_vectors()
    for j in range(ZERO, columns):
        steps[j] = steps[j] + np.int64(row[j]) if sign else -np.int64(row[j])


@compiled
def normalise(matrix, stride, rows, columns, norm, steps, has_steps):
    """Columns whose norm is above the largest become smaller, which the steps take up."""
    squares = np.zeros(columns, np.int64)
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            part = abs(np.int64(matrix[i * stride + j])) >> np.int64(10)
            squares[j] += part * part
    for j in range(ZERO, columns):
        root = max(np.int64(np.ceil(np.sqrt(np.float64(squares[j])))), np.int64(1))
        squares[j] = root if root > norm else NOTHING
    for i in range(ZERO, rows):
        for j in range(ZERO, columns):
            if squares[j] != NOTHING:
                value = np.int64(matrix[i * stride + j])
                less = abs(value) * norm // squares[j]
                new = -less if value < NOTHING else less
                matrix[i * stride + j] = new
                if has_steps:
                    steps[i * columns + j] += new - value


@compiled
def change(
    old, rows, columns, stride, table, terms, numbers, shift, velocity, momentum, ahead, decay,
    shrink, norm, ties, classes, mask, use, limit, steps, has_steps, sums, largest, has_largest,
):  # fmt: skip
    """Change a parameter, a vector being a matrix of one row. What has its shape has rows of
    `stride`, but `steps`, which are int64 of its size. Where there are classes of ties, the steps
    are made already, in `sums`. Options that are in use name the slots of their numbers."""
    momentum = numbers[momentum] if use & VELOCITY else NOTHING
    ahead = numbers[ahead] if use & AHEAD else NOTHING
    decay = numbers[decay] if use & DECAY else NOTHING
    shrink = numbers[shrink] if use & SHRINK else NOTHING
    start, row = np.zeros(stride, numbers.dtype), np.empty(stride, numbers.dtype)
    mine, half = lines(table, terms), (np.int64(1) << shift) >> np.int64(1)
    start_row(mine, numbers, columns, start)
    for i in range(ZERO, rows):
        first, last = i * stride, (i + ONE) * stride
        kept, own = old[first:last], steps[i * columns : (i + ONE) * columns]
        if classes != ZERO:
            for j in range(ZERO, columns):
                row[j] = sums[first + j]
        else:
            divide(row, sum_row(mine, numbers, i, columns, start, row) + half, shift)
        if use & VELOCITY:
            follow(velocity[first:last], row, columns, momentum, ahead, use, limit)
        if has_steps:
            add_row(own, kept, columns, False)
        change_row(kept, row, decay, shrink, use, limit)
        for j in range(columns, stride):
            kept[j] = NOTHING
        if use & MASK:
            leave(mask[first:last], kept, columns)
        if has_steps:
            add_row(own, kept, columns, True)
    if use & NORM:
        normalise(old, stride, rows, columns, np.int64(numbers[norm]), steps, has_steps)
    if has_largest:
        largest[ZERO] = largest_of(old[: rows * stride])


@compiled
def lines(table, terms):
    """So many terms of the table."""
    return table[: LINE * terms].reshape(terms, LINE)
