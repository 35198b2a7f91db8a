"""Compiled programs, called: shares of the words in threads, tallies put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.program.nodes import Accept
from rgc.program.program import Program, TallyArray
from rgc.program.tables import exponentials
from rgc_numba import gather
from rgc_numba.cache import load
from rgc_numba.source import listing

Words = NDArray[np.uint64]
Counts = NDArray[np.int64]


class Shares:
    """Runs a function on contiguous shares of the words, one for each thread."""

    def __init__(self, pool: Callable[[], Executor], threads: int) -> None:
        self._pool, self._threads = pool, threads

    def __call__(self, work: Callable[[int, int], list[Counts]], words: int) -> list[list[Counts]]:
        number = max(1, min(self._threads, words))
        cuts = [words * n // number for n in range(number + 1)]
        if number == 1:
            return [work(0, words)]
        return list(self._pool().map(work, cuts[:-1], cuts[1:]))


class GatherKernel:
    """A program on canonical fields `u64[planes, *shape, letters, word]`, changed in place."""

    def __init__(self, program: Program, shares: Shares) -> None:
        self._program, self._shares = program, shares
        text = gather.source(program)
        self.source = listing(program) + "\n" + text
        self._run = load(text).run
        self._stages, self._tables = gather.tables(program)
        self._exponentials = exponential_tables(program)

    def __call__(
        self, state: Sequence[Words], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Words], list[Counts]]:
        words = state[0].shape[-1]
        fields = [field.reshape(-1, words) for field in state]
        given = (np.ascontiguousarray(keys), *fields, *values(arguments), *self._exponentials)
        tallies = Tallies(self._program, len(keys), words)

        def work(lo: int, hi: int) -> list[Counts]:
            mine = tallies.share()
            lanes = np.empty((most_nodes(self._program), 64), dtype=np.int32)
            with np.errstate(over="ignore"):  # heard only where the code runs uncompiled
                self._run(self._stages, *self._tables, lo, hi, np.uint64(word0), *given, lanes, *mine)
            return mine

        return list(state), tallies.total(self._shares(work, words))


class Tallies:
    """The tally arrays of one call as int64[step, row, position along the kept axes, replica], axes that are not kept of length 1."""

    def __init__(self, program: Program, steps: int, words: int) -> None:
        self._program, self._steps, self._words = program, steps, words
        self._common = {n: self._zeros(each) for n, each in enumerate(program.tallies) if each.replica}

    def _zeros(self, array: TallyArray) -> Counts:
        positions = prod(self._program.shape[axis] for axis in array.axes)
        return np.zeros(
            (self._steps, array.rows, positions, 64 * self._words if array.replica else 1), dtype=np.int64
        )

    def share(self) -> list[Counts]:
        """The arrays one thread adds to: common where replicas are kept, for no two threads hold the same, else its own."""
        return [
            self._common[n] if array.replica else self._zeros(array)
            for n, array in enumerate(self._program.tallies)
        ]

    def total(self, found: list[list[Counts]]) -> list[Counts]:
        """int64[step, rows, *kept] for each tally array."""
        return [self._joined(n, array, found) for n, array in enumerate(self._program.tallies)]

    def _joined(self, n: int, array: TallyArray, found: list[list[Counts]]) -> Counts:
        whole = self._common[n] if array.replica else sum((part[n] for part in found[1:]), found[0][n])
        kept = tuple(self._program.shape[axis] for axis in array.axes)
        return whole.reshape(self._steps, array.rows, *kept, *whole.shape[3:] if array.replica else ())


def values(arguments: Arguments) -> tuple[Words, NDArray[np.int32]]:
    """The thresholds and weights as generated code takes them."""
    return (
        np.ascontiguousarray(arguments.thresholds, dtype=np.uint64),
        np.ascontiguousarray(arguments.weights, dtype=np.int32),
    )


def exponential_tables(program: Program) -> tuple[Words, Words]:
    """The tables of `Accept`; empty for a program without one."""
    if any(isinstance(node, Accept) for rule in program.rules for node in rule.nodes):
        coarse, fine = exponentials()
        return coarse.copy(), fine.copy()  # generated code has one signature: writable arrays
    return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64)


def most_nodes(program: Program) -> int:
    return max((len(rule.nodes) for rule in program.rules), default=0)
