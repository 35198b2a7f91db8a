"""Tallies on rows. Sums over replicas are popcounts; sums for each replica are vertical counters of bit planes.

A vertical counter holds one small integer for each bit of `width` words, one plane of words for each binary digit. Words are
collected until there are eight for each of its places; seven full adders reduce those to one carry, and carries are added in pairs.
"""

from __future__ import annotations

from rgc.program.nodes import Tally
from rgc.program.program import Program

WIDTH = 64
"""Words of a vertical counter, about."""

LEVELS = 40
"""Binary digits of a vertical counter: it never overflows."""

HELPERS = '''

@compiled
def eights(words, counter, carry, width):
    """Add 8 * width words to the counter of `width` places; `carry` gets what goes into the planes of eights."""
    ones, twos, fours = counter[0], counter[1], counter[2]
    for j in range(width):
        x, y, z = words[j], words[j + width], ones[j]
        h = x ^ y
        s = h ^ z
        c1 = (x & y) | (h & z)
        x, y = words[j + 2 * width], words[j + 3 * width]
        h = x ^ y
        c2 = (x & y) | (h & s)
        s = h ^ s
        x, y = words[j + 4 * width], words[j + 5 * width]
        h = x ^ y
        c3 = (x & y) | (h & s)
        s = h ^ s
        x, y = words[j + 6 * width], words[j + 7 * width]
        h = x ^ y
        c4 = (x & y) | (h & s)
        ones[j] = h ^ s
        s = twos[j]
        h = c1 ^ c2
        d1 = (c1 & c2) | (h & s)
        s = h ^ s
        h = c3 ^ c4
        d2 = (c3 & c4) | (h & s)
        twos[j] = h ^ s
        s = fours[j]
        h = d1 ^ d2
        carry[j] = (d1 & d2) | (h & s)
        fours[j] = h ^ s


@compiled
def pair(plane, pending, carry, width):
    """Full adder of three rows; the sum stays in `plane`, the carry in `carry`."""
    for j in range(width):
        x, y, z = plane[j], pending[j], carry[j]
        h = x ^ y
        plane[j] = h ^ z
        carry[j] = (x & y) | (h & z)


@compiled
def count(words, counter, pending, carry, batch, width):
    """Add 8 * width words to a counter that has had `batch` such before."""
    eights(words, counter, carry, width)
    level = 3
    while batch & 1:
        pair(counter[level], pending[level], carry, width)
        batch >>= 1
        level += 1
    pending[level, :width] = carry[:width]


@compiled
def lanes(counter, pending, batch, words, width, sums):
    """Add the integers of a counter that has had `batch` batches to `sums`, one entry for each bit of `words` words."""
    for level in range(counter.shape[0]):
        for kind in range(2):
            if kind == 1 and (level < 3 or not (batch >> (level - 3)) & 1):
                continue
            plane = pending[level] if kind else counter[level]
            if level > 3 and (batch >> (level - 3)) == 0:
                continue
            for w in range(words):
                for place in range(w, width, words):
                    x = plane[place]
                    for r in range(64):
                        sums[64 * w + r] += np.int64((x >> np.uint64(r)) & ONE) << level
'''


def start(program: Program, tallies: dict[int, Tally]) -> list[str]:
    """Statements before the rows."""
    return []


def end(program: Program, tallies: dict[int, Tally]) -> list[str]:
    """Statements after the rows."""
    return []


def place(
    program: Program, tallies: dict[int, Tally], column: int, kept: tuple[tuple[int, ...], ...]
) -> list[str]:
    """Statements at the head of a row."""
    return []


def add(program: Program, number: int, node: Tally) -> list[str]:
    """Statements for one word of a row."""
    return []
