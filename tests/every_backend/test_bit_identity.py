"""Every installed backend gives the same bits as the reference, whatever the program, the shares of words and the threads."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from rgc.backend import installed, load
from rgc.program import Program, TallyArray
from rgc.program.draws import random_field, step_keys
from tests.every_backend.bit_identity_programs import (
    arguments,
    assert_equal,
    blocks,
    measure,
    metropolis,
    patterns,
    random_program,
    run,
)

OTHERS = sorted(set(installed()) - {"reference"})
every_backend = pytest.mark.parametrize("name", OTHERS)


def check(
    name: str, program: Program, seed: int, words: int = 2, word0: int = 0, uniform: bool = True
) -> None:
    """The general kernel on one thread, and the one with its arguments baked in on two."""
    given = arguments(program, words, Random(seed), uniform)  # noqa: S311
    expected = run(load("reference"), program, given, seed, word0=word0)
    for threads, constant in ((1, False), (2, True)):
        found = run(load(name, threads=threads), program, given, seed, word0=word0, constant=constant)
        assert_equal(expected, found)


@every_backend
@pytest.mark.parametrize(
    ("shape", "generator", "planes", "uniform"),
    [((4, 6), "splitmix", 32, True), ((2, 2, 4), "splitmix", 64, False), ((8, 8), "philox", 32, True)],
)
def test_metropolis(name: str, shape: Any, generator: Any, planes: Any, uniform: bool) -> None:
    check(name, metropolis(shape, generator, planes), 5, words=3, word0=7, uniform=uniform)


@every_backend
@pytest.mark.parametrize(("kind", "seed"), [("regular", 11), ("open", 3), ("listed", 9), ("lanes", 4)])
def test_random_rules(name: str, kind: str, seed: int) -> None:
    """One to three axes, one and two letters, one and two planes a spin, two fields; more of them in the tests of each backend."""
    check(name, random_program(seed, kind), seed, word0=seed, uniform=seed != 9)


@every_backend
@pytest.mark.parametrize("counted", [False, True])
def test_blocks_of_another_lattice(name: str, counted: bool) -> None:
    check(name, blocks(counted), 3, words=3)


@every_backend
@pytest.mark.parametrize("words", [1, 3, 70])
def test_many_tallies(name: str, words: int) -> None:
    """Images of several operators on a lattice of more rows than a vertical counter collects at once."""
    check(name, measure((45, 36), (TallyArray(3, True), TallyArray(3), TallyArray(3, True, (0,)))), 4, words)


@every_backend
@pytest.mark.parametrize("modulus", [(2, 4), (9, 1), (7, 2)])
def test_tallies_at_some_cells(name: str, modulus: tuple[int, int]) -> None:
    """Rows of sublattices, and sites one by one where the lattice is no multiple of the modulus."""
    check(name, measure((36, 20), (TallyArray(3, True), TallyArray(3, False, (1,))), modulus), 8)


@every_backend
@pytest.mark.parametrize(("size", "periodic"), [(4, True), (5, True), (6, False)])
def test_tallies_of_any_logic(name: str, size: int, periodic: bool) -> None:
    check(name, patterns(size, periodic), 2, words=3)


@every_backend
def test_chunks_of_steps_and_of_words(name: str) -> None:
    """Five steps at once are two and three; words 2 to 4 alone are those of all five."""
    program, backend = metropolis((4, 6)), load(name, threads=1)
    whole = arguments(program, 5, Random(1))  # noqa: S311
    at_once, _ = run(backend, program, whole, 9, calls=((0, 5),))
    in_parts, _ = run(backend, program, whole, 9, calls=((0, 2), (2, 3)))
    share, _ = run(backend, program, arguments(program, 3, Random(1)), 9, calls=((0, 5),), word0=2)  # noqa: S311
    np.testing.assert_array_equal(at_once[0], in_parts[0])
    np.testing.assert_array_equal(at_once[0][..., 2:], share[0])


@every_backend
def test_programs_take_turns_on_a_field(name: str) -> None:
    """A sweep, a record, a sweep: each program finds what the one before left, however a backend keeps it."""
    sweep, record = metropolis((12, 8)), measure((12, 8), (TallyArray(3, True),))
    given, nothing = (arguments(each, 2, Random(3)) for each in (sweep, record))  # noqa: S311
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
