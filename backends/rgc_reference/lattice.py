"""The meaning of a lattice program: obvious, vectorised over the cells of a stage, and
bit-identical to every backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.program.draws import Words, counters, word
from rgc.program.exponentials import COARSE, exponentials
from rgc.program.lattice import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Couple,
    Equals,
    Load,
    Logistic,
    Program,
    Rule,
    Stage,
    Store,
    Tally,
    Weigh,
)
from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.show import show
from rgc.program.units import binary

Counts = NDArray[np.int64]
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class LatticeKernel:
    """A program, interpreted."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._sites = [_Sites.of(program, stage) for stage in program.schedule]

    @property
    def source(self) -> str:
        """The program itself: nothing is generated."""
        return show(self.program)

    def __call__(
        self, state: Sequence[Words], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Words], list[Counts]]:
        """One step for each row of `keys`; see `rgc.backend.Kernel`."""
        words = state[0].shape[-1]
        records = [
            [np.zeros(self._kept(k, words), np.int64) for _ in keys]
            for k in range(len(self.program.tallies))
        ]
        for step, key in enumerate(keys):
            tallies = [record[step] for record in records]
            run = partial(self._stage, state, arguments, np.asarray(key), word0, tallies)
            for turn in self.program.turns:
                changed = [run(number) for number in turn]
                while self.program.schedule[turn.start].until and any(changed):
                    changed = [run(number) for number in turn]
        shapes = [(len(keys), *self._kept(k, words)) for k in range(len(records))]
        return list(state), [
            np.array(record, dtype=np.int64).reshape(shape)
            for record, shape in zip(records, shapes, strict=True)
        ]

    def _stage(
        self,
        state: Sequence[Words],
        arguments: Arguments,
        key: Words,
        word0: int,
        tallies: Sequence[Counts],
        number: int,
    ) -> bool:
        """Run a stage once, and say whether it changed a word."""
        run = _Run(
            program=self.program,
            state=state,
            arguments=arguments,
            key=key,
            word0=word0,
            sites=self._sites[number],
            tallies=tallies,
        )
        return run.rule(self.program.rules[self.program.schedule[number].rule])

    def _kept(self, array: int, words: int) -> tuple[int, ...]:
        tally = self.program.tallies[array]
        axes = tuple(self.program.shape[axis] for axis in tally.axes)
        return (tally.rows, *axes, *((64 * words,) if tally.replica else ()))


@dataclass(frozen=True, slots=True, eq=False)
class _Sites:
    """The cells of a stage, int64[cell, axis], and the canonical numbers of their sites."""

    cells: NDArray[np.int64]
    numbers: NDArray[np.int64]

    @staticmethod
    def of(program: Program, stage: Stage) -> _Sites:
        cells = cell_table(stage.cells, program.shape)
        flat = np.ravel_multi_index(tuple(cells.T), program.shape)
        return _Sites(cells, flat * program.letters + program.rules[stage.rule].letter)


