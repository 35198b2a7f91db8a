"""Programs made by hand or at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import prod
from random import Random
from typing import Any

from rgc.program.lattice import (
    Accept,
    Bernoulli,
    Bit,
    Cells,
    Count,
    Couple,
    Equals,
    Field,
    Listed,
    Load,
    Logistic,
    Node,
    Program,
    Rule,
    Stage,
    Store,
    Tally,
    TallyArray,
    Weigh,
)


class Writer:
    """Appends nodes and gives back their numbers."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def __call__(self, node: Node) -> int:
        if node not in self.nodes:
            self.nodes.append(node)
        return self.nodes.index(node)


def metropolis(shape: tuple[int, ...], generator: Any = "splitmix", planes: Any = 32) -> Program:
    """Nearest neighbours on a periodic square lattice with even sides: one slot for each number of
    unlike neighbours."""
    w = Writer()
    spin = w(Load(0, (0,) * len(shape)))
    unlike = []
    for axis, step in product(range(len(shape)), (1, -1)):
        offset = tuple(step if k == axis else 0 for k in range(len(shape)))
        unlike.append(w(Bit("xor", (spin, w(Load(0, offset))))))
    count = w(Count(tuple(unlike)))
    classes = tuple((w(Equals(count, n)), n) for n in range(len(unlike)))
    flip = w(Bernoulli(classes, len(unlike), 0))
    w(Store(0, w(Bit("xor", (spin, flip)))))
    two = (2,) * len(shape)
    residues = tuple(product(range(2), repeat=len(shape)))
    colours = [tuple(r for r in residues if sum(r) % 2 == c) for c in range(2)]
    stages = tuple(Stage(0, Cells(two, colour, (0,) * len(shape), shape)) for colour in colours)
    field = Field("s", shape, periodic=(True,) * len(shape))
    return Program(
        name="metropolis",
        shape=shape,
        letters=1,
        fields=(field,),
        rules=(Rule(0, tuple(w.nodes)),),
        schedule=stages,
        slots=len(unlike) + 1,
        weights=0,
        draws=1,
        planes=planes,
        generator=generator,
    )


def coins(shape: tuple[int, ...], generator: Any = "splitmix", planes: Any = 32) -> Program:
    """Every spin is turned over with the probability of slot 0."""
    w = Writer()
    spin = w(Load(0, (0,) * len(shape)))
    w(Store(0, w(Bit("xor", (spin, w(Bernoulli((), 0, 0)))))))
    field = Field("s", shape, periodic=(True,) * len(shape))
    stage = Stage(0, Cells((1,) * len(shape), ((0,) * len(shape),), (0,) * len(shape), shape))
    rule = Rule(0, tuple(w.nodes))
    return Program(
        name="coins",
        shape=shape,
        letters=1,
        fields=(field,),
        rules=(rule,),
        schedule=(stage,),
        slots=1,
        weights=0,
        draws=1,
        planes=planes,
        generator=generator,
    )


def spread(shape: tuple[int, int], counted: bool = False) -> Program:
    """Bonds to the next cell along each axis, on a lattice open along the first, and seeds, drawn
    with the probabilities of slots 0 and 1; seeds spread along bonds until nothing changes; with
    `counted` what they have reached is tallied."""
    w = Writer()
    for axis in range(2):
        w(Store(0, w(Bernoulli((), 0, axis)), axis))
    w(Store(1, w(Bernoulli((), 1, 2))))
    (rows, columns), every = shape, Cells((1, 1), ((0, 0),), (0, 0), shape)
    steps = (((1, 0), (0, 0), 0), ((-1, 0), (-1, 0), 0), ((0, 1), (0, 0), 1), ((0, -1), (0, -1), 1))
    rules, stages = [Rule(0, tuple(w.nodes))], [Stage(0, every)]
    for row, (lower, upper) in enumerate(((0, 1), (1, rows - 1), (rows - 1, rows))):
        w = Writer()
        words = [w(Load(1, (0, 0)))]
        for step, bond, axis in steps:
            if not (row == 0 and step[0] < 0) and not (row == 2 and step[0] > 0):
                words.append(w(Bit("and", (w(Load(1, step)), w(Load(0, bond, plane=axis))))))
        w(Store(1, w(Bit("or", tuple(words)))))
        rules.append(Rule(0, tuple(w.nodes)))
        part = Cells((1, 1), ((0, 0),), (lower, 0), (upper, columns))
        stages.append(Stage(1 + row, part, "unchanged"))
    if counted:
        w = Writer()
        w(Tally(0, 0, w(Load(1, (0, 0)))))
        rules.append(Rule(0, tuple(w.nodes)))
        stages.append(Stage(4, every))
    return Program(
        name="spread",
        shape=shape,
        letters=1,
        fields=(
            Field("bonds", shape, planes=2, periodic=(False, True)),
            Field("reached", shape, periodic=(False, True)),
        ),
        rules=tuple(rules),
        schedule=tuple(stages),
        slots=2,
        draws=3,
        tallies=(TallyArray(1, replica=True),) if counted else (),
    )


