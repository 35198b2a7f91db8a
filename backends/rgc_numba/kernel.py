"""Compiled programs, called: shares of the words in threads, tallies put together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments, Kernel
from rgc.program.draws import Generator
from rgc.program.draws import counters as draw_counters
from rgc.program.exponentials import exponentials
from rgc.program.lattice.nodes import Accept, Bernoulli
from rgc.program.lattice.program import Program
from rgc.program.lattice.thresholds import uniform_thresholds
from rgc_numba import bytecode, gather, interpreter, rows
from rgc_numba.cache import load
from rgc_numba.layout import on_rows
from rgc_numba.shares import Layouts, Shares, Tallies, effort, written
from rgc_numba.source import listing
from rgc_numba.state import Packed

MANY = 128
"""Classes of a draw up to which a rule is compiled as code. More are looked up in tables, at half
the speed, but compile nothing."""

SHORT = 16
"""Nodes of a rule that is compiled faster than its bytecode is followed on many sites."""

GOLDEN = np.uint64(0x9E3779B97F4A7C15)

Words = NDArray[np.uint64]
Counts = NDArray[np.int64]
Made = TypeVar("Made")


def compile_program(
    program: Program, pool: Callable[[], Executor], threads: int, constant: Arguments | None
) -> Kernel:
    """The bytecode kernel for programs that measure or have long rules. Of the others, those whose
    rows vectorise get the row kernel, and the rest, with all programs that weigh, the gather
    kernel. So do programs that have a closure and measure, and those of a single cell, unless they
    measure by long rules."""
    shares = Shares(pool, threads)

    def gathering() -> Kernel:
        return GatherKernel(program, shares)

    def general() -> Kernel:
        return RowKernel(program, shares, None, gathering)

    if program.single and (not program.tallies or most_nodes(program) <= SHORT):
        return gathering()
    try:
        if program.tallies or classes(program) > MANY:
            return BytecodeKernel(program, shares, gathering)
        return RowKernel(program, shares, constant, gathering if constant is None else general)
    except ValueError:
        return gathering()


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
    """A program without tallies on the static layout. Raises `ValueError` where rows do not
    vectorise. Calls that it is not made for, with thresholds that differ between replicas or from
    those baked in, go to `otherwise`."""

    def __init__(
        self,
        program: Program,
        shares: Shares,
        constant: Arguments | None,
        otherwise: Callable[[], Kernel],
    ) -> None:
        self._program, self._shares = program, shares
        self._layouts = Layouts(program, on_rows)
        self._baked = uniform_thresholds(constant["thresholds"]) if constant is not None else None
        self._otherwise = otherwise
        self._other: Kernel | None = None
        self._serves = Remembered(lambda given: self._made_for(given))
        self._effort = effort(program)
        text = rows.source(program, self._baked)
        self.source = listing(program) + "\n" + text
        self._run = load(text).run

    def __call__(
        self, state: Sequence[Packed], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Packed], list[Counts]]:
        if not self._serves(arguments):
            self._other = self._other or self._otherwise()
            return self._other(state, arguments, keys, word0)
        words = state[0].words
        cuts = self._shares.cuts_for_rows(state)
        fields, made = self._layouts(state, cuts)
        keys, (thresholds, *_) = np.ascontiguousarray(keys), values(arguments)

        def work(share: int) -> list[Counts]:
            lo, count = cuts[share], cuts[share + 1] - cuts[share]
            chunk = max(1, rows.CHUNK // count)
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
                    *made.closures,
                    made.fresh,
                    keys,
                    *geometry,
                    thresholds,
                    *pieces,
                )
            return []

        self._shares(work, len(cuts) - 1, len(keys) * words * self._effort)
        for number in written(self._program):
            state[number].changed_private()
        return list(state), []

    def _made_for(self, arguments: Arguments) -> bool:
        given = uniform_thresholds(arguments["thresholds"]) if self._program.slots else ()
        return given is not None and self._baked in (None, given)


class BytecodeKernel:
    """A program as tables, on the static layout where rows vectorise, else site by site. Raises
    `ValueError` for a program that weighs or has a closure. Calls with thresholds that differ
    between replicas go to `otherwise`."""

    def __init__(self, program: Program, shares: Shares, otherwise: Callable[[], Kernel]) -> None:
        self._program, self._shares = program, shares
        self._code = bytecode.encode(program)
        self._layouts = bytecode.layouts(program)
        self._chosen = Remembered(lambda given: self._choose(given))
        self._otherwise = otherwise
        self._own = threading.local()
        self._effort = effort(program)
        text = interpreter.source(program)
        self.source = listing(program) + "\n" + text
        self._run = load(text).run

    def __call__(
        self, state: Sequence[Packed], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Packed], list[Counts]]:
        chosen = self._chosen(arguments)
        if chosen is None:
            return self._otherwise()(state, arguments, keys, word0)
        words = state[0].words
        cuts = self._shares.cuts_for_rows(state)
        fields, pieces = self._layouts(state, cuts)
        tallies = Tallies(self._program, len(keys), words)
        keys = np.ascontiguousarray(keys)

        def work(share: int) -> list[Counts]:
            mine = tallies.share()
            lo, count = cuts[share], cuts[share + 1] - cuts[share]
            room = self._room(count)
            tables = pieces.tables, self._code.tables, chosen, pieces.fresh
            moved = ramp(self._program.generator, room.chunk, count, pieces.pace)
            geometry = room.arrays, count, room.chunk, lo, np.uint64(word0), pieces.pace, moved
            given = [field[share] for field in fields]
            with np.errstate(over="ignore"):
                self._run(
                    *tables, keys, self._program.planes, *geometry, *pieces.copies, *given, *mine
                )
            return mine

        found = self._shares(work, len(cuts) - 1, len(keys) * words * self._effort)
        for number in written(self._program):
            state[number].changed_private()
        return list(state), tallies.total(found)

    def _choose(self, arguments: Arguments) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        given = uniform_thresholds(arguments["thresholds"]) if self._program.slots else ()
        return None if given is None else bytecode.choose(self._code, given, self._program.planes)

    def _room(self, words: int) -> bytecode.Room:
        """One for each thread, kept: fresh memory costs more than what is counted on a small
        lattice."""
        last: bytecode.Room | None = getattr(self._own, "room", None)
        if last is None or last.words != words:
            last = self._own.room = bytecode.room(self._program, self._code, words)
        return last


class Remembered(Generic[Made]):
    """A function of the thresholds of a call, worked out anew when those change."""

    def __init__(self, work: Callable[[Arguments], Made]) -> None:
        self._work = work
        self._last: tuple[Words, Made] | None = None

    def __call__(self, arguments: Arguments) -> Made:
        if self._last is None or not np.array_equal(self._last[0], arguments["thresholds"]):
            self._last = arguments["thresholds"].copy(), self._work(arguments)
        return self._last[1]


@lru_cache(maxsize=64)
def ramp(generator: Generator, chunk: int, words: int, pace: int) -> Words:
    """How far the stream of a draw moves from the first word of a row to each of the others, `pace`
    site numbers from cell to cell."""
    sites = np.arange(chunk, dtype=np.uint64)[:, None] * np.uint64(pace)
    moved = draw_counters(sites, np.arange(words)[None, :]).reshape(-1)
    return moved * GOLDEN if generator == "splitmix" else moved


def values(
    arguments: Arguments,
) -> tuple[Words, NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """The thresholds, weights, couplings and blocks as generated code takes them."""
    return (
        np.ascontiguousarray(arguments["thresholds"], dtype=np.uint64),
        np.ascontiguousarray(arguments["weights"], dtype=np.int32),
        np.ascontiguousarray(arguments["couplings"], dtype=np.int32),
        np.ascontiguousarray(arguments["blocks"], dtype=np.int64),
    )


def exponential_tables(program: Program) -> tuple[Words, Words]:
    """The tables of `Accept`, empty for a program without one."""
    if any(isinstance(node, Accept) for rule in program.rules for node in rule.nodes):
        coarse, fine = exponentials()
        return coarse.copy(), fine.copy()  # generated code has one signature: writable arrays
    return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64)


def classes(program: Program) -> int:
    """The most classes of a draw."""
    draws = (node for rule in program.rules for node in rule.nodes if isinstance(node, Bernoulli))
    return max((len(node.classes) for node in draws), default=0)


def most_nodes(program: Program) -> int:
    return max((len(rule.nodes) for rule in program.rules), default=0)
