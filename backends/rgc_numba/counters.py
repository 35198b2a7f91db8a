"""Tallies on rows. Sums over replicas are popcounts; sums for each replica are vertical counters of bit planes.

A vertical counter holds one small integer for each bit of `width` words, one plane of words for each binary digit. Words are
collected until there are eight for each of its places; seven full adders reduce those to one carry, and carries are added in pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

from rgc.program.nodes import Tally
from rgc.program.program import Program
from rgc_numba.source import indent

WIDTH = 64
"""Words of a vertical counter, about."""

LEVELS = 40
"""Binary digits of a vertical counter: it never overflows."""

HELPERS = '''

@compiled
def eights(kept, first, counter, carry, width):
    """Add the 8 * width words from `first` on to a counter of `width` places; `carry` gets what goes into the plane of eights."""
    step = np.uint64(width)
    for j in range(width):
        i = first + np.uint64(j)
        o, t, f = counter[0, j], counter[1, j], counter[2, j]
        x, y = kept[i], kept[i + step]
        h = x ^ y
        c1 = (x & y) | (h & o)
        o ^= h
        i += step + step
        x, y = kept[i], kept[i + step]
        h = x ^ y
        c2 = (x & y) | (h & o)
        o ^= h
        i += step + step
        x, y = kept[i], kept[i + step]
        h = x ^ y
        c3 = (x & y) | (h & o)
        o ^= h
        i += step + step
        x, y = kept[i], kept[i + step]
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
def collect(kept, first, fill, counter, pending, carry, batch):
    """Add the `fill` words from `first` on, at most 8 for each place, to a counter that has had `batch` such batches before."""
    width = carry.shape[0]
    for j in range(fill, 8 * width):
        kept[first + np.uint64(j)] = ZERO
    eights(kept, first, counter, carry, width)
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
        top += 1
        moved = places // 2
        carry[:] = ZERO
        for level in range(top):
            pair(counter[level], counter[level, (places - moved) * words :], carry, moved * words)
        places -= moved
    for level in range(top):
        for w in range(words):
            x = counter[level, w]
            if x != ZERO:
                for r in range(64):
                    sums[64 * w + r] += np.int64((x >> np.uint64(r)) & ONE) << level


@compiled
def along(kept, first, size, words, at, pace, sums):
    """Add the bits of each cell of a row to the entry of its position, over replicas."""
    for j in range(size):
        sums[at + j // words * pace, 0] += popcount(kept[first + np.uint64(j)])


@compiled
def along_lanes(kept, first, size, words, at, pace, sums):
    """Add the bits of each cell of a row to the entries of its position, one for each replica."""
    for cell in range(size // words):
        for w in range(words):
            x = kept[first + np.uint64(cell * words + w)]
            for r in range(64):
                sums[at + cell * pace, 64 * w + r] += np.int64((x >> np.uint64(r)) & ONE)
'''

Tallies = dict[int, Tally]
"""The tallies of a body by the number of their node."""


def chunk(words: int) -> int:
    """Cells of a row that fill the buffers of vertical counters: eight words for each place."""
    return 8 * max(1, WIDTH // words)


@dataclass(frozen=True, slots=True)
class Counters:
    """Writes what a body does with its tallies. `pitch`: words from one buffer to the next."""

    program: Program
    tallies: Tallies
    pitch: int

    def kind(self, number: int) -> str:
        """How a tally adds up: popcounts in a `sum`, vertical counters of a `count`, or `along` kept axes."""
        array = self.program.tallies[self.tallies[number].array]
        return "along" if array.axes else "count" if array.replica else "sum"

    def of(self, kind: str) -> list[int]:
        return [number for number in self.tallies if self.kind(number) == kind]

    def counted(self) -> list[tuple[int, int]]:
        """Array and row of each vertical counter; images of one operator share it."""
        nodes = (self.tallies[number] for number in self.of("count"))
        return sorted({(node.array, node.row) for node in nodes})

    def constants(self, name: str) -> list[str]:
        """Module-level statements: the counter that each buffer of words goes to, and the row that each counter goes to."""
        counters = self.counted()
        nodes = [self.tallies[number] for number in self.of("count")]
        owners = [counters.index((node.array, node.row)) for node in nodes]
        targets = [row for _, row in counters]
        lines = [f"{name} = np.array({owners}, np.int64)", f"{name}_ROWS = np.array({targets}, np.int64)"]
        return lines if counters else []

    def start(self) -> list[str]:
        """Statements before the rows."""
        lines = [f"n{number} = 0" for number in self.of("sum")]
        kept = self.of("count") + self.of("along")
        if kept:
            lines.append(f"kept = np.empty({len(kept) * self.pitch}, np.uint64)")
        lines += [f"w{number} = np.uint64({n * self.pitch})" for n, number in enumerate(kept)]
        if counters := len(self.counted()):
            lines += [
                "width = chunk * words // 8",
                "carry = np.empty(width, np.uint64)",
                f"counter = np.zeros(({counters}, {LEVELS}, width), np.uint64)",
                f"pending = np.empty(({counters}, {LEVELS}, width), np.uint64)",
                f"batches = np.zeros({counters}, np.int64)",
                "fill = 0",
            ]
        return lines

    def collect(self, name: str) -> list[str]:
        """Statements that empty the buffers into their counters."""
        return [
            f"for k in range({len(self.of('count'))}):",
            f"    o = {name}[k]",
            f"    collect(kept, np.uint64(k * {self.pitch}), fill, counter[o], pending[o], carry, batches[o])",
            "    batches[o] += 1",
            "fill = 0",
        ]

    def place(self, name: str) -> list[str]:
        """Statements at the head of a row: where its words go."""
        if not self.counted():
            return []
        return ["if fill + size > chunk * words:", *indent(self.collect(name), 1), "filled = np.uint64(fill)"]

    def add(self, number: int) -> list[str]:
        """The statement for one word of a row."""
        word = self.tallies[number].word
        match self.kind(number):
            case "sum":
                return [f"n{number} += popcount(v{word})"]
            case "count":
                return [f"kept[w{number} + filled + i] = v{word}"]
        return [f"kept[w{number} + i] = v{word}"]

    def after(self, columns: dict[tuple[int, ...], int]) -> list[str]:
        """Statements after the words of a row; `columns` says where a table has the position along kept axes, then its pace."""
        lines = ["fill += size"] if self.counted() else []
        for number in self.of("along"):
            node = self.tallies[number]
            array = self.program.tallies[node.array]
            column = columns[array.axes]
            at = f"rows[n, {column}] + start * rows[n, {column + 1}], rows[n, {column + 1}]"
            into = f"t{node.array}[step, {node.row}, :, {LANES if array.replica else ':'}]"
            lines.append(
                f"along{'_lanes' if array.replica else ''}(kept, w{number}, size, words, {at}, {into})"
            )
        return lines

    def end(self, name: str) -> list[str]:
        """Statements after the rows."""
        lines = []
        for number in self.of("sum"):
            node = self.tallies[number]
            lines.append(f"t{node.array}[step, {node.row}, 0, 0] += n{number}")
        if self.counted():
            lines += self.collect(name)
        arrays = [array for array, _ in self.counted()]
        for array in dict.fromkeys(arrays):
            first = arrays.index(array)
            lines += [
                f"for o in range({first}, {first + arrays.count(array)}):",
                f"    sums = t{array}[step, {name}_ROWS[o], 0, {LANES}]",
                "    lanes(counter[o], pending[o], carry, batches[o], words, sums)",
            ]
        return lines


LANES = "64 * lo : 64 * (lo + words)"
