"""Every installed backend gives the same bits as the reference, whatever the program, the shares of words and the threads."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import prod
from random import Random
from typing import Any

import numpy as np
import pytest

from rgc.backend import Arguments, installed, load
from rgc.program import (
    Accept,
    Below,
    Bit,
    Cells,
    Count,
    Field,
    Is,
    Listed,
    Load,
    Node,
    Program,
    Rule,
    Stage,
    Store,
    Tally,
    TallyArray,
    Weigh,
)
from rgc.program.draws import random_field, step_keys
from rgc.program.tables import pack_thresholds

OTHERS = sorted(set(installed()) - {"reference"})
NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0))


class Writer:
    """Appends nodes and gives back their numbers."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def __call__(self, node: Node) -> int:
        if node not in self.nodes:
            self.nodes.append(node)
        return self.nodes.index(node)


def arguments(program: Program, words: int, random: Random, uniform: bool) -> Arguments:
    """Thresholds of every kind: never, always, one half, ends of the range, anything."""
    full = 1 << program.planes
    pool = [0, full, full // 2, 1, full - 1]

    def one() -> int:
        return random.choice([*pool, random.randrange(full), random.randrange(full)])

    rows = [one() if uniform else [one() for _ in range(64 * words)] for _ in range(program.slots)]
    weights = np.array(
        [[random.randrange(-(2**21), 2**21)] * (64 * words) for _ in range(program.weights)], dtype=np.int32
    ).reshape(program.weights, 64 * words)
    if not uniform:
        weights += np.arange(64 * words, dtype=np.int32) * 9973
    return Arguments(pack_thresholds(rows, program.planes, words), weights)


def run(
    backend: Any, program: Program, given: Arguments, seed: int, **how: Any
) -> tuple[list[Any], list[Any]]:
    """Two calls of two steps each on random fields: fields and tallies."""
    words, word0, constant = how["words"], how.get("word0", 0), how.get("constant", False)
    kernel = backend.compile(program, constant=given if constant else None)
    fields = [
        random_field((seed, n), field, words, word0, program.generator)
        for n, field in enumerate(program.fields)
    ]
    state = [backend.pack(field) for field in fields]
    tallies = []
    for start in (0, 2):
        keys = step_keys((seed, 77), start, 2, program.draws)
        state, found = kernel(state, given, keys, word0)
        tallies.append(found)
    return [backend.unpack(field) for field in state], tallies


def assert_equal(first: tuple[list[Any], list[Any]], second: tuple[list[Any], list[Any]]) -> None:
    for a, b in zip(first[0], second[0], strict=True):
        np.testing.assert_array_equal(a, b)
    for call_a, call_b in zip(first[1], second[1], strict=True):
        for a, b in zip(call_a, call_b, strict=True):
            assert a.dtype == b.dtype == np.int64
            np.testing.assert_array_equal(a, b)


def check(
    program: Program, seed: int, *, words: int = 2, word0: int = 0, uniform: bool = True, names: Any = None
) -> None:
    given = arguments(program, words, Random(seed), uniform)  # noqa: S311
    expected = run(load("reference"), program, given, seed, words=words, word0=word0)
    for name in names or OTHERS:
        for threads, constant in ((1, False), (2, True)):
            backend = load(name, threads=threads)
            found = run(backend, program, given, seed, words=words, word0=word0, constant=constant)
            assert_equal(expected, found)


def metropolis(shape: tuple[int, ...], generator: Any = "splitmix", planes: Any = 32) -> Program:
    """Nearest neighbours on a periodic square lattice with even sides: one slot for each number of unlike neighbours."""
    w = Writer()
    spin = w(Load(0, (0,) * len(shape)))
    unlike = []
    for axis, step in product(range(len(shape)), (1, -1)):
        offset = tuple(step if k == axis else 0 for k in range(len(shape)))
        unlike.append(w(Bit("xor", (spin, w(Load(0, offset))))))
    count = w(Count(tuple(unlike)))
    classes = tuple((w(Is(count, n)), n) for n in range(len(unlike)))
    flip = w(Below(classes, len(unlike), 0))
    w(Store(0, w(Bit("xor", (spin, flip)))))
    two = (2,) * len(shape)
    residues = tuple(product(range(2), repeat=len(shape)))
    colours = [tuple(r for r in residues if sum(r) % 2 == c) for c in range(2)]
    stages = tuple(Stage(0, Cells(two, colour, (0,) * len(shape), shape)) for colour in colours)
    field = Field("s", shape, periodic=(True,) * len(shape))
    return Program(
        "metropolis",
        shape,
        1,
        (field,),
        (Rule(0, tuple(w.nodes)),),
        stages,
        len(unlike) + 1,
        0,
        1,
        planes,
        generator,
    )


def random_rule(
    random: Random, program: Program, letter: int, reach: tuple[tuple[int, ...], ...], lanes: bool
) -> Rule:
    """A rule with every kind of node, those of lanes if asked: updates the site of `letter` in field 0."""
    w = Writer()
    zero = (0,) * len(program.shape)
    spins = program.fields[0]
    old = [w(Load(0, zero, letter, plane)) for plane in range(spins.planes)]
    words = list(old)
    for _ in range(4):
        offset = random.choice(reach)
        words.append(w(Load(0, offset, random.randrange(spins.letters), random.randrange(spins.planes))))
    words.append(w(Load(1, random.choice(reach), random.randrange(program.fields[1].letters))))
    words.append(w(Bit("xor", tuple(random.sample(words, 3)))))
    words.append(w(Bit(random.choice(("and", "or")), tuple(random.sample(words, 2)))))
    words.append(w(Bit("not", (random.choice(words),))))
    count = w(Count(tuple(random.sample(words, random.choice((3, 4, 5))))))
    classes = tuple((w(Is(count, n)), random.randrange(program.slots)) for n in range(random.randrange(1, 4)))
    drawn = w(Below(classes, random.choice((None, 0)), 0))
    if lanes:
        accepted = w(Accept(w(Weigh(tuple(words[:3]), (0, 1, 2), 3)), 1))
    else:
        accepted = w(Below(((words[-1], 3),), None, 1))
    late = w(Below(((accepted, 1), (w(Bit("not", (accepted,))), 2)), None, 2))
    results = (drawn, accepted, late)
    for plane in range(spins.planes):
        w(Store(0, w(Bit("xor", (old[plane], random.choice(results)))), plane))
    for n, array in enumerate(program.tallies):
        for row in range(array.rows):
            w(Tally(n, row, random.choice(words)))
    return Rule(letter, tuple(w.nodes))


def random_program(seed: int, kind: str = "regular", **changes: Any) -> Program:
    """A program on a random lattice: one to three axes, one or two letters, two species, odd sizes; regular sets of cells, listed
    ones, with lanes, or at open edges."""
    random = Random(seed)  # noqa: S311
    axes = random.choice((1, 2, 2, 3))
    modulus = tuple(random.choice((2, 3)) for _ in range(axes))
    shape = tuple(m * random.choice((1, 2, 3)) for m in modulus)
    letters = random.choice((1, 2))
    fields = (
        Field("s", shape, letters, random.choice((1, 2)), (True,) * axes),
        Field("t", shape, letters, 1, (True,) * axes),
    )
    tallies = tuple(
        TallyArray(2, replica, kept)
        for replica, kept in product((False, True), ((), (axes - 1,), tuple(range(axes))))
    )
    program = Program("random", shape, letters, fields, (), (), 5, 4, 3, 32, "splitmix", tallies)
    program = replace(program, **changes)
    near = product((-1, 0, 1), repeat=axes)
    reach = tuple(o for o in near if any(x % m for x, m in zip(o, modulus, strict=True)))
    rules = tuple(random_rule(random, program, letter, reach, kind == "lanes") for letter in range(letters))
    lower, upper = (0,) * axes, shape
    if kind == "open":
        lower, upper = (1,) * axes, tuple(max(1, size - 1) for size in shape)
    stages = [
        Stage(letter, Cells(modulus, (residue,), lower, upper))
        for residue in product(*map(range, modulus))
        for letter in range(letters)
    ]
    if kind == "listed":
        stages = [Stage(stage.rule, _listed(stage.cells, shape)) for stage in stages]
    return replace(program, rules=rules, schedule=tuple(stages))


def _listed(cells: Any, shape: tuple[int, ...]) -> Listed:
    strides = [prod(shape[k + 1 :]) for k in range(len(shape))]
    return Listed(tuple(sum(x * s for x, s in zip(cell, strides, strict=True)) for cell in cells))


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    ("shape", "generator", "planes", "uniform"),
    [((4, 6), "splitmix", 32, True), ((2, 2, 4), "splitmix", 64, False), ((8, 8), "philox", 32, True)],
)
def test_metropolis(name: str, shape: Any, generator: Any, planes: Any, uniform: bool) -> None:
    check(metropolis(shape, generator, planes), 5, words=3, word0=7, uniform=uniform, names=[name])


