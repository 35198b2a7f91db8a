"""Running examples of programs on backends, and comparing what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from rgc.backend import Backend
from rgc.program.draws import Words, step_keys
from rgc.program.family import Example, Program, family_of

Outcome = tuple[list[Any], list[list[Any]]]
"""The canonical arrays of the last state, and the tally arrays of every call."""

CALLS = ((0, 2), (2, 1))
"""The first step of a call and its number of steps."""


def keys(program: Program, start: int, steps: int, seed: int = 7) -> Words:
    """The keys of so many steps of a program."""
    return step_keys((seed, 77), start, steps, program.draws)


def run(
    backend: Backend,
    example: Example[Any],
    calls: Sequence[tuple[int, int]] = CALLS,
    *,
    seed: int = 7,
    word0: int = 0,
    constant: bool = False,
) -> Outcome:
    """What an example comes to on a backend; with `constant` its arguments may be baked in."""
    kernel = backend.compile(example.program, constant=example.arguments if constant else None)
    state = [backend.pack(array) for array in example.state]
    tallies = []
    for start, steps in calls:
        state, found = kernel(
            state, example.arguments, keys(example.program, start, steps, seed), word0
        )
        tallies.append(found)
    return [backend.unpack(array) for array in state], tallies


def assert_equal(first: Outcome, second: Outcome) -> None:
    for a, b in zip(first[0], second[0], strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    for call_a, call_b in zip(first[1], second[1], strict=True):
        for a, b in zip(call_a, call_b, strict=True):
            assert a.dtype == b.dtype == np.int64
            np.testing.assert_array_equal(a, b)


def require(backend: Backend, family: str, *capabilities: str) -> None:
    """Skip the running test if the backend does not compile the family, or says that it lacks one
    of the capabilities."""
    if family not in backend.families:
        pytest.skip(f"{backend.name} does not compile {family} programs")
    lacks = backend.families[family]
    for name in capabilities:
        if name in lacks:
            pytest.skip(f"{backend.name} lacks {name}: {lacks[name]}")


def require_for(backend: Backend, program: Program) -> None:
    """Skip the running test if the backend cannot run a program."""
    family = family_of(program)
    require(backend, family.name, *sorted(family.needs(program)))
