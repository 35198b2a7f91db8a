"""The program that exchanges configurations between two values of a parameter.

It has the fields of one value and then those of the other. x = (a xor b) and m is added to both,
where m is a draw of probability 1 in the replicas that are exchanged and 0 in all others: which
they are is decided on the host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.model_to_program.fields import every_cell, spin_fields
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Bernoulli, Load, Store
from rgc.program.lattice.program import Field, Program, Rule, Stage
from rgc.program.lattice.verify import verify

PLANES: Literal[32] = 32
"""Bit planes of a draw, none of which decides anything."""


def exchange_to_program(
    lattice: Lattice, species: Sequence[Species], *, generator: Generator = "splitmix"
) -> Program:
    """The program of an exchange. Its one threshold is 0 or "always" in each replica."""
    spins, count = spin_fields(lattice, species), len(species)
    rules = tuple(
        _rule(spins[number], number, count, letter, lattice.dimension)
        for number in range(count)
        for letter in range(len(lattice.basis))
    )
    program = Program(
        name="exchange",
        shape=lattice.cells,
        letters=len(lattice.basis),
        fields=(*spins, *(replace(each, name=f"{each.name}_next") for each in spins)),
        rules=rules,
        schedule=tuple(Stage(rule, every_cell(lattice.cells)) for rule in range(len(rules))),
        slots=1,
        draws=count,
        planes=PLANES,
        generator=generator,
    )
    verify(program)
    return program


def _rule(field: Field, number: int, count: int, letter: int, dimension: int) -> Rule:
    """Exchange the codes of a species at a site of a letter."""
    code, here = RuleWriter(letter), (0,) * dimension
    exchanged = code.add(Bernoulli((), 0, number))
    for plane in range(field.planes):
        pair = [code.add(Load(each, here, letter, plane)) for each in (number, number + count)]
        moved = code.bit("and", (code.bit("xor", pair), exchanged))
        for each, word in zip((number, number + count), pair, strict=True):
            code.add(Store(each, code.bit("xor", (word, moved)), plane))
    return code.rule()
