"""The protocol of `rgc.backend`: what is handed over, what is left alone, what comes back."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from rgc.backend import installed, load
from rgc.conformance.programs import measure, metropolis
from rgc.conformance.running import arguments, assert_equal, require, run
from rgc.program import Field, TallyArray
from rgc.program.draws import random_field, step_keys
from rgc.program.lattice.needs import CAPABILITIES


def test_it_is_found_and_says_what_it_is(name: str) -> None:
    backend = load(name)
    assert name in installed()
    assert backend.name == name
    assert backend.missing() is None
    assert all(callable(routine) for routine in backend.routines.values())
    assert set(backend.lacks) <= set(CAPABILITIES)
    assert all(reason.strip() for reason in backend.lacks.values())


def test_arrays_have_64_bits_inside_the_context(name: str) -> None:
    with load(name).arrays() as xp:
        third = xp.asarray([1.0]) / 3
        assert str(third.dtype) == "float64"
        assert float(third[0]) == 1 / 3
        assert int(xp.sum(xp.asarray([2**40, 2**40]))) == 2**41


@pytest.mark.parametrize("words", [1, 3])
def test_packed_fields_come_back(name: str, words: int) -> None:
    """Several planes, letters and axes; what is packed is a copy, what is unpacked too."""
    backend = load(name)
    for field in (Field("s", (3, 5), 1, 2), Field("s", (2,), 1, 1), Field("s", (2, 3, 2), 1, 1)):
        canonical = random_field((3, 4), field, words)
        kept = canonical.copy()
        packed = backend.pack(canonical)
        canonical[...] = 0
        first = backend.unpack(packed)
        assert first.dtype == np.uint64
        np.testing.assert_array_equal(first, kept)
        first[...] = 0
        np.testing.assert_array_equal(backend.unpack(packed), kept)


def test_what_is_handed_over_stays_as_it_is(name: str) -> None:
    backend, program = load(name), metropolis((4, 4))
    given, keys = arguments(program, 2, Random(3)), step_keys((1, 2), 0, 3, program.draws)
    before = given.thresholds.copy(), given.weights.copy(), keys.copy()
    kernel = backend.compile(program, constant=given)
    kernel([backend.pack(random_field((1, 1), program.fields[0], 2))], given, keys)
    for one, other in zip(before, (given.thresholds, given.weights, keys), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_changes_after_the_call_changes_nothing(name: str) -> None:
    """Buffers of the caller may be used again as soon as a call returns, whatever is still computed then."""
    backend, program = load(name), metropolis((4, 6))
    expected, _ = run(backend, program, arguments(program, 2, Random(3)), 9, calls=((0, 4),))
    given, keys = arguments(program, 2, Random(3)), step_keys((9, 77), 0, 4, program.draws)
    field = random_field((9, 0), program.fields[0], 2)
    state, _ = backend.compile(program)([backend.pack(field)], given, keys)
    for used in (given.thresholds, given.weights, keys, field):
        used[...] = 0
    np.testing.assert_array_equal(backend.unpack(state[0]), expected[0])


def test_a_kernel_shows_what_it_runs(name: str) -> None:
    assert load(name).compile(metropolis((4, 4))).source.strip()


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_tallies_have_a_row_for_each_step(name: str, steps: int) -> None:
    program = measure((4, 6), (TallyArray(3, True), TallyArray(3, False)))
    backend, nothing = load(name), arguments(program, 2, Random(3))
    state = [backend.pack(random_field((1, 1), program.fields[0], 2))]
    state, tallies = backend.compile(program)(state, nothing, np.zeros((steps, 0, 2), np.uint64))
    assert [each.shape for each in tallies] == [(steps, 3, 128), (steps, 3)]
    assert all(each.dtype == np.int64 for each in tallies)
    assert len(state) == 1


def test_thresholds_other_than_those_baked_in(name: str) -> None:
    """A call with other thresholds than those baked in, and one where replicas differ, gives the bits of the general kernel."""
    backend, program = load(name), metropolis((4, 6))
    require(backend, "replicas")
    baked, other, mixed = (arguments(program, 2, Random(seed), uniform=seed < 3) for seed in (1, 2, 3))
    kernel = backend.compile(program, constant=baked)
    for given in (baked, other, mixed, baked):
        fields = [random_field((4, n), field, 2) for n, field in enumerate(program.fields)]
        state = [backend.pack(field) for field in fields]
        state, _ = kernel(state, given, step_keys((4, 77), 0, 3, program.draws))
        expected = run(load("reference"), program, given, 4, calls=((0, 3),))
        assert_equal(expected, ([backend.unpack(field) for field in state], [[]]))
