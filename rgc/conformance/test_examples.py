"""The bits of the reference on the examples of every family, and the words of `Kernel` on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rgc.backend import Backend, load, refuse
from rgc.conformance.running import CALLS, assert_equal, keys, require_for, run
from rgc.errors import SpecError
from rgc.program.family import Example, find


def able(name: str, family: str, number: int) -> tuple[Backend, Example[Any]]:
    """A backend and an example that it can run; skips the running test if it cannot."""
    backend, example = load(name), find(family).make_examples()[number]
    require_for(backend, example.program)
    return backend, example


def test_what_cannot_run_is_refused(name: str, family: str, number: int) -> None:
    backend, program = load(name), find(family).make_examples()[number].program
    if family in backend.families and not find(family).needs(program) & set(
        backend.families[family]
    ):
        refuse(backend, program)
        return
    with pytest.raises(SpecError) as refused:
        refuse(backend, program)
    assert {each.code for each in refused.value.problems} == {"backend-lacks"}


@pytest.mark.parametrize(("threads", "constant"), [(1, False), (2, True)])
def test_the_bits_of_the_reference(
    name: str, family: str, number: int, threads: int, constant: bool
) -> None:
    """The general kernel on one thread, and the one with its arguments baked in on two."""
    _, example = able(name, family, number)
    expected = run(load(find(family).reference), example, word0=5)
    assert_equal(expected, run(load(name, threads=threads), example, word0=5, constant=constant))


def test_chunks_of_steps(name: str, family: str, number: int) -> None:
    """Three steps at once are two and one: draws are keyed by the step, not by the call."""
    backend, example = able(name, family, number)
    at_once, in_parts = run(backend, example, ((0, 3),)), run(backend, example, CALLS)
    joined = [np.concatenate(parts) for parts in zip(*in_parts[1], strict=True)]
    assert_equal(at_once, (in_parts[0], [joined]))


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_tallies_have_an_entry_for_each_step(
    name: str, family: str, number: int, steps: int
) -> None:
    backend, example = able(name, family, number)
    state, (tallies,) = run(backend, example, ((0, steps),))
    assert [array.shape for array in state] == [array.shape for array in example.state]
    assert all(len(array) == steps and array.dtype == np.int64 for array in tallies)


def test_packed_arrays_come_back(name: str, family: str, number: int) -> None:
    """What is packed is a copy, and what is unpacked is one too."""
    backend, example = able(name, family, number)
    for canonical in example.state:
        kept = canonical.copy()
        packed = backend.pack(canonical)
        canonical[...] = 0
        first = backend.unpack(packed)
        assert first.dtype == kept.dtype
        np.testing.assert_array_equal(first, kept)
        first[...] = 0
        np.testing.assert_array_equal(backend.unpack(packed), kept)


def test_what_is_handed_over_stays_as_it_is(name: str, family: str, number: int) -> None:
    backend, example = able(name, family, number)
    given = keys(example.program, 0, 3)
    handed = [given, *example.arguments.arrays.values()]
    before = [array.copy() for array in handed]
    kernel = backend.compile(example.program, constant=example.arguments)
    kernel([backend.pack(array) for array in example.state], example.arguments, given)
    for one, other in zip(before, handed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_changes_after_the_call_changes_nothing(name: str, family: str, number: int) -> None:
    """Buffers of the caller may be used again as soon as a call returns, whatever is still computed
    then."""
    backend, example = able(name, family, number)
    expected, _ = run(backend, example, ((0, 4),))
    given = keys(example.program, 0, 4)
    packed = [backend.pack(array) for array in example.state]
    state, _ = backend.compile(example.program)(packed, example.arguments, given)
    for used in (given, *example.arguments.arrays.values(), *example.state):
        used[...] = 0
    for found, right in zip(state, expected, strict=True):
        np.testing.assert_array_equal(backend.unpack(found), right)


def test_a_kernel_shows_what_it_runs(name: str, family: str, number: int) -> None:
    backend, example = able(name, family, number)
    assert backend.compile(example.program).source.strip()
