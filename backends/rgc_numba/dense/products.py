"""Exact products of matrices of integers, by float64.

Its sums are exact up to 2^53. The rows of a product are therefore added up in float64 for as long
as the largest entries of both factors allow, and from there on in int64.
"""

from __future__ import annotations

import numpy as np

from rgc_numba.dense.vectors import compiled, whole_vectors

U = np.uint64
ZERO, ONE = U(0), U(1)
STEP, ACROSS, DOWN = U(8), U(512), U(128)
"""Rows of the second factor that are added at once, columns of them that stay in the first cache,
and rows of the product that stay in the second."""

EXACT, NOTHING = 2.0**53, np.int64(0)


@compiled
def add_product(a, a_down, a_across, b, b_down, b_across, unseen, rows, depth, columns, sums):
    """sums[i, j] += sum over k of a_ik b_kj, int64 with rows of so many columns.

    a_ik = a[i a_down + k a_across], likewise b, which is read less `unseen` bits, rounded.
    """
    held = U(EXACT / largest(a, b, unseen))
    step = min(STEP, held)
    for left in range(ZERO, columns, ACROSS):
        width = min(ACROSS, columns - left)
        lines, found = np.zeros((STEP, width)), np.zeros((DOWN, width))
        for top in range(ZERO, rows, DOWN):
            bottom, summed = min(top + DOWN, rows), ZERO
            for k in range(ZERO, depth, step):
                size = min(step, depth - k)
                fill(lines, b[k * b_down + left * b_across :], b_down, b_across, unseen, size)
                for i in range(top, bottom):
                    own = a[i * a_down + k * a_across :]
                    add_lines(found[i - top], own, a_across, size, lines)
                summed += size
                if summed + step > held or k + size == depth:
                    for i in range(top, bottom):
                        first = i * columns + left
                        move(found[i - top], sums[first : first + width])
                    summed = ZERO


@compiled
def largest(a, b, unseen):
    """The largest product of two entries, and at least 1."""
    one, other = np.int64(1), np.int64(1)
    for k in range(U(a.size)):
        one = max(one, abs(np.int64(a[k])))
    for k in range(U(b.size)):
        other = max(other, abs(seen(b[k], unseen)))
    return np.float64(one) * np.float64(other)


@compiled
def seen(value, unseen):
    return (np.int64(value) + ((np.int64(1) << unseen) >> np.int64(1))) >> unseen


@compiled
def fill(lines, b, down, across, unseen, size):
    """Some rows of the second factor, and zeros instead of others."""
    whole_vectors()
    lines[size:] = 0.0
    for s in range(ZERO, size):
        line, own = lines[s], b[s * down :]
        if across == ONE:
            for j in range(U(line.size)):
                line[j] = seen(own[j], unseen)
        else:
            for j in range(U(line.size)):
                line[j] = seen(own[j * across], unseen)


@compiled
def add_lines(found, a, across, size, lines):
    """Add the rows, each multiplied with an entry of the first factor."""
    whole_vectors()
    a0, a1 = entry(a, across, 0, size), entry(a, across, 1, size)
    a2, a3 = entry(a, across, 2, size), entry(a, across, 3, size)
    a4, a5 = entry(a, across, 4, size), entry(a, across, 5, size)
    a6, a7 = entry(a, across, 6, size), entry(a, across, 7, size)
    for j in range(U(found.size)):
        low = a0 * lines[0, j] + a1 * lines[1, j] + a2 * lines[2, j] + a3 * lines[3, j]
        high = a4 * lines[4, j] + a5 * lines[5, j] + a6 * lines[6, j] + a7 * lines[7, j]
        found[j] += low + high


@compiled
def entry(a, across, k, size):
    """An entry of the first factor, 0 beyond those that there are."""
    return np.float64(a[U(k) * across]) if U(k) < size else 0.0


@compiled
def move(found, sums):
    """Add sums that float64 still holds to those of int64, and begin again."""
    for j in range(U(found.size)):
        sums[j] += np.int64(found[j])
        found[j] = 0.0
