"""Families of programs: found by name, or an error; arguments as declared, with a key of
their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from rgc.backend import check_dtype
from rgc.conformance.lattice.programs import metropolis
from rgc.program.arguments import Arguments
from rgc.program.family import ProgramError, family_of, find, known
from rgc.program.lattice.arguments import lattice_arguments
from rgc_reference import ReferenceBackend


@dataclass(frozen=True, slots=True)
class Stranger:
    """A program that says it is of a family."""

    family: ClassVar[str]
    name: str = "stranger"
    draws: int = 0


class Nameless(Stranger):
    family = "no such family"


class Impostor(Stranger):
    family = "lattice"


def test_a_program_is_of_the_family_that_it_names() -> None:
    assert "lattice" in known()
    assert family_of(metropolis((4, 4))) is find("lattice")
    with pytest.raises(LookupError, match="no family of programs is called 'no such family'"):
        family_of(Nameless())
    with pytest.raises(TypeError, match="a Impostor is no program of the family 'lattice'"):
        family_of(Impostor())


def test_keys_of_arguments_tell_names_dtypes_shapes_and_values_apart() -> None:
    ones = np.ones(4, np.int32)
    different = [
        {},
        {"a": ones},
        {"b": ones},
        {"a": ones.astype(np.int64)},
        {"a": ones.reshape(2, 2)},
        {"a": ones.view(np.uint32)},
        {"a": 2 * ones},
        {"a": ones[:0], "b": ones},
        {"a": ones, "b": ones[:0]},
        {"a": ones, "b": ones},
    ]
    keys = [Arguments(arrays).key() for arrays in different]
    assert len(set(keys)) == len(keys)
    again = [
        Arguments({name: array.copy() for name, array in reversed(arrays.items())}).key()
        for arrays in different
    ]
    assert again == keys


COUPLED = {"couplings": np.zeros((0, 0, 0, 1), np.int32), "blocks": np.zeros(1, np.int64)}


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"thresholds": np.zeros((0, 33, 1), np.uint64)}, r"arguments \['thresholds'\]"),
        (
            {
                **COUPLED,
                "thresholds": np.zeros((0, 33, 1), np.uint64),
                "weights": np.zeros((0, 64)),
            },
            r"argument 'weights' of a lattice program is int32\[weight, replica\], not float64",
        ),
        (
            {
                **COUPLED,
                "thresholds": np.zeros((0, 33), np.uint64),
                "weights": np.zeros((0, 64), np.int32),
            },
            r"is uint64\[slot, 1 \+ planes, word\], not uint64 of shape \(0, 33\)",
        ),
    ],
)
def test_other_arguments_than_those_declared_are_a_bug(
    arrays: dict[str, np.ndarray], complaint: str
) -> None:
    with pytest.raises(ProgramError, match=complaint):
        find("lattice").check(Arguments(arrays))


def test_lattice_arguments_are_those_declared() -> None:
    made = lattice_arguments(np.zeros((2, 33, 3), np.uint64))
    find("lattice").check(made)
    assert made["weights"].shape == (0, 192)


def test_an_array_of_another_dtype_is_refused() -> None:
    check_dtype(ReferenceBackend(), np.zeros(3, np.uint64))
    with pytest.raises(TypeError, match="keeps arrays of int32, int64, uint64, not int16"):
        check_dtype(ReferenceBackend(), np.zeros(3, np.int16))
