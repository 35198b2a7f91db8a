"""Fields of every shape, tallies of every kind, and thresholds other than those baked in."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from rgc.backend import load
from rgc.conformance.lattice.programs import measure, metropolis
from rgc.conformance.lattice.running import arguments, example, run
from rgc.conformance.running import assert_equal, keys, require
from rgc.program.lattice import Field, TallyArray
from rgc.program.lattice.start import random_field

FIELDS = (
    Field("s", (3, 5), planes=2),
    Field("s", (2,)),
    Field("s", (2, 3, 2)),
    Field("s", (2, 2), letters=3),
)


@pytest.mark.parametrize("words", [1, 3])
@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_packed_fields_come_back(name: str, field: Field, words: int) -> None:
    """Several planes, letters and axes."""
    backend, canonical = load(name), random_field((3, 4), field, words)
    found = backend.unpack(backend.pack(canonical))
    assert found.dtype == np.uint64
    np.testing.assert_array_equal(found, canonical)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_tallies_keep_replicas_or_add_them_up(name: str, steps: int) -> None:
    program = measure((4, 6), (TallyArray(3, replica=True), TallyArray(3, replica=False)))
    _, (tallies,) = run(
        load(name), program, arguments(program, 2, Random(3)), 1, calls=((0, steps),)
    )
    assert [array.shape for array in tallies] == [(steps, 3, 128), (steps, 3)]


def test_thresholds_other_than_those_baked_in(name: str) -> None:
    """A call with other thresholds than those baked in, and one where replicas differ, gives the
    bits of the general kernel."""
    backend, program = load(name), metropolis((4, 6))
    require(backend, "lattice", "replicas")
    baked, other, mixed = (
        arguments(program, 2, Random(seed), uniform=seed < 3) for seed in (1, 2, 3)
    )
    kernel = backend.compile(program, constant=baked)
    for given in (baked, other, mixed, baked):
        made = example(program, given, 4)
        state, _ = kernel(
            [backend.pack(field) for field in made.state], given, keys(program, 0, 3, 4)
        )
        expected = run(load("reference"), program, given, 4, calls=((0, 3),))
        assert_equal(expected, ([backend.unpack(field) for field in state], [[]]))