def follow(shape: tuple[int, int], lanes: bool = False) -> Program:
    """Two letters of spins, and a third that is the `and` of them: a rule stores to its own letter
    and to that one, whose neighbours decide with what chance."""
    rules = []
    for letter in range(2):
        w = Writer()
        own, other, both = (w(Load(0, (0, 0), each)) for each in (letter, 1 - letter, 2))
        after = w(Bit("and", (w(Bit("not", (own,))), other)))
        pivotal = w(Bit("xor", (both, after)))
        near = [w(Load(0, (0, step), 2)) for step in (1, -1)]
        felt = [w(Bit("and", (pivotal, w(Bit("xor", (both, each)))))) for each in near]
        if lanes:
            turns = w(Logistic(w(Weigh((pivotal, *felt), (0, 1, 2), 3)), 0))
        else:
            count = w(Count((pivotal, *felt)))
            classes = tuple((w(Equals(count, n)), n) for n in range(4))
            turns = w(Bernoulli(classes, None, 0))
        w(Store(0, w(Bit("xor", (own, turns)))))
        w(Store(0, w(Bit("xor", (both, w(Bit("and", (pivotal, turns)))))), letter=2))
        rules.append(Rule(letter, tuple(w.nodes)))
    stages = tuple(
        Stage(letter, Cells((1, 2), ((0, colour),), (0, 0), shape))
        for letter in range(2)
        for colour in range(2)
    )
    return Program(
        name="follow",
        shape=shape,
        letters=3,
        fields=(Field("s", shape, letters=3, periodic=(True, True)),),
        rules=tuple(rules),
        schedule=stages,
        slots=0 if lanes else 4,
        weights=4 if lanes else 0,
        draws=1,
    )


def random_rule(
    random: Random, program: Program, letter: int, reach: tuple[tuple[int, ...], ...], lanes: bool
) -> Rule:
    """A rule with every kind of node, those of lanes if asked: updates the site of `letter` in
    field 0."""
    w = Writer()
    zero = (0,) * len(program.shape)
    spins = program.fields[0]
    old = [w(Load(0, zero, letter, plane)) for plane in range(spins.planes)]
    words = list(old)
    for _ in range(4):
        offset = random.choice(reach)
        words.append(
            w(Load(0, offset, random.randrange(spins.letters), random.randrange(spins.planes)))
        )
    words.append(w(Load(1, random.choice(reach), random.randrange(program.fields[1].letters))))
    words.append(w(Bit("xor", tuple(random.sample(words, 3)))))
    words.append(w(Bit(random.choice(("and", "or")), tuple(random.sample(words, 2)))))
    words.append(w(Bit("not", (random.choice(words),))))
    size = random.choice((3, 4, 5, 9))
    count = w(Count(tuple(random.sample(words, min(size, len(words))))))
    classes = tuple(
        (w(Equals(count, n)), random.randrange(program.slots))
        for n in range(random.randint(1, size))
    )
    drawn = w(Bernoulli(classes, random.choice((None, 0)), 0))
    if lanes:
        kind = random.choice((Accept, Logistic))
        shared = tuple(n % 3 for n in range(len(words)))
        accepted = w(kind(w(Weigh(tuple(words), shared, 3)), 1))
    else:
        accepted = w(Bernoulli(((words[-1], 3),), None, 1))
    late = w(Bernoulli(((accepted, 1), (w(Bit("not", (accepted,))), 2)), None, 2))
    results = (drawn, accepted, late)
    for plane in range(spins.planes):
        w(Store(0, w(Bit("xor", (old[plane], random.choice(results)))), plane))
    for n, array in enumerate(program.tallies):
        for row in range(array.rows):
            w(Tally(n, row, random.choice(words)))
    return Rule(letter, tuple(w.nodes))


