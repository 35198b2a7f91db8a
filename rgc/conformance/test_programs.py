"""The reference's bits on programs made by hand and at random, whatever the shares of words and the threads."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from rgc.backend import load
from rgc.conformance.programs import blocks, measure, metropolis, patterns, random_program
from rgc.conformance.running import arguments, assert_equal, check, run
from rgc.program import Program, TallyArray
from rgc.program.draws import random_field, step_keys


def check_on(
    name: str, program: Program, seed: int, words: int = 2, word0: int = 0, uniform: bool = True
) -> None:
    check(name, program, arguments(program, words, Random(seed), uniform), seed, word0)


@pytest.mark.parametrize(
    ("shape", "generator", "planes", "uniform"),
    [((4, 6), "splitmix", 32, True), ((2, 2, 4), "splitmix", 64, False), ((8, 8), "philox", 32, True)],
)
def test_metropolis(name: str, shape: Any, generator: Any, planes: Any, uniform: bool) -> None:
    check_on(name, metropolis(shape, generator, planes), 5, words=3, word0=7, uniform=uniform)


@pytest.mark.parametrize(("kind", "seed"), [("regular", 11), ("open", 3), ("listed", 9), ("lanes", 4)])
def test_random_rules(name: str, kind: str, seed: int) -> None:
    """One to three axes, one and two letters, one and two planes a spin, two fields; more of them in the tests of each backend."""
    check_on(name, random_program(seed, kind), seed, word0=seed, uniform=seed != 9)


@pytest.mark.parametrize("counted", [False, True])
def test_blocks_of_another_lattice(name: str, counted: bool) -> None:
    check_on(name, blocks(counted), 3, words=3)


@pytest.mark.parametrize("words", [1, 3, 70])
def test_many_tallies(name: str, words: int) -> None:
    """Images of several operators on a lattice of more rows than a vertical counter collects at once."""
    check_on(
        name, measure((45, 36), (TallyArray(3, True), TallyArray(3), TallyArray(3, True, (0,)))), 4, words
    )


@pytest.mark.parametrize("modulus", [(2, 4), (9, 1), (7, 2)])
def test_tallies_at_some_cells(name: str, modulus: tuple[int, int]) -> None:
    """Rows of sublattices, and sites one by one where the lattice is no multiple of the modulus."""
    check_on(name, measure((36, 20), (TallyArray(3, True), TallyArray(3, False, (1,))), modulus), 8)


@pytest.mark.parametrize(("size", "periodic"), [(4, True), (5, True), (6, False)])
def test_tallies_of_any_logic(name: str, size: int, periodic: bool) -> None:
    check_on(name, patterns(size, periodic), 2, words=3)


def test_chunks_of_steps_and_of_words(name: str) -> None:
    """Five steps at once are two and three; words 2 to 4 alone are those of all five."""
    program, backend = metropolis((4, 6)), load(name, threads=1)
    whole = arguments(program, 5, Random(1))
    at_once, _ = run(backend, program, whole, 9, calls=((0, 5),))
    in_parts, _ = run(backend, program, whole, 9, calls=((0, 2), (2, 3)))
    share, _ = run(backend, program, arguments(program, 3, Random(1)), 9, calls=((0, 5),), word0=2)
    np.testing.assert_array_equal(at_once[0], in_parts[0])
    np.testing.assert_array_equal(at_once[0][..., 2:], share[0])


def test_programs_take_turns_on_a_field(name: str) -> None:
    """A sweep, a record, a sweep: each program finds what the one before left, however a backend keeps it."""
    sweep, record = metropolis((12, 8)), measure((12, 8), (TallyArray(3, True),))
    given, nothing = (arguments(each, 2, Random(3)) for each in (sweep, record))
    found = []
    for backend in (load("reference"), load(name, threads=2)):
        kernels = [backend.compile(program) for program in (sweep, record)]
        state = [backend.pack(random_field((1, 1), sweep.fields[0], 2))]
        counts = []
        for start in range(3):
            state, _ = kernels[0](state, given, step_keys((1, 2), start, 1, 1))
            state, tallies = kernels[1](state, nothing, np.zeros((1, 0, 2), np.uint64))
            counts.append(tallies)
        found.append(([backend.unpack(field) for field in state], counts))
    assert_equal(found[0], found[1])
