"""What calls of every kernel share: words cut for threads, layouts of the fields, tallies put
together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from math import prod
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.nodes import Couple, Drawn, Node, Store
from rgc.program.lattice.program import Program, TallyArray
from rgc.program.lattice.sublattices import FieldLayout
from rgc_numba.state import Cuts, Packed

SMALL = 400_000
"""Words that one thread computes in the time that it takes to wake another."""

MOST_WORDS = 64
"""Words of a share of rows, at most: so many fit a chunk, with room for eight cells of a row."""

MOST_BYTES = 16 << 20
"""Of a field in a share of rows, if it has more than one word: all steps of a call are made on a
share before the next, out of the last cache."""

Counts = NDArray[np.int64]
Words = NDArray[np.uint64]
Made = TypeVar("Made")
Now = tuple[FieldLayout | None, ...]
Make = Callable[[Program, Now], tuple[tuple[FieldLayout, ...], Made]]


class Shares:
    """Runs a function on contiguous shares of the words, one for each thread."""

    def __init__(self, pool: Callable[[], Executor], threads: int) -> None:
        self._pool, self._threads = pool, threads

    def cuts(self, words: int, least: int = 1) -> Cuts:
        """Where the words are cut: 0, ..., words. There are `least` shares or more, as many for
        each thread if they can be."""
        number = min(words, -(-least // self._threads) * self._threads)
        return tuple(words * n // number for n in range(number + 1))

    def cuts_for_rows(self, state: Sequence[Packed]) -> Cuts:
        """The finest cuts that fields in a private layout have now, so that programs which take
        turns agree, or such that no share has more than `MOST_WORDS` and `MOST_BYTES`."""
        now = max((field.cuts for field in state), key=len)
        words, size = state[0].words, max(field.nbytes for field in state)
        return now or self.cuts(words, max(-(-words // MOST_WORDS), -(-size // MOST_BYTES)))

    def __call__(
        self, work: Callable[[int], list[Counts]], number: int, effort: int
    ) -> list[list[Counts]]:
        """The results of work(0), ..., work(number - 1). `effort`, in words computed, says whether
        threads are worth it."""
        if number == 1 or self._threads == 1 or effort < SMALL:
            return [work(share) for share in range(number)]
        return list(self._pool().map(work, range(number)))


class Layouts(Generic[Made]):
    """The layouts that a program runs on, and what `make` makes of them, by the layouts that its
    fields have now. Raises what `make` raises."""

    def __init__(self, program: Program, make: Make[Made]) -> None:
        self._program, self._make = program, make
        self._known: dict[Now, tuple[tuple[FieldLayout, ...], Made]] = {}
        self._of((None,) * len(program.fields))

    def __call__(self, state: Sequence[Packed], cuts: Cuts) -> tuple[list[list[Words]], Made]:
        """The private array of every share of every field, and what was made of their layouts."""
        fields, made = self._of(tuple(field.layout(cuts) for field in state))
        return [field.private(each, cuts) for field, each in zip(state, fields, strict=True)], made

    def _of(self, now: Now) -> tuple[tuple[FieldLayout, ...], Made]:
        if now not in self._known:
            self._known[now] = self._make(self._program, now)
        return self._known[now]


class Tallies:
    """The tally arrays of one call as int64[step, row, position along the kept axes, replica], axes
    that are not kept of length 1."""

    def __init__(self, program: Program, steps: int, words: int) -> None:
        self._program, self._steps, self._words = program, steps, words
        self._common = {
            n: self._zeros(each) for n, each in enumerate(program.tallies) if each.replica
        }

    def _zeros(self, array: TallyArray) -> Counts:
        positions = prod(self._program.shape[axis] for axis in array.axes)
        return np.zeros(
            (self._steps, array.rows, positions, 64 * self._words if array.replica else 1),
            dtype=np.int64,
        )

    def share(self) -> list[Counts]:
        """The arrays one thread adds to: common where replicas are kept, for no two threads hold
        the same, else its own."""
        return [
            self._common[n] if array.replica else self._zeros(array)
            for n, array in enumerate(self._program.tallies)
        ]

    def total(self, found: list[list[Counts]]) -> list[Counts]:
        """int64[step, rows, *kept] for each tally array."""
        return [self._joined(n, array, found) for n, array in enumerate(self._program.tallies)]

    def _joined(self, n: int, array: TallyArray, found: list[list[Counts]]) -> Counts:
        whole = (
            self._common[n] if array.replica else sum((part[n] for part in found[1:]), found[0][n])
        )
        kept = tuple(self._program.shape[axis] for axis in array.axes)
        return whole.reshape(
            self._steps, array.rows, *kept, *whole.shape[3:] if array.replica else ()
        )


def effort(program: Program) -> int:
    """Nodes evaluated in a step, over all sites. A draw counts for many, and what couples a site
    to all others for all of them."""

    def nodes(node: Node) -> int:
        if isinstance(node, Couple):
            return program.sites
        return 30 if isinstance(node, Drawn) else 1

    rules = [sum(map(nodes, rule.nodes)) for rule in program.rules]
    return sum(len(stage.cells) * rules[stage.rule] for stage in program.schedule)


def written(program: Program) -> set[int]:
    """The fields that a program stores to."""
    return {node.field for rule in program.rules for node in rule.nodes if isinstance(node, Store)}
