"""Small lattice programs of every kind, with fields and arguments to run them on."""

from __future__ import annotations

from random import Random

from rgc.conformance.lattice.programs import (
    blocks,
    coins,
    coupled,
    follow,
    measure,
    metropolis,
    spread,
)
from rgc.conformance.lattice.random_programs import random_program
from rgc.conformance.lattice.running import arguments, example
from rgc.program.family import Example
from rgc.program.lattice import Accept, Program, TallyArray


def examples() -> tuple[Example[Program], ...]:
    """An update, other planes and another generator, a block map, a measurement, rules at random,
    one of them with lanes, a rule that is repeated, one that stores to two sites of a cell, and
    spins that all others decide."""
    programs = (
        metropolis((4, 6)),
        coins((4, 6), "philox", 64),
        blocks(counted=True),
        measure((4, 6), (TallyArray(3, replica=True), TallyArray(3))),
        random_program(9, "listed"),
        random_program(4, "lanes"),
        spread((5, 6)),
        follow((4, 6)),
        coupled(5),
        coupled(1, Accept),
    )
    return tuple(
        example(program, arguments(program, 2, Random(seed)), seed)
        for seed, program in enumerate(programs)
    )
