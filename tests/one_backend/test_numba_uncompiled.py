"""The generated code of the numba backend, run as plain Python: many more programs than could be
compiled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rgc.backend import Arguments, load
from rgc.conformance.lattice.random_programs import random_program
from rgc.conformance.lattice.running import arguments, run
from rgc.conformance.lattice.systems import KINDS, LATTICES, SPECIES, lowered_update
from rgc.conformance.running import assert_equal
from rgc.program.lattice import Bernoulli, Listed, Program

numba = pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def uncompiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    monkeypatch.setenv("RGC_CACHE", str(tmp_path))


def check(program: Program, given: Arguments, seed: int, constant: bool) -> None:
    """The kernel that is chosen, the bytecode kernel and the gather kernel."""
    how: dict[str, Any] = {"word0": seed, "calls": ((seed, 1), (seed + 1, 1))}
    expected = run(load("reference"), program, given, seed, **how)
    backend = load("numba", threads=1 + seed % 2)
    assert_equal(expected, run(backend, program, given, seed, constant=constant, **how))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rgc_numba.kernel.MANY", -1)
        assert_equal(expected, run(backend, program, given, seed, constant=constant, **how))
        patch.setattr("rgc_numba.kernel.BytecodeKernel", refuse)
        assert_equal(expected, run(backend, program, given, seed, constant=constant, **how))


def refuse(*_: object) -> None:
    raise ValueError


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
    sizes = f"{program.letters} letters, {len(program.fields)} fields, {len(program.shape)} axes"
    yield f"{sizes}, {program.generator}"
    yield from ("odd" for size in program.shape if size % 2)


def check_random(seeds: range) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed, kind in product(seeds, ("regular", "open", "listed", "lanes")):
        program = random_program(seed, kind)
        if seed % 3 == 0:
            program = replace(program, generator="philox")
        if seed % 4 == 0:
            program = replace(program, planes=64)
        words = 1 + seed % 3
        given = arguments(program, words, Random(seed), uniform=seed % 5 != 0)  # noqa: S311
        check(program, given, seed, seed % 2 == 0)
        seen.update(traits(program))
    return seen


def check_lowered(seeds: range) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in seeds:
        (form, kind), lattice = KINDS[seed % len(KINDS)], LATTICES[seed % len(LATTICES)]
        species = SPECIES[seed % len(SPECIES)]
        random = Random(seed)  # noqa: S311
        program, given = lowered_update(lattice, species, form, kind, random, words=1 + seed % 2)
        check(program, given, seed, seed % 3 != 0)
        seen.update(traits(program))
    return seen


def test_random_rules() -> None:
    seen = check_random(range(6))
    wanted = {
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
    assert wanted <= set(seen), wanted - set(seen)


def test_random_hamiltonians() -> None:
    seen = check_lowered(range(60))
    wanted = {"Bernoulli", "Weigh", "Accept", "Count", "listed", "residues", "odd", "many classes"}
    assert wanted <= set(seen), wanted - set(seen)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_many_random_rules(part: int) -> None:
    check_random(range(6 + 4 * part, 10 + 4 * part))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_many_random_hamiltonians(part: int) -> None:
    check_lowered(range(60 + 60 * part, 120 + 60 * part))
