"""A bug in one node of a dense program: the bits of the examples tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from rgc.backend import Arguments
from rgc.conformance.dense.examples import example
from rgc.conformance.dense.programs import hand_made
from rgc.conformance.running import run
from rgc.program.dense import Dense, Node, Take
from rgc.program.family import Example
from rgc_reference import ReferenceBackend
from rgc_reference.dense import DenseKernel
from tests.mutations.dense_mutants import MUTATIONS, Mutation

Same = Callable[[], bool]


class Mutant(ReferenceBackend):
    """Compiles another program than it is handed, without a look at its invariants."""

    def __init__(self, change: Callable[[Dense], Dense]) -> None:
        super().__init__()
        self.change = change

    def compile(self, program: Any, *, constant: Any = None) -> Any:
        return DenseKernel(self.change(program))


def outcome(made: Example[Dense], change: Callable[[Dense], Dense] = lambda same: same) -> Any:
    return run(Mutant(change), made, calls=((0, 2),))


def equal(one: Any, other: Any) -> bool:
    pairs = [*zip(one[0], other[0], strict=True)]
    pairs += [*zip(one[1][0], other[1][0], strict=True)]
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_a_wrong_node_is_caught(
    mutation: Mutation, record_property: Callable[[str, object], None]
) -> None:
    """On the first example where it changes what is kept."""
    for seed, program in enumerate(hand_made()):
        wrong = mutation.apply(program)
        if wrong is None:
            continue
        made = example(program, seed)
        if not equal(outcome(made), outcome(made, lambda _, wrong=wrong: wrong)):  # type: ignore[misc]
            record_property("mutant", ("backend", "dense", mutation.name, ["c"], program.name))
            return
    pytest.fail("no example tells it")


def test_every_node_has_mutations() -> None:
    """But for `Take`, whose rows are arguments."""
    assert {mutation.kind for mutation in MUTATIONS} | {Take} == set(get_args(Node))


@pytest.mark.parametrize("name", ["rows", "numbers", "scales"])
def test_wrong_arguments_are_caught(name: str) -> None:
    """Rows or slots in reverse."""
    caught = []
    for seed, program in enumerate(hand_made()):
        made = example(program, seed)
        arrays = dict(made.arguments.arrays)
        arrays[name] = np.ascontiguousarray(arrays[name][:, ::-1])
        wrong = Example(program=program, state=made.state, arguments=Arguments(arrays))
        caught.append(not equal(outcome(made), outcome(wrong)))
    assert any(caught)


def test_draws_of_the_first_step_for_all_are_caught() -> None:
    made = example(hand_made()[0], 0)
    backend = ReferenceBackend()
    right = run(backend, made, calls=((0, 2),))
    wrong = run(backend, made, calls=((0, 1), (0, 1)))
    assert not all(np.array_equal(a, b) for a, b in zip(right[0], wrong[0], strict=True))