KINDS = ("regular", "open", "listed", "lanes")


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_random_rules(name: str, kind: str, seed: int) -> None:
    seed += 10 * KINDS.index(kind)
    changes = {"generator": "philox"} if seed % 10 == 1 else {}
    check(random_program(seed, kind, **changes), seed, word0=seed, uniform=seed % 2 == 0, names=[name])


@pytest.mark.parametrize("name", OTHERS)
def test_blocks_of_another_lattice(name: str) -> None:
    """Majority of three of the four spins of a block, and a random one of two: loads with a stride, stores to a coarser field."""
    w = Writer()
    corners = [w(Load(0, offset, stride=(2, 2))) for offset in product((0, 1), repeat=2)]
    count = w(Count(tuple(corners[:3])))
    most = w(Bit("or", (w(Is(count, 2)), w(Is(count, 3)))))
    tie = w(Below((), 0, 0))
    w(Store(1, w(Bit("xor", (most, w(Bit("and", (tie, corners[3]))))))))
    w(Tally(0, 0, most))
    fields = (Field("fine", (6, 8), periodic=(True, True)), Field("coarse", (3, 4), periodic=(True, True)))
    stage = Stage(0, Cells((1, 1), ((0, 0),), (0, 0), (3, 4)))
    rule = Rule(0, tuple(w.nodes))
    program = Program("block", (3, 4), 1, fields, (rule,), (stage,), 1, 0, 1, tallies=(TallyArray(1, True),))
    check(program, 3, words=3, names=[name])


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("words", [1, 3, 70])
def test_many_tallies(name: str, words: int) -> None:
    """Images of several operators on a lattice of more rows than a vertical counter collects at once."""
    w = Writer()
    spin = w(Load(0, (0, 0)))
    for row, offset in enumerate(((0, 1), (1, 0), (1, 1), (2, 1), (0, 3))):
        product_of_two = w(Bit("xor", (spin, w(Load(0, offset)))))
        for array in range(3):
            w(Tally(array, row // 2, product_of_two))
    shape = (45, 36)
    arrays = (TallyArray(3, True), TallyArray(3), TallyArray(3, True, (0,)))
    field = Field("s", shape, periodic=(True, True))
    stage = Stage(0, Cells((1, 1), ((0, 0),), (0, 0), shape))
    program = Program("measure", shape, 1, (field,), (Rule(0, tuple(w.nodes)),), (stage,), tallies=arrays)
    check(program, 4, words=words, names=[name])
