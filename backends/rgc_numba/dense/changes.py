"""What sums over chains make of a parameter.

Any change is made in int64. One whose steps are small, with no option but `shrink`, is made in one
pass of int32, together with what units then see of the weights.
"""

from __future__ import annotations

import numpy as np

from rgc.program.dense.program import SHIFT
from rgc_numba.dense.counts import (
    CHAINS,
    KIND,
    OUTER,
    PAIRS,
    SLOT,
    WIDTH,
    X_ISING,
    X_WIDTH,
    Y_ISING,
    Y_WIDTH,
    X,
    Y,
    add_outer,
    base_of,
    start_row,
    sum_row,
)
from rgc_numba.dense.layers import live
from rgc_numba.dense.sizes import OPTIONS
from rgc_numba.dense.vectors import compiled, ints_at, popcount, whole_vectors, words_at

U = np.uint64
ZERO, ONE, LANE = U(0), U(1), U(6)
NOTHING = np.int64(0)
HALF_SEEN, UNSEEN = np.int32(1 << (SHIFT - 1)), np.int32(SHIFT)
VELOCITY, AHEAD, DECAY, SHRINK, MASK, NORM = map(U, OPTIONS.values())


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
    """The new values of a row in the place of its steps. `use` says which options there are, in the
    bits of `OPTIONS`."""
    if use & VELOCITY:
        for j in range(ZERO, size):
            u = cut(np.int64(velocity[j]), momentum, np.int64(16)) + step[j]
            u = clipped(u, limit)
            velocity[j] = u
            step[j] = step[j] + cut(u, ahead, np.int64(16)) if use & AHEAD else u
    for j in range(ZERO, size):
        step[j] = clipped(step[j] + np.int64(old[j]), limit)
    if use & DECAY:
        for j in range(ZERO, size):
            step[j] -= cut(step[j], decay, np.int64(32))
    if use & SHRINK:
        for j in range(ZERO, size):
            left = max(abs(step[j]) - shrink, NOTHING)
            step[j] = -left if step[j] < NOTHING else left
    if use & MASK:
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
    if use & NORM:
        normalise(old, rows, columns, norm)
    for k in range(U(steps.size)):
        steps[k] += np.int64(old[k])


@compiled
def see(matrix, rows, columns, seen, stride):
    """What units see of weights, as rows of so many columns at an address."""
    straight = ints_at(seen, rows * stride)
    for i in range(ZERO, rows):
        first, place = i * columns, i * stride
        see_row(matrix[first : first + columns], columns, straight[place : place + stride])


@compiled
def see_row(row, columns, seen):
    whole_vectors()
    for j in range(ZERO, columns):
        seen[j] = seen_of(row[j])


@compiled
def seen_of(weight):
    """What units see of a weight, in int32: M is at most 2^31 - 64."""
    return np.int32(np.int32(weight + HALF_SEEN) >> UNSEEN)


@compiled
def halves(times, found):
    """The product of numbers of 32 bits."""
    return np.int64(np.int32(times)) * np.int64(np.int32(found))


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
    return base_of(x_ising, y_ising, chains, own, number)


@compiled
def moved(old, g, shrink, limit):
    """M + g within the limit, shrunk, in int32."""
    zero = np.int32(0)
    highest = np.int32(limit - max(g, zero))
    lowest = np.int32(-limit - min(g, zero))
    new = np.int32(min(max(old, lowest), highest) + g)
    left = max(np.int32(abs(new) - shrink), zero)
    return np.int32(-left) if new < zero else left


@compiled
def move_row(old, step, base, shift, columns, shrink, limit, seen):
    """M + g within the limit, shrunk, and what units see of it, in int32."""
    whole_vectors()
    for j in range(ZERO, columns):
        g = np.int32((step[j] + base) >> shift)
        new = moved(old[j], g, shrink, limit)
        old[j] = new
        seen[j] = seen_of(new)


@compiled
def move(old, rows, columns, terms, numbers, shift, shrink, limit, seen, stride):
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


@compiled
def word_of(term, i, w):
    """A word of x for row i of a term, 0 where it has no such word."""
    chains = term[CHAINS]
    if w << LANE >= chains:
        return ZERO
    x = words_at(term[X], term[WIDTH])
    return x[w * term[X_WIDTH] + i] & live(chains, w)


@compiled
def words_of(term, w, columns):
    """A row of words of y; the first for a word that a term does not have."""
    place = U(8) * term[Y_WIDTH] if w << LANE < term[CHAINS] else ZERO
    return words_at(term[Y] + w * place, columns)


@compiled
def move_pair_row(
    old, start, base, a, b, c, d, u, v, x, y, plus, minus, shift, columns, shrink, limit, seen
):  # fmt: skip
    """`move_row` of two terms of pairs, each of at most two words, counted as they are used."""
    whole_vectors()
    for j in range(ZERO, columns):
        one = popcount(a & u[j]) + popcount(b & v[j])
        two = popcount(c & x[j]) + popcount(d & y[j])
        g = np.int32((start[j] + base + halves(plus, one) + halves(minus, two)) >> shift)
        new = moved(old[j], g, shrink, limit)
        old[j] = new
        seen[j] = seen_of(new)


@compiled
def is_pair(terms):
    """Whether there are two terms, of pairs, of at most 128 chains."""
    if terms.shape[0] != 2:
        return False
    both = terms[0, KIND] == PAIRS and terms[1, KIND] == PAIRS
    return both and terms[0, CHAINS] <= U(128) and terms[1, CHAINS] <= U(128)


@compiled
def move_pair(old, rows, columns, terms, numbers, shift, shrink, limit, seen, stride):
    """`move` for such terms."""
    start = np.empty(columns, np.int64)
    start_row(terms, numbers, columns, start)
    straight = ints_at(seen, rows * stride)
    least, most = np.int32(min(shrink, np.int64(2**31 - 1))), np.int32(limit)
    half = (np.int64(1) << shift) >> np.int64(1)
    s, t = terms[0], terms[1]
    plus, minus = numbers[s[SLOT]], numbers[t[SLOT]]
    u, v = words_of(s, ZERO, columns), words_of(s, ONE, columns)
    x, y = words_of(t, ZERO, columns), words_of(t, ONE, columns)
    for i in range(ZERO, rows):
        a, b = word_of(s, i, ZERO), word_of(s, i, ONE)
        c, d = word_of(t, i, ZERO), word_of(t, i, ONE)
        base = half
        base += base_of(s[X_ISING], s[Y_ISING], s[CHAINS], popcount(a) + popcount(b), plus)
        base += base_of(t[X_ISING], t[Y_ISING], t[CHAINS], popcount(c) + popcount(d), minus)
        first, place = i * columns, i * stride
        move_pair_row(
            old[first : first + columns], start, base, a, b, c, d, u, v, x, y,
            plus << np.int64(s[X_ISING] + s[Y_ISING]), minus << np.int64(t[X_ISING] + t[Y_ISING]),
            shift, columns, least, most, straight[place : place + stride],
        )  # fmt: skip