def random_program(seed: int, kind: str = "regular", **changes: Any) -> Program:
    """A program on a random lattice: one to three axes, one or two letters, two species, odd sizes;
    regular sets of cells, listed ones, with lanes, or at open edges."""
    random = Random(seed)
    axes = random.choice((1, 2, 2, 3))
    modulus = tuple(random.choice((2, 3)) for _ in range(axes))
    shape = tuple(m * random.choice((1, 2, 3)) for m in modulus)
    letters = random.choice((1, 2))
    periodic = (kind != "open",) * axes
    fields = (
        Field("s", shape, letters=letters, planes=random.choice((1, 2)), periodic=periodic),
        Field("t", shape, letters=letters, planes=1, periodic=periodic),
    )
    arrays = [
        TallyArray(2, replica=replica, axes=kept)
        for replica, kept in product((False, True), ((), (axes - 1,), tuple(range(axes))))
    ]
    tallies = tuple(random.sample(arrays, random.choice((0, 2))))
    program = Program(
        name="random",
        shape=shape,
        letters=letters,
        fields=fields,
        rules=(),
        schedule=(),
        slots=5,
        weights=4,
        draws=3,
        planes=32,
        generator="splitmix",
        tallies=tallies,
    )
    program = replace(program, **changes)
    near = product((-1, 0, 1), repeat=axes)
    reach = tuple(o for o in near if any(x % m for x, m in zip(o, modulus, strict=True)))
    rules = tuple(
        random_rule(random, program, letter, reach, kind == "lanes") for letter in range(letters)
    )
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


def blocks(counted: bool = False) -> Program:
    """Majority of three of the four spins of a block, and a random one of two: loads with a stride,
    stores to a coarser field; with `counted` a tally besides."""
    w = Writer()
    corners = [w(Load(0, offset, stride=(2, 2))) for offset in product((0, 1), repeat=2)]
    count = w(Count(tuple(corners[:3])))
    most = w(Bit("or", (w(Equals(count, 2)), w(Equals(count, 3)))))
    tie = w(Bernoulli((), 0, 0))
    w(Store(1, w(Bit("xor", (most, w(Bit("and", (tie, corners[3]))))))))
    if counted:
        w(Tally(0, 0, most))
    fields = (
        Field("fine", (6, 8), periodic=(True, True)),
        Field("coarse", (3, 4), periodic=(True, True)),
    )
    stage = Stage(0, Cells((1, 1), ((0, 0),), (0, 0), (3, 4)))
    rule = Rule(0, tuple(w.nodes))
    tallies = (TallyArray(1, replica=True),) if counted else ()
    return Program(
        name="block",
        shape=(3, 4),
        letters=1,
        fields=fields,
        rules=(rule,),
        schedule=(stage,),
        slots=1,
        weights=0,
        draws=1,
        tallies=tallies,
    )


def places() -> Program:
    """A block spin of two spins of a ring, drawn with weights of its own in each place: rules that
    differ in their slots alone."""
    rules = []
    for place in range(4):
        first, second, base = (3 * place + k for k in range(3))
        w = Writer()
        spins = tuple(w(Load(0, (offset,), stride=(2,))) for offset in (0, 1))
        w(Store(1, w(Logistic(w(Weigh(spins, (first, second), base)), 0))))
        rules.append(Rule(0, tuple(w.nodes)))
    return Program(
        name="places",
        shape=(4,),
        letters=1,
        fields=(Field("fine", (8,), periodic=(True,)), Field("coarse", (4,), periodic=(True,))),
        rules=tuple(rules),
        schedule=tuple(Stage(place, Listed((place,))) for place in range(4)),
        slots=0,
        weights=12,
        draws=1,
    )


