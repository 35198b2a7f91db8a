"""What follows from the row of an alphabet: values, flips, bits, the algebra of its spins, how it
is measured.
"""

from __future__ import annotations

from itertools import product as cartesian
from math import prod
from typing import Any

import pytest

from rgc.ast_to_model.expressions.polynomial import Polynomials
from rgc.language.alphabets import ALPHABETS, Alphabet
from rgc.language.signatures import Field
from rgc.model.lattices import square
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model_to_program.fields import spin_fields
from rgc.passes.write_in_signs import write_in_signs
from rgc.schemes.answers import DISCRETE, TWO_STATES

PLACES = (Spin((0, 0)), Spin((1, 0)), Spin((0, 1)))
STATES = Field("states", "integer", "how many", required=True, least=2, most=8)
SYMMETRY = Field("symmetry", "word", "", choices=("symmetric",))


@pytest.fixture(params=[(-1, 1), (0, 1), (0, 2), (-3, 1), (-2, 2)], ids=str)
def species(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Species:
    """A species of a two-state alphabet of these values."""
    table: Any = ALPHABETS
    monkeypatch.setitem(table, "toy", Alphabet("toy", "", values=request.param))
    return Species("s", "toy")


def test_the_values_of_every_alphabet() -> None:
    counts = {"potts": 4, "clock": 5, "height": 3, "spin": 3, "gaussian": None}
    values = {
        name: None if alphabet.real else Species("s", name, counts.get(name, 2)).values
        for name, alphabet in ALPHABETS.items()
    }
    assert values == {
        "ising": (-1, 1),
        "binary": (0, 1),
        "potts": (0, 1, 2, 3),
        "clock": (0, 1, 2, 3, 4),
        "spin": (-1, 0, 1),
        "gaussian": None,
        "height": (0, 1, 2),
    }


def test_what_is_summed_over_and_what_is_sampled() -> None:
    assert DISCRETE == ("ising", "binary", "potts", "clock", "spin")
    assert TWO_STATES == ("ising", "binary")
    assert [name for name, alphabet in ALPHABETS.items() if alphabet.turns_sign] == ["ising"]
    assert [name for name, alphabet in ALPHABETS.items() if alphabet.declarable] == ["ising"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({}, "one of these"),
        ({"values": (0, 1), "real": True}, "one of these"),
        ({"values": (0, 1), "fields": (STATES,)}, "one of these"),
        ({"values": (1, 0)}, "rising"),
        ({"values": (0, 0)}, "rising"),
        ({"values": (1,)}, "two or more"),
        ({"values": (1, 2)}, "one is positive"),
        ({"values": (-2, -1)}, "one is positive"),
        ({"values": (0, 1), "fields": (SYMMETRY,)}, "do not change sign"),
        ({"values": (-1, 0, 1), "fields": (SYMMETRY,)}, "do not change sign"),
    ],
)
def test_facts_that_contradict_one_another_are_refused(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Alphabet("toy", "", **facts)


@pytest.mark.parametrize(
    ("alphabet", "states"),
    [
        ("isng", 2),
        ("ising", 3),
        ("spin", 2),
        ("gaussian", 2),
        ("potts", None),
        ("potts", 1),
        ("clock", 257),
    ],
)
def test_a_species_that_cannot_be_is_refused(alphabet: str, states: int | None) -> None:
    with pytest.raises(ValueError, match=r"unknown alphabet|states"):
        Species("s", alphabet, states)


@pytest.mark.parametrize(("states", "planes"), [(2, 1), (3, 2), (4, 2), (5, 3), (256, 8)])
def test_a_field_has_a_plane_for_each_bit_of_a_spin(states: int, planes: int) -> None:
    (field,) = spin_fields(square(4), [Species("s", "potts", states)])
    assert field.planes == planes


def test_a_product_of_polynomials_has_the_product_of_their_values(species: Species) -> None:
    ring = Polynomials([species])
    a = {frozenset(): 0.5, frozenset(PLACES[:1]): 2.0, frozenset(PLACES[:2]): -1.0}
    b = {frozenset(PLACES[:1]): 3.0, frozenset(PLACES): 0.25, frozenset(PLACES[1:]): 1.0}
    found = ring.multiply(a, b)
    for at in states_of(species):
        assert value(found, at) == pytest.approx(value(a, at) * value(b, at), rel=1e-12)


def test_a_tabulated_function_has_its_values(species: Species) -> None:
    def function(at: Any) -> float:
        return float(at[PLACES[0]] ** 2 * at[PLACES[2]] - abs(at[PLACES[1]] - at[PLACES[0]]) + 0.1)

    found = Polynomials([species]).tabulated(PLACES, list(map(function, states_of(species))))
    for at in states_of(species):
        assert value(found, at) == pytest.approx(function(at), rel=1e-12)


def test_products_are_written_in_signs(species: Species) -> None:
    low, high = species.values
    found = list(write_in_signs(1.5, PLACES, [species]))
    for at in states_of(species):
        signs = {spin: 1 if each == high else -1 for spin, each in at.items()}
        sum_of_parts = sum(weight * prod(signs[spin] for spin in part) for weight, part in found)
        assert sum_of_parts == pytest.approx(1.5 * prod(at.values()), rel=1e-12)
    assert len(found) == (1 if low == -high else 8)


def states_of(species: Species) -> list[dict[Spin, int]]:
    return [
        dict(zip(PLACES, each, strict=True))
        for each in cartesian(species.values, repeat=len(PLACES))
    ]


def value(polynomial: Any, at: dict[Spin, int]) -> float:
    return float(
        sum(weight * prod(at[spin] for spin in spins) for spins, weight in polynomial.items())
    )