@dataclass(slots=True, eq=False, kw_only=True)
class _Run:
    """One rule on the sites of one stage in one step. Values are words u64[cell, word], counts as
    tuples of planes, or lanes int64[cell, replica]."""

    program: Program
    state: Sequence[Words]
    arguments: Arguments
    key: Words
    word0: int
    sites: _Sites
    tallies: Sequence[Counts]
    values: list[Any] = field(default_factory=list)
    stores: list[tuple[Store, Words]] = field(default_factory=list)

    @property
    def words(self) -> int:
        return int(self.state[0].shape[-1])

    def rule(self, rule: Rule) -> bool:
        """Run it, and say whether it changed a word."""
        for node in rule.nodes:
            self.values.append(getattr(self, f"_{type(node).__name__.lower()}")(node))
        changed = False
        for store, value in self.stores:
            _, plane, letter = store.place(rule.letter)
            place = (plane, *self.sites.cells.T, letter)
            changed |= not np.array_equal(self.state[store.field][place], value)
            self.state[store.field][place] = value
        return changed

    def _load(self, node: Load) -> Words:
        target = self.program.fields[node.field]
        stride = node.stride or (1,) * len(target.shape)
        cells = (self.sites.cells * stride + np.array(node.offset)) % target.shape
        found: Words = self.state[node.field][(node.plane, *cells.T, node.letter)]
        return found

    def _bit(self, node: Bit) -> Words:
        first, *others = (self.values[k] for k in node.operands)
        operation = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
        result: Words = ~first if node.op == "not" else first
        for other in others:
            result = operation[node.op](result, other)
        return result

    def _count(self, node: Count) -> tuple[Words, ...]:
        planes: list[Words] = []
        for each in node.words:
            carry = self.values[each]
            for k, plane in enumerate(planes):
                planes[k], carry = plane ^ carry, plane & carry
            if len(planes) < len(node.words).bit_length():
                planes.append(carry)
        return tuple(planes)

    def _equals(self, node: Equals) -> Words:
        planes: tuple[Words, ...] = self.values[node.count]
        result = np.full_like(planes[0], 0 if node.number >> len(planes) else ALL)
        for k, plane in enumerate(planes):
            result = result & (plane if node.number >> k & 1 else ~plane)
        return result

    def _uniform(self, draw: int, plane: int) -> Words:
        absolute = np.arange(self.word0, self.word0 + self.words)
        counter = counters(self.sites.numbers[:, None], absolute[None, :]) + np.uint64(plane)
        return word(self.key[draw], counter, self.program.generator)

    def _bernoulli(self, node: Bernoulli) -> Words:
        """u < T, the bits of T selected by the masks and compared with those of u from the top."""
        table = self.arguments["thresholds"]
        rest = np.full((len(self.sites.cells), self.words), ALL)
        chosen = []
        for mask, slot in node.classes:
            chosen.append((self.values[mask], table[slot]))
            rest &= ~self.values[mask]
        if node.otherwise is not None:
            chosen.append((rest, table[node.otherwise]))
        below: Words = np.bitwise_or.reduce([mask & row[0] for mask, row in chosen])
        equal: Words = ~below
        for plane in range(self.program.planes):
            bit = np.bitwise_or.reduce([mask & row[1 + plane] for mask, row in chosen])
            uniform = self._uniform(node.draw, plane)
            below = below | (equal & bit & ~uniform)
            equal = equal & ~(bit ^ uniform)
        return below

    def _weigh(self, node: Weigh) -> NDArray[np.int64]:
        weights = self.arguments["weights"].astype(np.int64)
        total = np.broadcast_to(weights[node.base], (len(self.sites.cells), 64 * self.words)).copy()
        for mask, slot in zip(node.masks, node.slots, strict=True):
            total += _lanes(self.values[mask]) * weights[slot]
        return total

    def _couple(self, node: Couple) -> NDArray[np.int64]:
        """Sums of signs, -1 where a bit is 0, times integers, which float64 holds exactly."""
        bits = self.state[node.field][node.plane].reshape(-1, self.words)
        signs = 2.0 * _lanes(bits) - 1
        total = np.empty((len(self.sites.cells), 64 * self.words))
        lanes = 64 * self.arguments["blocks"][:, None] + np.arange(64)
        for row, site in zip(total, self.sites.numbers, strict=True):
            couplings = self.arguments["couplings"][node.matrix, site].astype(np.float64)
            row[:] = (
                couplings[:, 0] @ signs
                if couplings.shape[1] == 1
                else np.einsum("jr,jr->r", couplings[:, lanes.reshape(-1)], signs)
            )
        if node.mask is not None:
            total *= 1.0 - 2.0 * _lanes(self.values[node.mask])
        return np.asarray(self.values[node.lanes] + total.astype(np.int64))

    def _accept(self, node: Accept) -> Words:
        x, uniform = self._lanes(node)
        coarse, fine = exponentials()
        high = np.clip(x >> 10, 0, COARSE)
        limit = (np.append(coarse, np.uint64(0))[high] * fine[x & 1023]) >> np.uint64(32)
        return _packed((x <= 0) | (uniform < limit))

    def _logistic(self, node: Logistic) -> Words:
        return _packed(~binary(*self._lanes(node)))

    def _lanes(self, node: Accept | Logistic) -> tuple[NDArray[np.int64], Words]:
        """Lanes and their uniforms, [cell, word, lane]. Lane r takes half r & 1 of plane r >> 1:
        plane p serves lanes 2p and 2p + 1 of its word."""
        shape = (len(self.sites.cells), self.words, 64)
        planes = np.stack([self._uniform(node.draw, plane) for plane in range(32)], axis=-1)
        halves = np.stack([planes & np.uint64(0xFFFFFFFF), planes >> np.uint64(32)], axis=-1)
        return self.values[node.lanes].reshape(shape), halves.reshape(shape)

    def _store(self, node: Store) -> None:
        self.stores.append((node, self.values[node.word]))

    def _tally(self, node: Tally) -> None:
        keep = self.program.tallies[node.array]
        counts = _lanes(self.values[node.word])
        if not keep.replica:
            counts = counts.sum(axis=1, dtype=np.int64)
        array = self.tallies[node.array]
        if keep.axes:
            np.add.at(
                array[node.row], tuple(self.sites.cells[:, axis] for axis in keep.axes), counts
            )
        else:
            array[node.row] += counts.sum(axis=0, dtype=np.int64)


def _lanes(words: Words) -> NDArray[np.uint8]:
    """The bits of words u64[cell, word] as uint8[cell, 64 * word]."""
    octets = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=-1, bitorder="little")


def _packed(bits: NDArray[np.bool_]) -> Words:
    """Words u64[cell, word] of bool[cell, word, 64]."""
    octets = np.packbits(bits, axis=-1, bitorder="little")
    return np.ascontiguousarray(octets).view("<u8")[..., 0].astype(np.uint64)