def coupled(cells: int, kind: type[Accept] | type[Logistic] = Logistic) -> Program:
    """Spins of two letters on a ring, and of a second field, all of which are coupled to all, one
    after the other: `Accept` flips a spin, whose word turns what it feels, `Logistic` sets it."""
    rules = []
    for field, letter in product((0, 1), (0, 1)):
        w = Writer()
        own = w(Load(field, (0,), letter))
        lanes = w(Weigh((w(Load(1 - field, (1,), letter)),), (field,), 2 + letter))
        for other, plane in ((0, 0), (0, 1), (1, 0)):
            matrix = 2 * field + other
            lanes = w(Couple(lanes, other, matrix, own if kind is Accept else None, plane))
        drawn = w(kind(lanes, field))
        w(Store(field, w(Bit("xor", (own, drawn))) if kind is Accept else drawn))
        rules.append(Rule(letter, tuple(w.nodes)))
    stages = [Stage(rule, Listed((cell,))) for rule in range(4) for cell in range(cells)]
    return Program(
        name="coupled",
        shape=(cells,),
        letters=2,
        fields=(
            Field("s", (cells,), letters=2, planes=2, periodic=(True,)),
            Field("t", (cells,), letters=2, periodic=(True,)),
        ),
        rules=tuple(rules),
        schedule=tuple(stages),
        weights=4,
        couplings=4,
        draws=2,
    )


def measure(
    shape: tuple[int, int], arrays: Sequence[TallyArray], modulus: tuple[int, int] = (1, 1)
) -> Program:
    """Five products of two spins in three rows of every array, at the cells of residue 0."""
    w = Writer()
    spin = w(Load(0, (0, 0)))
    for row, offset in enumerate(((0, 1), (1, 0), (1, 1), (2, 1), (0, 3))):
        both = w(Bit("xor", (spin, w(Load(0, offset)))))
        for array in range(len(arrays)):
            w(Tally(array, row // 2, both))
    field = Field("s", shape, periodic=(True, True))
    stage = Stage(0, Cells(modulus, ((0, 0),), (0, 0), shape))
    return Program(
        name="measure",
        shape=shape,
        letters=1,
        fields=(field,),
        rules=(Rule(0, tuple(w.nodes)),),
        schedule=(stage,),
        tallies=tuple(arrays),
    )


def patterns(size: int, periodic: bool = True) -> Program:
    """Every kind of logic, with two species, two letters and two planes, tallied in every kind of
    array: a rule for either letter, at the cells of two residues. Nothing is drawn or stored."""
    w = Writer()
    offsets = ((0, 0), (1, 0), (0, 1), (-1, 1), (2, 0)) if periodic else ((0, 0),)
    words = [w(Load(0, offset, n % 2, n // 2 % 2)) for n, offset in enumerate(offsets)]
    words.append(w(Load(1, (0, 0), 1, stride=(2, 1))))
    words.append(w(Bit("not", (words[0],))))
    words.append(w(Bit("or", (words[0], words[-1], words[-2]))))
    words.append(w(Bit("and", (words[1 % len(offsets)], words[-2]))))
    count = w(Count(tuple(words)))
    words += [w(Equals(count, n)) for n in (0, 1, 2, 5, 40)]
    words.append(w(Bit("xor", tuple(words[:5]))))
    arrays = [
        TallyArray(len(words), replica=replica, axes=axes)
        for replica in (True, False)
        for axes in ((), (0,), (1,), (0, 1))
    ]
    for row, word in enumerate(words):
        for array in range(len(arrays)):
            w(Tally(array, (row * (array + 1)) % len(words), word))
    fields = (
        Field("s", (size, size + 1), letters=2, planes=2, periodic=(periodic,) * 2),
        Field("t", (2 * size, size + 1), letters=2, planes=1, periodic=(periodic,) * 2),
    )
    rules = tuple(Rule(letter, tuple(w.nodes)) for letter in (0, 1))
    stages = [Stage(n, Cells((2, 1), ((n, 0),), (0, 0), (size, size + 1))) for n in (0, 1)]
    return Program(
        name="patterns",
        shape=(size, size + 1),
        letters=2,
        fields=fields,
        rules=rules,
        schedule=tuple(stages),
        tallies=tuple(arrays),
    )
