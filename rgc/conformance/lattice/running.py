"""Running lattice programs on random fields."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from rgc.backend import Arguments, Backend, load
from rgc.conformance.running import CALLS, Outcome, assert_equal, require, require_for
from rgc.conformance.running import run as run_example
from rgc.program.family import Example
from rgc.program.lattice import Program
from rgc.program.lattice.arguments import lattice_arguments
from rgc.program.lattice.start import random_field
from rgc.program.lattice.thresholds import pack_thresholds, uniform_thresholds


def arguments(program: Program, words: int, random: Random, uniform: bool = True) -> Arguments:
    """Thresholds of every kind: never, always, one half, ends of the range, anything."""
    full = 1 << program.planes
    pool = [0, full, full // 2, 1, full - 1]

    def one() -> int:
        return random.choice([*pool, random.randrange(full), random.randrange(full)])

    rows = [one() if uniform else [one() for _ in range(64 * words)] for _ in range(program.slots)]
    weights = np.array(
        [[random.randrange(-(2**21), 2**21)] * (64 * words) for _ in range(program.weights)],
        dtype=np.int32,
    ).reshape(program.weights, 64 * words)
    if not uniform:
        weights += np.arange(64 * words, dtype=np.int32) * 9973
    shape = program.couplings, program.sites, program.sites
    couplings = np.array(
        [random.randrange(-(2**19), 2**19) for _ in range(program.couplings * program.sites**2)],
        dtype=np.int32,
    ).reshape(*shape, 1)
    if not uniform:
        couplings = couplings + np.arange(128, dtype=np.int32) * 977
    blocks = np.array([0 if uniform else random.randrange(2) for _ in range(words)], dtype=np.int64)
    table = pack_thresholds(rows, program.planes, words)
    return lattice_arguments(table, weights, couplings, blocks)


def example(program: Program, given: Arguments, seed: int, word0: int = 0) -> Example[Program]:
    """A program on random fields."""
    words = given["thresholds"].shape[-1]
    state = (
        random_field((seed, n), field, words, word0, program.generator)
        for n, field in enumerate(program.fields)
    )
    return Example(program=program, state=tuple(state), arguments=given)


def run(
    backend: Backend, program: Program, given: Arguments, seed: int, *, word0: int = 0, **how: Any
) -> Outcome:
    """The fields and tallies of a program on random fields; `how` as in
    `rgc.conformance.running.run`."""
    return run_example(backend, example(program, given, seed, word0), seed=seed, word0=word0, **how)


def check(
    name: str, program: Program, given: Arguments, seed: int, word0: int = 0, calls: Any = CALLS
) -> None:
    """A backend gives the reference's bits: the general kernel on one thread, and the one with its
    arguments baked in on two."""
    require_for(load(name), program)
    if len(given["thresholds"]) and uniform_thresholds(given["thresholds"]) is None:
        require(load(name), "lattice", "replicas")
    expected = run(load("reference"), program, given, seed, word0=word0, calls=calls)
    for threads, constant in ((1, False), (2, True)):
        backend = load(name, threads=threads)
        found = run(backend, program, given, seed, word0=word0, calls=calls, constant=constant)
        assert_equal(expected, found)
