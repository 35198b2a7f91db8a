"""Compiled programs, called: shares of the words in threads, tallies put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import lru_cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments, Kernel
from rgc.program.draws import counters
from rgc.program.nodes import Accept, Below, Store
from rgc.program.program import Generator, Program, TallyArray
from rgc.program.tables import exponentials
from rgc_numba import counters as row_counters
from rgc_numba import gather, rows
from rgc_numba.bernoulli import uniform_thresholds
from rgc_numba.cache import load
from rgc_numba.layout import FieldLayout, Layout, Tables
from rgc_numba.source import listing
from rgc_numba.state import Packed

SMALL = 400_000
"""Words that one thread computes in the time that it takes to wake another."""

GOLDEN = np.uint64(0x9E3779B97F4A7C15)

Words = NDArray[np.uint64]
Counts = NDArray[np.int64]


def compile_program(
    program: Program, pool: Callable[[], Executor], threads: int, constant: Arguments | None
) -> Kernel:
    """The row kernel where rows vectorise, else the gather kernel."""
    shares = Shares(pool, threads)

    def gathering() -> Kernel:
        return GatherKernel(program, shares)

    def general() -> Kernel:
        return RowKernel(program, shares, None, gathering)

    try:
        return RowKernel(program, shares, constant, gathering if constant is None else general)
    except ValueError:
        return gathering()


class Shares:
    """Runs a function on contiguous shares of the words, one for each thread."""

    def __init__(self, pool: Callable[[], Executor], threads: int) -> None:
        self._pool, self._threads = pool, threads

    def cuts(self, words: int, most: int | None = None) -> tuple[int, ...]:
        """Where the words are cut: 0, ..., words; no share has more than `most`."""
        number = max(1, min(self._threads, words), -(-words // most) if most else 1)
        return tuple(words * n // number for n in range(number + 1))

    def __call__(self, work: Callable[[int], list[Counts]], number: int, effort: int) -> list[list[Counts]]:
        """The results of work(0), ..., work(number - 1); `effort`, in words computed, says whether threads are worth it."""
        if number == 1 or self._threads == 1 or effort < SMALL:
            return [work(share) for share in range(number)]
        return list(self._pool().map(work, range(number)))


class GatherKernel:
    """A program on canonical fields, changed in place."""

    def __init__(self, program: Program, shares: Shares) -> None:
        self._program, self._shares = program, shares
        text = gather.source(program)
        self.source = listing(program) + "\n" + text
        self._run = load(text).run
        self._stages, self._tables = gather.tables(program)
        self._exponentials = exponential_tables(program)
        self._effort = effort(program)

    def __call__(
        self, state: Sequence[Packed], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Packed], list[Counts]]:
        words = state[0].words
        cuts = self._shares.cuts(words)
        fields = [field.canonical().reshape(-1, words) for field in state]
        given = (np.ascontiguousarray(keys), *fields, *values(arguments), *self._exponentials)
        tallies = Tallies(self._program, len(keys), words)

        def work(share: int) -> list[Counts]:
            mine = tallies.share()
            lanes = np.empty((most_nodes(self._program), 64), dtype=np.int32)
            bounds = cuts[share], cuts[share + 1], np.uint64(word0)
            with np.errstate(over="ignore"):  # heard only where the code runs uncompiled
                self._run(self._stages, *self._tables, *bounds, *given, lanes, *mine)
            return mine

        found = self._shares(work, len(cuts) - 1, len(keys) * words * self._effort)
        for number in written(self._program):
            state[number].changed_canonical()
        return list(state), tallies.total(found)


class RowKernel:
    """A program on the static layout. Raises `ValueError` where rows do not vectorise. Calls that it is not made for, with
    thresholds that differ between replicas or from those baked in, go to `otherwise`."""

    def __init__(
        self, program: Program, shares: Shares, constant: Arguments | None, otherwise: Callable[[], Kernel]
    ) -> None:
        self._program, self._shares = program, shares
        self._layouts: dict[tuple[FieldLayout | None, ...], tuple[Layout, Tables]] = {}
        self._layout((None,) * len(program.fields))
        self._baked = uniform_thresholds(constant) if constant is not None else None
        self._otherwise = otherwise
        self._other: Kernel | None = None
        self._checked: tuple[Words, bool] | None = None
        self._effort = effort(program)
        text = rows.source(program, self._baked)
        self.source = listing(program) + "\n" + text
        self._run = load(text).run

    def _layout(self, now: tuple[FieldLayout | None, ...]) -> tuple[Layout, Tables]:
        """What to run on where the fields have these layouts now."""
        if now not in self._layouts:
            layout = Layout(self._program, now)
            self._layouts[now] = layout, layout.tables()
        return self._layouts[now]

    def __call__(
        self, state: Sequence[Packed], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Packed], list[Counts]]:
        if not self._serves(arguments):
            self._other = self._other or self._otherwise()
            return self._other(state, arguments, keys, word0)
        words = state[0].words
        cuts = self._shares.cuts(words, rows.MOST_WORDS)
        layout, made = self._layout(tuple(field.layout(cuts) for field in state))
        fields = [field.private(each, cuts) for field, each in zip(state, layout.fields, strict=True)]
        keys, (thresholds, _) = np.ascontiguousarray(keys), values(arguments)
        tallies = Tallies(self._program, len(keys), words)

        def work(share: int) -> list[Counts]:
            mine = tallies.share()
            lo, count = cuts[share], cuts[share + 1] - cuts[share]
            chunk = row_counters.chunk(count) if self._program.tallies else max(1, rows.CHUNK // count)
            geometry = (
                count,
                chunk,
                lo,
                np.uint64(word0),
                made.pace,
                ramp(self._program.generator, chunk, count, made.pace),
            )
            pieces = [field[share] for field in fields]
            with np.errstate(over="ignore"):
                self._run(
                    made.stages,
                    *made.bodies,
                    *made.copies,
                    made.fresh,
                    keys,
                    *geometry,
                    thresholds,
                    *pieces,
                    *mine,
                )
            return mine

        found = self._shares(work, len(cuts) - 1, len(keys) * words * self._effort)
        for number in written(self._program):
            state[number].changed_private()
        return list(state), tallies.total(found)

    def _serves(self, arguments: Arguments) -> bool:
        if not self._program.slots:
            return True
        if self._checked is None or not np.array_equal(self._checked[0], arguments.thresholds):
            given = uniform_thresholds(arguments)
            serves = given is not None and self._baked in (None, given)
            self._checked = arguments.thresholds.copy(), serves
        return self._checked[1]


@lru_cache(maxsize=64)
def ramp(generator: Generator, chunk: int, words: int, pace: int) -> Words:
    """How far the stream of a draw moves from the first word of a row to each of the others, `pace` site numbers from cell to cell."""
    sites = np.arange(chunk, dtype=np.uint64)[:, None] * np.uint64(pace)
    moved = counters(sites, np.arange(words)[None, :]).reshape(-1)
    return moved * GOLDEN if generator == "splitmix" else moved


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


def effort(program: Program) -> int:
    """Nodes evaluated in a step, over all sites; a draw counts for many."""
    rules = [
        sum(30 if isinstance(node, Below | Accept) else 1 for node in rule.nodes) for rule in program.rules
    ]
    return sum(len(stage.cells) * rules[stage.rule] for stage in program.schedule)


def written(program: Program) -> set[int]:
    """The fields that a program stores to."""
    return {node.field for rule in program.rules for node in rule.nodes if isinstance(node, Store)}
