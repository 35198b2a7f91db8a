"""Programs made at random, with every kind of node."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import prod
from random import Random
from typing import Any

from rgc.conformance.lattice.programs import Writer
from rgc.program.lattice import (
    Accept,
    Bernoulli,
    Bit,
    Cells,
    Count,
    Equals,
    Field,
    Listed,
    Load,
    Logistic,
    Program,
    Rule,
    Stage,
    Store,
    Tally,
    TallyArray,
    Weigh,
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
    sets = [Cells(modulus, (each,), lower, upper) for each in product(*map(range, modulus))]
    stages = (
        Stage(letter, _listed(cells, shape) if kind == "listed" else cells)
        for cells in sets
        for letter in range(letters)
    )
    return replace(program, rules=rules, schedule=tuple(stages))


def _listed(cells: Cells, shape: tuple[int, ...]) -> Listed:
    strides = [prod(shape[k + 1 :]) for k in range(len(shape))]
    return Listed(tuple(sum(x * s for x, s in zip(cell, strides, strict=True)) for cell in cells))
