"""Tallies on rows. Sums over replicas are popcounts; sums for each replica are vertical counters of bit planes.

A vertical counter holds one small integer for each bit of `width` words, one plane of words for each binary digit. Words are
collected until there are eight for each of its places; seven full adders reduce those to one carry, and carries are added in pairs.
"""

from __future__ import annotations

from rgc.program.nodes import Tally
from rgc.program.program import Program
from rgc_numba.source import indent

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
def collect(words, fill, counter, pending, carry, batch):
    """Add the first `fill` of 8 * width words to a counter that has had `batch` batches before."""
    width = carry.shape[0]
    for j in range(fill, 8 * width):
        words[j] = ZERO
    eights(words, counter, carry, width)
    level = 3
    while batch & 1:
        pair(counter[level], pending[level], carry, width)
        batch >>= 1
        level += 1
    for j in range(width):
        pending[level, j] = carry[j]


@compiled
def lanes(counter, pending, carry, batch, words, sums):
    """Add the integers of a counter that has had `batch` batches to `sums`, one entry for each bit of `words` words."""
    width = carry.shape[0]
    top = 3
    while batch >> (top - 3):
        top += 1
    for level in range(3, top):
        if (batch >> (level - 3)) & 1:
            carry[:] = ZERO
            pair(counter[level], pending[level], carry, width)
            for higher in range(level + 1, top + 1):
                half(counter[higher], carry, width)
    places = width // words
    while places > 1:
        top += 1
        moved = places // 2
        first = (places - moved) * words
        carry[:] = ZERO
        for level in range(top):
            pair(counter[level], counter[level, first:], carry, moved * words)
        places -= moved
    for level in range(top):
        for w in range(words):
            x = counter[level, w]
            if x != ZERO:
                for r in range(64):
                    sums[64 * w + r] += np.int64((x >> np.uint64(r)) & ONE) << level


@compiled
def half(plane, carry, width):
    """Half adder of two rows."""
    for j in range(width):
        x, y = plane[j], carry[j]
        plane[j] = x ^ y
        carry[j] = x & y


@compiled
def along(row, size, words, at, pace, sums):
    """Add the bits of each cell of a row to the entry of its position, over replicas."""
    for j in range(size):
        sums[at + j // words * pace, 0] += popcount(row[j])


@compiled
def along_lanes(row, size, words, at, pace, sums):
    """Add the bits of each cell of a row to the entries of its position, one for each replica."""
    for cell in range(size // words):
        for w in range(words):
            x = row[cell * words + w]
            for r in range(64):
                sums[at + cell * pace, 64 * w + r] += np.int64((x >> np.uint64(r)) & ONE)
'''

Tallies = dict[int, Tally]
"""The tallies of a body by the number of their node."""


def chunk(words: int) -> int:
    """Cells of a row that fill the buffers of vertical counters."""
    return 8 * max(1, WIDTH // words)


def start(program: Program, tallies: Tallies) -> list[str]:
    """Statements before the rows."""
    counted = _counted(program, tallies)
    lines = [f"n{number} = 0" for number in tallies if _kind(program, tallies[number]) == "sum"]
    lines += [
        f"w{number} = np.empty(chunk * words, np.uint64)"
        for number in tallies
        if f"n{number} = 0" not in lines
    ]
    if counted:
        lines += ["carry = np.empty(chunk * words // 8, np.uint64)", "fill = 0"]
    for name in dict.fromkeys(counted.values()):
        lines.append(f"{name} = np.zeros(({LEVELS}, chunk * words // 8), np.uint64)")
        lines.append(f"{name}_pending = np.empty(({LEVELS}, chunk * words // 8), np.uint64)")
        lines.append(f"{name}_batch = 0")
    return lines


def place(program: Program, tallies: Tallies) -> list[str]:
    """Statements at the head of a row: where its words go."""
    counted = _counted(program, tallies)
    lines = []
    if counted:
        lines += ["if fill + size > chunk * words:", *indent(_collect(counted), 1), "    fill = 0"]
        lines += [f"a{number} = w{number}[fill : fill + size]" for number in counted]
        lines.append("fill += size")
    return lines + [f"a{n} = w{n}" for n, node in tallies.items() if _kind(program, node) == "along"]


def add(program: Program, number: int, node: Tally) -> list[str]:
    """The statement for one word of a row."""
    if _kind(program, node) == "sum":
        return [f"n{number} += popcount(v{node.word})"]
    return [f"a{number}[j] = v{node.word}"]


def after(program: Program, tallies: Tallies, columns: dict[tuple[int, ...], int]) -> list[str]:
    """Statements after the words of a row; `columns` says where a table has the position along kept axes, then its pace."""
    lines = []
    for number, node in tallies.items():
        array = program.tallies[node.array]
        if array.axes:
            column = columns[array.axes]
            at = f"rows[n, {column}] + start * rows[n, {column + 1}], rows[n, {column + 1}]"
            into = f"t{node.array}[step, {node.row}, :, {_lanes_of() if array.replica else ':'}]"
            lines.append(f"along{'_lanes' if array.replica else ''}(w{number}, size, words, {at}, {into})")
    return lines


def end(program: Program, tallies: Tallies) -> list[str]:
    """Statements after the rows."""
    lines = []
    for number, node in tallies.items():
        if _kind(program, node) == "sum":
            lines.append(f"t{node.array}[step, {node.row}, 0, 0] += n{number}")
    counted = _counted(program, tallies)
    lines += _collect(counted)
    for name, node in {name: tallies[number] for number, name in counted.items()}.items():
        into = f"t{node.array}[step, {node.row}, 0, {_lanes_of()}]"
        lines.append(f"lanes({name}, {name}_pending, carry, {name}_batch, words, {into})")
    return lines


def _lanes_of() -> str:
    return "64 * lo : 64 * (lo + words)"


def _kind(program: Program, node: Tally) -> str:
    array = program.tallies[node.array]
    return "along" if array.axes else "count" if array.replica else "sum"


def _counted(program: Program, tallies: Tallies) -> dict[int, str]:
    """The counter of each tally that has one: images of one operator share it."""
    return {
        number: f"c{node.array}_{node.row}"
        for number, node in tallies.items()
        if _kind(program, node) == "count"
    }


def _collect(counted: dict[int, str]) -> list[str]:
    lines = []
    for number, name in counted.items():
        lines.append(f"collect(w{number}, fill, {name}, {name}_pending, carry, {name}_batch)")
        lines.append(f"{name}_batch += 1")
    return lines
