"""The reference's bits on programs made by hand and at random, whatever the shares of words and the
threads."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from rgc.backend import load
from rgc.conformance.lattice.programs import (
    blocks,
    coins,
    coupled,
    follow,
    measure,
    metropolis,
    patterns,
    places,
    spread,
)
from rgc.conformance.lattice.random_programs import random_program
from rgc.conformance.lattice.running import arguments, check, run
from rgc.conformance.running import assert_equal, require
from rgc.program.draws import counters, step_keys, word
from rgc.program.lattice import Accept, Logistic, Program, TallyArray
from rgc.program.lattice.arguments import lattice_arguments
from rgc.program.lattice.needs import needs
from rgc.program.lattice.start import random_field
from rgc.program.lattice.thresholds import pack_thresholds


def check_on(
    name: str, program: Program, seed: int, words: int = 2, word0: int = 0, uniform: bool = True
) -> None:
    check(name, program, arguments(program, words, Random(seed), uniform), seed, word0)


@pytest.mark.parametrize(
    ("shape", "generator", "planes", "uniform"),
    [
        ((4, 6), "splitmix", 32, True),
        ((2, 2, 4), "splitmix", 64, False),
        ((8, 8), "philox", 32, True),
    ],
)
def test_metropolis(name: str, shape: Any, generator: Any, planes: Any, uniform: bool) -> None:
    check_on(name, metropolis(shape, generator, planes), 5, words=3, word0=7, uniform=uniform)


@pytest.mark.parametrize("planes", [32, 64])
def test_every_plane_counts(name: str, planes: Any) -> None:
    """Thresholds that differ from the uniform of a replica in one plane, or in none: a draw that
    stops early would not see it."""
    backend, program, words, seed = load(name), coins((4, 6), planes=planes), 2, 6
    require(backend, "lattice", *needs(program), "replicas")
    kernels = [each.compile(program) for each in (load("reference"), backend)]
    key = step_keys((seed, 77), 0, 1, 1)
    numbers = uniforms(key[0, 0], 5, words, planes)
    top = (1 << planes) - 1
    near = [min(max(u + d, 0), top) for u in numbers[:4] for d in (-1, 0, 1)]
    each = [u ^ (1 << r % planes) if r % 3 else u + r % 2 for r, u in enumerate(numbers)]
    for thresholds in [[threshold] for threshold in near] + [[[min(t, top) for t in each]]]:
        given = lattice_arguments(pack_thresholds(thresholds, planes, words))
        found = []
        for machine, kernel in zip((load("reference"), backend), kernels, strict=True):
            state, _ = kernel(
                [machine.pack(random_field((1, 1), program.fields[0], words))], given, key
            )
            found.append(machine.unpack(state[0]))
        np.testing.assert_array_equal(found[0], found[1])


def uniforms(key: Any, site: int, words: int, planes: int) -> list[int]:
    """The uniform of every replica at a site, as an integer below 2^planes."""
    drawn = [
        word(key, counters(site, w) + np.uint64(k)) for w in range(words) for k in range(planes)
    ]
    rows = np.array(drawn, dtype=np.uint64).reshape(words, planes)
    return [
        sum(int(row[k]) >> r & 1 and 1 << planes - 1 - k for k in range(planes))
        for row in rows
        for r in range(64)
    ]


@pytest.mark.parametrize(
    ("kind", "seed"), [("regular", 11), ("open", 3), ("listed", 9), ("lanes", 4)]
)
def test_random_rules(name: str, kind: str, seed: int) -> None:
    """One to three axes, one and two letters, one and two planes a spin, two fields; more of them
    in the tests of each backend."""
    check_on(name, random_program(seed, kind), seed, word0=seed, uniform=seed != 9)


@pytest.mark.parametrize("counted", [False, True])
def test_blocks_of_another_lattice(name: str, counted: bool) -> None:
    check_on(name, blocks(counted), 3, words=3)


@pytest.mark.parametrize("lanes", [False, True])
def test_stores_to_another_site_of_the_cell(name: str, lanes: bool) -> None:
    check_on(name, follow((4, 6), lanes), 7, words=3)


@pytest.mark.parametrize(
    ("counted", "words", "uniform"), [(False, 3, True), (False, 13, True), (True, 2, False)]
)
def test_closures(name: str, counted: bool, words: int, uniform: bool) -> None:
    """Clusters near the threshold of percolation, the longest and most winding there are."""
    program = spread((11, 12), counted)
    thresholds = [[int(p * 2**32)] * (64 * words) for p in (0.55, 0.01)]
    if not uniform:
        thresholds[0][::2] = [1 << 31] * (32 * words)
    table = pack_thresholds(thresholds, 32, words)
    check(name, program, lattice_arguments(table), 8, word0=2)


def test_rules_that_differ_in_their_weights(name: str) -> None:
    check_on(name, places(), 3, words=3)


@pytest.mark.parametrize("kind", [Accept, Logistic])
@pytest.mark.parametrize("uniform", [True, False])
def test_spins_that_all_others_decide(name: str, kind: Any, uniform: bool) -> None:
    check_on(name, coupled(3, kind), 5, words=3, uniform=uniform, word0=2)


@pytest.mark.parametrize("words", [1, 3, 70])
def test_many_tallies(name: str, words: int) -> None:
    """Images of several operators on a lattice of more rows than a vertical counter collects at
    once."""
    check_on(
        name,
        measure(
            (45, 36),
            (TallyArray(3, replica=True), TallyArray(3), TallyArray(3, replica=True, axes=(0,))),
        ),
        4,
        words,
    )


@pytest.mark.parametrize("modulus", [(2, 4), (9, 1), (7, 2)])
def test_tallies_at_some_cells(name: str, modulus: tuple[int, int]) -> None:
    """Rows of sublattices, and sites one by one where the lattice is no multiple of the modulus."""
    check_on(
        name,
        measure(
            (36, 20),
            (TallyArray(3, replica=True), TallyArray(3, replica=False, axes=(1,))),
            modulus,
        ),
        8,
    )


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
    """A sweep, a record, a sweep: each program finds what the one before left, however a backend
    keeps it."""
    sweep, record = metropolis((12, 8)), measure((12, 8), (TallyArray(3, replica=True),))
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
