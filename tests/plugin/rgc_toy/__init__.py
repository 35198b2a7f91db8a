"""A toy backend, slow and short, and unlike the reference.

Every site is one Python integer, whose bit r is replica r. It has one generator and no lanes, and
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import reduce
from itertools import product
from operator import and_, or_, xor
from typing import Any

import numpy as np

from rgc.backend import Arguments
from rgc.program.lattice import (
    Bernoulli,
    Bit,
    Cells,
    Count,
    Equals,
    Load,
    Program,
    Rule,
    Store,
    Tally,
)
from rgc.program.lattice.show import show

MASK = (1 << 64) - 1
FOLD = {"and": and_, "or": or_, "xor": xor}


class ToyBackend:
    """A packed field is its words, the shape of the canonical array, and a list of integers, one
    for each site and plane.
    """

    name = "toy"
    threads = 1

    def __init__(self, threads: int | None = None) -> None:
        del threads

    def arrays(self) -> AbstractContextManager[Any]:
        return nullcontext(np)

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        return {}

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        return {"lattice": {"philox": "a toy has one generator", "lanes": "integers have no lanes"}}

    def missing(self) -> str | None:
        return None

    def compile(self, program: Program, *, constant: Arguments | None = None) -> ToyKernel:
        del constant
        return ToyKernel(program)

    def pack(self, field: Any) -> tuple[tuple[int, ...], list[int]]:
        return field.shape, [integer(words) for words in field.reshape(-1, field.shape[-1])]

    def unpack(self, state: Any) -> Any:
        shape, sites = state
        return np.array([words(site, shape[-1]) for site in sites], dtype=np.uint64).reshape(shape)


def integer(row: Any) -> int:
    return int.from_bytes(np.ascontiguousarray(row, dtype="<u8").tobytes(), "little")


def words(number: int, count: int) -> Any:
    return np.frombuffer(number.to_bytes(8 * count, "little"), dtype="<u8").astype(np.uint64)


def mix(z: int) -> int:
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def random_word(a: int, b: int, counter: int) -> int:
    return mix((a + counter * 0x9E3779B97F4A7C15 & MASK) ^ b)


class ToyKernel:
    """Walks over sites one by one and interprets the rule."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.source = show(program)
        self._stages = [
            (program.rules[stage.rule], [*cells(stage.cells, program.shape)])
            for stage in program.schedule
        ]

    def __call__(
        self, state: Sequence[Any], arguments: Arguments, keys: Any, word0: int = 0
    ) -> tuple[list[Any], list[Any]]:
        run = Run(self.program, state, arguments, word0)
        steps = [run.step([(int(a), int(b)) for a, b in key], self._stages) for key in keys]
        kept = [run.zeros(n) for n in range(len(self.program.tallies))]
        return [*state], [
            np.array([step[n] for step in steps], dtype=np.int64).reshape(
                len(steps), *kept[n].shape
            )
            for n in range(len(kept))
        ]


