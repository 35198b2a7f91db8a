"""Sums for each replica as vertical counters of bit planes.

A vertical counter holds one small integer for each bit of `width` words, one plane of words for
each binary digit. It takes eight words for each of its places at a time: seven full adders reduce
those to one carry, and carries are added in pairs.
"""

from __future__ import annotations

WIDTH = 64
"""Words of a vertical counter, about."""

HELPERS = '''

@compiled
def eights(row, first, counter, carry, width):
    """Add the 8 * width words from `first` on to a counter of `width` places; `carry` gets what
    goes into the plane of eights."""
    step = np.uint64(width)
    for j in range(width):
        i = first + np.uint64(j)
        o, t, f = counter[0, j], counter[1, j], counter[2, j]
        x, y = row[i], row[i + step]
        h = x ^ y
        c1 = (x & y) | (h & o)
        o ^= h
        i += step + step
        x, y = row[i], row[i + step]
        h = x ^ y
        c2 = (x & y) | (h & o)
        o ^= h
        i += step + step
        x, y = row[i], row[i + step]
        h = x ^ y
        c3 = (x & y) | (h & o)
        o ^= h
        i += step + step
        x, y = row[i], row[i + step]
        h = x ^ y
        c4 = (x & y) | (h & o)
        counter[0, j] = o ^ h
        h = c1 ^ c2
        d1 = (c1 & c2) | (h & t)
        t ^= h
        h = c3 ^ c4
        d2 = (c3 & c4) | (h & t)
        counter[1, j] = t ^ h
        h = d1 ^ d2
        carry[j] = (d1 & d2) | (h & f)
        counter[2, j] = f ^ h


@compiled
def pair(plane, other, carry, size):
    """Full adder of three rows; the sum stays in `plane`, the carry in `carry`."""
    for j in range(size):
        x, y, z = plane[j], other[j], carry[j]
        h = x ^ y
        plane[j] = h ^ z
        carry[j] = (x & y) | (h & z)


@compiled
def collect(row, first, fill, counter, pending, carry, batch):
    """Add the `fill` words from `first` on, at most 8 for each place, to a counter that has had
    `batch` such batches before.

    A plane of a counter is cleared when it is first needed.
    """
    width = carry.shape[0]
    for j in range(fill, 8 * width):
        row[first + np.uint64(j)] = ZERO
    if batch == 0:
        counter[:3] = ZERO
    eights(row, first, counter, carry, width)
    level = 3
    while batch & 1:
        pair(counter[level], pending[level], carry, width)
        batch >>= 1
        level += 1
    if batch == 0:
        counter[level] = ZERO
    for j in range(width):
        pending[level, j] = carry[j]


@compiled
def lanes(counter, pending, carry, batch, words, sums, base):
    """Add the integers of a counter that has had `batch` batches to sums[base:], one entry for each
    bit of `words` words."""
    width = carry.shape[0]
    top = 3
    while batch >> (top - 3):
        top += 1
    carry[:] = ZERO
    for level in range(3, top):
        if (batch >> (level - 3)) & 1:
            pair(counter[level], pending[level], carry, width)
        else:
            for j in range(width):
                x = counter[level, j]
                counter[level, j] = x ^ carry[j]
                carry[j] &= x
    places = width // words
    while places > 1:
        counter[top] = ZERO
        top += 1
        moved = places // 2
        carry[:] = ZERO
        for level in range(top):
            pair(counter[level], counter[level, (places - moved) * words :], carry, moved * words)
        places -= moved
    for level in range(top):
        for w in range(words):
            unpack(counter[level, w], np.uint64(level), sums, base + 64 * w)


@compiled
def unpack(word, level, sums, base):
    """Add 2^level to sums[base + r] for every bit r of a word."""
    at = np.uint64(base)
    for r in range(64):
        i = np.uint64(r)
        sums[at + i] += np.int64(((word >> i) & ONE) << level)


@compiled
def total(row, first, size):
    """The number of ones."""
    count = 0
    for j in range(size):
        count += popcount(row[first + np.uint64(j)])
    return count


@compiled
def total_xor(row, into, a, b, size):
    """The number of ones of the XOR of two rows, which is kept in a third unless `into` is
    negative."""
    count = 0
    if into < 0:
        for j in range(size):
            i = np.uint64(j)
            count += popcount(row[a, i] ^ row[b, i])
    else:
        c = np.uint64(into)
        for j in range(size):
            i = np.uint64(j)
            x = row[a, i] ^ row[b, i]
            row[c, i] = x
            count += popcount(x)
    return count


@compiled
def along(row, first, cells, words, at, pace, sums):
    """Add the ones of each cell, over replicas, to the entry of its position."""
    for cell in range(cells):
        sums[at + cell * pace, 0] += total(row, first + np.uint64(cell * words), words)


@compiled
def along_lanes(row, first, cells, words, at, pace, sums, base):
    """Add the bits of each cell to the entries of its position, one for each replica."""
    for cell in range(cells):
        for w in range(words):
            word = row[first + np.uint64(cell * words + w)]
            unpack(word, ZERO, sums[at + cell * pace], base + 64 * w)
'''


def chunk(words: int, cells: int) -> int:
    """Cells that fill a vertical counter, eight words for each place, where at most `cells` are
    counted one after the other."""
    return 8 * max(1, min(WIDTH // words, -(-cells // 8)))


def levels(batches: int, places: int) -> int:
    """Planes that a counter needs for so many batches, its places added together at the end."""
    return 4 + batches.bit_length() + places.bit_length()
