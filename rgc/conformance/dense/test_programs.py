"""The reference's bits on dense programs at random, at the ends of every range, in any pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc.backend import Arguments, Backend, load
from rgc.conformance.dense.examples import example
from rgc.conformance.dense.programs import (
    BINARY,
    ISING,
    POTTS,
    cd,
    pcd,
    random_program,
    tempering,
)
from rgc.conformance.running import assert_equal, require_for, run
from rgc.program.dense import Dense, Field, Put, Unit, Units
from rgc.program.dense.arguments import dense_arguments
from rgc.program.dense.program import BIAS_LIMIT, WEIGHT_LIMIT
from rgc.program.draws import step_keys
from rgc.program.family import Example

KEY = 3, 4


def check(name: str, made: Example[Dense], **how: Any) -> None:
    backend = load(name)
    require_for(backend, made.program)
    assert_equal(run(load("reference"), made, **how), run(backend, made, **how))


@pytest.mark.parametrize("seed", range(6))
def test_random_programs(name: str, seed: int) -> None:
    """Layers of every kind and size, chains that fill no word, options of every change; numbers of
    their own for every step."""
    check(name, example(random_program(seed), seed, steps=3), calls=((0, 3),), word0=seed)


def extreme(parameters: tuple[NDArray[Any], ...], random: np.random.Generator) -> Iterator[Any]:
    """Weights and biases at the ends of their ranges, at 0, and where rounding turns."""
    for each in parameters:
        limit = WEIGHT_LIMIT if each.dtype == np.int32 else BIAS_LIMIT
        pool = [limit, -limit, limit - 1, 0, 31, 32, 33, -31, -32, -33, -1, 1]
        yield random.choice(np.array(pool), each.shape).astype(each.dtype)


@pytest.mark.parametrize(
    ("hidden", "rows"), [(BINARY, 40), (ISING, 2000), (POTTS, 40)], ids=["few", "many", "states"]
)
def test_the_ends_of_every_range(name: str, hidden: Units, rows: int) -> None:
    """Sums of the largest weights wrap alike, and what changes is kept within its limit. A product
    of floats that is not exact would show."""
    made, random = example(cd(Units(rows, "ising"), hidden, 64), 5), np.random.default_rng(rows)
    count = len(made.program.fields)
    state = *made.state[:count], *extreme(made.state[count:], random)
    numbers = np.array([[2**40, -(2**41)]])
    given = made.arguments
    for each in (given["numbers"], numbers):
        handed = dense_arguments(given["rows"], each)
        check(name, replace(made, state=state, arguments=handed), calls=((0, 2),))


@pytest.mark.parametrize("program", [cd(k=2), pcd(), tempering()], ids=lambda each: each.name)
def test_cut_and_resumed_on_another_backend(name: str, program: Dense) -> None:
    """Ten updates are five here and five on the reference, and the other way round."""
    backend, reference = load(name), load("reference")
    require_for(backend, program)
    made = example(program, 8, steps=10)
    whole = go((reference, 10, made))
    for first, second in ((backend, reference), (reference, backend), (backend, backend)):
        halves = go((first, 5, made), (second, 5, made))
        for one, other in zip(whole, halves, strict=True):
            np.testing.assert_array_equal(one, other)


def go(*parts: tuple[Backend, int, Example[Dense]]) -> list[NDArray[Any]]:
    """The state after so many updates on each backend, one after the other."""
    arrays, start = list(parts[0][2].state), 0
    for backend, count, made in parts:
        kernel = backend.compile(made.program)
        keys = step_keys(KEY, start, count, made.program.draws)
        state = [backend.pack(array) for array in arrays]
        state, _ = kernel(state, some(made.arguments, start, count), keys)
        arrays, start = [backend.unpack(array) for array in state], start + count
    return arrays


def some(arguments: Arguments, start: int, count: int) -> Arguments:
    parts = {name: array[start : start + count] for name, array in arguments.arrays.items()}
    return dense_arguments(**parts)


def test_a_share_of_the_chains_draws_what_all_draw(name: str) -> None:
    """Chains 128 to 191 alone are those of a run of 192: they are keyed like replicas."""
    backend, all_, part = load(name), cd(chains=192), cd(chains=64)
    require_for(backend, all_)
    whole, random = example(all_, 1), np.random.default_rng(1)
    rows = random.integers(0, 100, (1, 192))
    still = np.zeros((1, 2), np.int64)
    share = Example(
        program=put_hidden(part),
        state=state_with(whole, 1),
        arguments=dense_arguments(rows[:, 128:], still),
    )
    big = Example(
        program=put_hidden(all_),
        state=state_with(whole, 3),
        arguments=dense_arguments(rows, still),
    )
    (_, kept, *_), _ = run(backend, big, calls=((0, 1),))
    (_, mine, *_), _ = run(backend, share, calls=((0, 1),), word0=2)
    np.testing.assert_array_equal(kept[..., 2:], mine)


def put_hidden(program: Dense) -> Dense:
    """The program with the last hidden states left in a field."""
    last = max(k for k, node in enumerate(program.nodes) if isinstance(node, Unit))
    chains = program.rows
    return replace(
        program,
        fields=(*program.fields, Field("kept", BINARY, chains)),
        nodes=(*program.nodes, Put(len(program.fields), last)),
    )


def state_with(made: Example[Dense], words: int) -> tuple[NDArray[Any], ...]:
    """The state of an example with an empty field of so many words behind its fields."""
    count = len(made.program.fields)
    empty = np.zeros((1, BINARY.number, words), np.uint64)
    return *made.state[:count], empty, *made.state[count:]
