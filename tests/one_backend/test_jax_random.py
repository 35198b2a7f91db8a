"""The JAX backend on many random programs and Hamiltonians: each is compiled, so most of them are
slow tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest

from rgc.backend import Arguments, load
from rgc.conformance.lattice.random_programs import random_program
from rgc.conformance.lattice.running import arguments, run
from rgc.conformance.lattice.systems import KINDS, LATTICES, SPECIES, lowered_update
from rgc.conformance.running import assert_equal
from rgc.program.lattice import Bernoulli, Listed, Program

pytest.importorskip("jax")

from rgc_jax import JaxBackend


def check(program: Program, given: Arguments, seed: int) -> None:
    """General or baked, with few or many planes decided first."""
    how: dict[str, Any] = {"word0": seed, "calls": ((seed, 1), (seed + 1, 2))}
    expected = run(load("reference"), program, given, seed, **how)
    backend = JaxBackend(_first=(None, 2, 64)[seed % 3])
    assert_equal(expected, run(backend, program, given, seed, constant=seed % 2 == 0, **how))


def traits(program: Program) -> Iterator[str]:
    """What must have occurred for the tests here to mean something."""
    for rule in program.rules:
        yield from (type(node).__name__ for node in rule.nodes)
        yield from (
            "many classes"
            for node in rule.nodes
            if isinstance(node, Bernoulli) and len(node.classes) > 8
        )
    yield from (
        "listed" if isinstance(stage.cells, Listed) else "residues" for stage in program.schedule
    )
    yield from ("odd" for size in program.shape if size % 2)
    yield f"{program.letters} letters"
    yield program.generator


PARTS = 12


def rules(part: int) -> Iterator[tuple[int, Program, Arguments]]:
    """Seeds, programs and arguments of random rules."""
    for seed, kind in product(
        range(5 * part, 5 * part + 5), ("regular", "open", "listed", "lanes")
    ):
        program = random_program(seed, kind)
        if seed % 3 == 0:
            program = replace(program, generator="philox")
        if seed % 4 == 0:
            program = replace(program, planes=64)
        random = Random(seed)  # noqa: S311
        yield seed, program, arguments(program, 1 + seed % 3, random, uniform=seed % 5 != 0)


def hamiltonians(seeds: range) -> Iterator[tuple[int, Program, Arguments]]:
    """The same of sweeps of random Hamiltonians."""
    for seed in seeds:
        (form, kind), lattice = KINDS[seed % len(KINDS)], LATTICES[seed % len(LATTICES)]
        species = SPECIES[seed % len(SPECIES)]
        random = Random(seed)  # noqa: S311
        yield seed, *lowered_update(lattice, species, form, kind, random, words=1 + seed % 2)


def test_a_few_random_hamiltonians() -> None:
    for seed, program, given in hamiltonians(range(2)):
        check(program, given, seed)


def test_everything_occurs_among_what_is_checked() -> None:
    everything = {
        "Load",
        "Bit",
        "Count",
        "Equals",
        "Bernoulli",
        "Weigh",
        "Accept",
        "Logistic",
        "Store",
        "Tally",
        "listed",
        "residues",
        "odd",
    }
    seen = {
        trait for part in range(PARTS) for _, program, _ in rules(part) for trait in traits(program)
    }
    assert seen >= everything | {"1 letters", "2 letters", "philox", "splitmix"}
    seen = {trait for _, program, _ in hamiltonians(range(20 * PARTS)) for trait in traits(program)}
    assert seen >= everything - {"Tally", "Logistic"} | {"many classes"}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_many_random_rules(part: int) -> None:
    for seed, program, given in rules(part):
        check(program, given, seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_many_random_hamiltonians(part: int) -> None:
    for seed, program, given in hamiltonians(range(20 * part, 20 * part + 20)):
        check(program, given, seed)
