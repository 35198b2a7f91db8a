"""Running programs on backends, and comparing what comes out."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from rgc.backend import Arguments, Backend, load
from rgc.program import Program
from rgc.program.draws import random_field, step_keys
from rgc.program.lattice.needs import needs
from rgc.program.tables import pack_thresholds, uniform_thresholds


def arguments(program: Program, words: int, random: Random, uniform: bool = True) -> Arguments:
    """Thresholds of every kind: never, always, one half, ends of the range, anything."""
    full = 1 << program.planes
    pool = [0, full, full // 2, 1, full - 1]

    def one() -> int:
        return random.choice([*pool, random.randrange(full), random.randrange(full)])

    rows = [one() if uniform else [one() for _ in range(64 * words)] for _ in range(program.slots)]
    weights = np.array(
        [[random.randrange(-(2**21), 2**21)] * (64 * words) for _ in range(program.weights)], dtype=np.int32
    ).reshape(program.weights, 64 * words)
    if not uniform:
        weights += np.arange(64 * words, dtype=np.int32) * 9973
    return Arguments(pack_thresholds(rows, program.planes, words), weights)


def run(
    backend: Any, program: Program, given: Arguments, seed: int, **how: Any
) -> tuple[list[Any], list[Any]]:
    """The fields and tallies of `calls` (start, steps) on random fields."""
    words, word0, constant = given.thresholds.shape[-1], how.get("word0", 0), how.get("constant", False)
    kernel = backend.compile(program, constant=given if constant else None)
    fields = [
        random_field((seed, n), field, words, word0, program.generator)
        for n, field in enumerate(program.fields)
    ]
    state = [backend.pack(field) for field in fields]
    tallies = []
    for start, steps in how.get("calls", ((0, 2), (2, 1))):
        state, found = kernel(state, given, step_keys((seed, 77), start, steps, program.draws), word0)
        tallies.append(found)
    return [backend.unpack(field) for field in state], tallies


def assert_equal(first: tuple[list[Any], list[Any]], second: tuple[list[Any], list[Any]]) -> None:
    for a, b in zip(first[0], second[0], strict=True):
        np.testing.assert_array_equal(a, b)
    for call_a, call_b in zip(first[1], second[1], strict=True):
        for a, b in zip(call_a, call_b, strict=True):
            assert a.dtype == b.dtype == np.int64
            np.testing.assert_array_equal(a, b)


def require(backend: Backend, *capabilities: str) -> None:
    """Skip the running test if the backend says that it lacks one of them."""
    for name in capabilities:
        if name in backend.lacks:
            pytest.skip(f"{backend.name} lacks {name}: {backend.lacks[name]}")


def check(
    name: str, program: Program, given: Arguments, seed: int, word0: int = 0, calls: Any = ((0, 2), (2, 1))
) -> None:
    """A backend gives the reference's bits: the general kernel on one thread, and the one with its arguments baked in on two."""
    varied = len(given.thresholds) and uniform_thresholds(given.thresholds) is None
    require(load(name), *sorted(needs(program)), *(["replicas"] if varied else []))
    expected = run(load("reference"), program, given, seed, word0=word0, calls=calls)
    for threads, constant in ((1, False), (2, True)):
        backend = load(name, threads=threads)
        found = run(backend, program, given, seed, word0=word0, calls=calls, constant=constant)
        assert_equal(expected, found)