def cells(sites: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(sites, Cells):
        return iter(sites)
    every = [*product(*map(range, shape))]
    return (every[number] for number in sites.cells)


class Run:
    def __init__(
        self, program: Program, state: Sequence[Any], arguments: Arguments, word0: int
    ) -> None:
        self.program, self.state = program, state
        self.words, self.word0 = state[0][0][-1], word0
        self.all = (1 << 64 * self.words) - 1
        self.table = [[integer(entry) for entry in slot] for slot in arguments["thresholds"]]

    def zeros(self, number: int) -> Any:
        array = self.program.tallies[number]
        kept = [self.program.shape[axis] for axis in array.axes]
        return np.zeros(
            (array.rows, *kept, *([64 * self.words] if array.replica else [])), np.int64
        )

    def step(self, keys: list[tuple[int, int]], stages: Any) -> list[Any]:
        tallies = [self.zeros(n) for n in range(len(self.program.tallies))]
        planes: dict[tuple[int, ...], list[int]] = {}
        for rule, sites in stages:
            for cell in sites:
                self.site(rule, cell, keys, planes)
        for (array, row, *kept), counter in planes.items():
            total = sum(
                (bits(plane, 64 * self.words) << k for k, plane in enumerate(counter)), np.int64(0)
            )
            tallies[array][(row, *kept)] = (
                total if self.program.tallies[array].replica else total.sum()
            )
        return tallies

    def address(self, field: int, plane: int, cell: Sequence[int], letter: int) -> int:
        place = plane
        target = self.program.fields[field]
        for x, size in zip(cell, target.shape, strict=True):
            place = place * size + x % size
        return place * target.letters + letter

    def number(self, cell: Sequence[int], letter: int) -> int:
        place = 0
        for x, size in zip(cell, self.program.shape, strict=True):
            place = place * size + x
        return place * self.program.letters + letter

    def site(
        self, rule: Rule, cell: tuple[int, ...], keys: Any, planes: dict[tuple[int, ...], list[int]]
    ) -> None:
        values: list[Any] = []
        stores = []
        for node in rule.nodes:
            made: Any = None
            match node:
                case Load(field, offset, letter, plane, stride):
                    steps = zip(cell, stride or (1,) * len(cell), offset, strict=True)
                    made = self.state[field][1][
                        self.address(field, plane, [x * s + o for x, s, o in steps], letter)
                    ]
                case Bit("not", (a,)):
                    made = self.all ^ values[a]
                case Bit(op, operands):
                    made = reduce(FOLD[op], (values[n] for n in operands))
                case Count(operands):
                    made = []
                    for n in operands:
                        add(made, values[n])
                case Equals(count, number):
                    made = self.all if not number >> len(values[count]) else 0
                    for k, digit in enumerate(values[count]):
                        made &= digit if number >> k & 1 else self.all ^ digit
                case Bernoulli():
                    made = self.bernoulli(
                        node, values, keys[node.draw], self.number(cell, rule.letter)
                    )
                case Store(word=word):
                    field, plane, letter = node.place(rule.letter)
                    stores.append((field, self.address(field, plane, cell, letter), values[word]))
                case Tally(array, row, word):
                    kept = (cell[axis] for axis in self.program.tallies[array].axes)
                    add(planes.setdefault((array, row, *kept), []), values[word])
            values.append(made)
        for field, place, value in stores:
            self.state[field][1][place] = value

    def bernoulli(
        self, node: Bernoulli, values: list[Any], key: tuple[int, int], number: int
    ) -> int:
        classes = [(values[mask], slot) for mask, slot in node.classes]
        if node.otherwise is not None:
            classes.append(
                (self.all ^ reduce(or_, (mask for mask, _ in classes), 0), node.otherwise)
            )

        def limit(entry: int) -> int:
            return reduce(or_, (mask & self.table[slot][entry] for mask, slot in classes), 0)

        result = limit(0)
        undecided = reduce(or_, (mask for mask, _ in classes), 0) & ~result
        for plane in range(self.program.planes):
            if not undecided:
                break
            uniform = self.uniform(key, number, plane)
            result |= undecided & limit(1 + plane) & ~uniform
            undecided &= ~(limit(1 + plane) ^ uniform)
        return result

    def uniform(self, key: tuple[int, int], number: int, plane: int) -> int:
        parts = (
            random_word(*key, (self.word0 + w << 40) + (number << 6) + plane) << 64 * w
            for w in range(self.words)
        )
        return reduce(or_, parts)


def add(planes: list[int], word: int) -> None:
    """One more in the counter whose binary digits are the planes."""
    for k, plane in enumerate(planes):
        planes[k], word = plane ^ word, plane & word
    if word:
        planes.append(word)


def bits(number: int, count: int) -> Any:
    octets = np.frombuffer(number.to_bytes(count // 8, "little"), dtype=np.uint8)
    return np.unpackbits(octets, bitorder="little").astype(np.int64)
