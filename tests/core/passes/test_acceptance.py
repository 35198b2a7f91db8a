"""Classes of a flip by brute force over the neighbours; the choice of acceptance and update."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from itertools import product as cartesian
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgc.errors import SpecError
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattices import cubic, square
from rgc.model.operators import Product, Spin, product
from rgc.model.spins import Species
from rgc.model.stars import Star
from rgc.passes.choose_acceptance import Acceptance, _reached, choose_acceptance, reachable_classes
from rgc.passes.choose_update import choose_update, energy_change, largest_change
from rgc.passes.colour_sites import colour_sites
from rgc.passes.generate_operators import generate_operators
from rgc.passes.merge_terms import merge_terms

Cells = Sequence[tuple[int, int]]


def term(name: str, *products: Cells) -> Term:
    return Term(
        name, 0.4, -1, tuple((1.0, product(Spin(cell) for cell in cells)) for cells in products)
    )


NEAREST = term("K", ((0, 0), (1, 0)), ((0, 0), (0, 1)))
NEXT = term("L", ((0, 0), (1, 1)), ((0, 0), (1, -1)))
PLAQUETTE = term("P", ((0, 0), (1, 0), (0, 1), (1, 1)))
THREE = term("T", ((0, 0), (1, 0), (0, 1)))
FIELD = term("h", ((0, 0),))


def star_of(*terms: Term) -> Star:
    groups = merge_terms(Hamiltonian(terms), square(8), [Species("s")]).groups
    return colour_sites(groups, square(8))[0].star


def by_brute_force(star: Star, signs_of_own: Sequence[int]) -> list[tuple[int, ...]]:
    spins = star.neighbours
    found = set()
    for own in signs_of_own:
        for signs in cartesian((1, -1), repeat=len(spins)):
            state = dict(zip(spins, signs, strict=True))
            values = [
                [own * prod(state[spin] for spin in image) for image in images]
                for images in star.images
            ]
            found.add(tuple(sum(value == -1 for value in group) for group in values))
    return sorted(found)


neighbour = st.builds(
    Spin, st.tuples(st.integers(-1, 1), st.integers(-1, 1)), st.just(0), st.just(0)
)
image = st.frozensets(neighbour.filter(lambda spin: spin.cell != (0, 0)), max_size=3).map(
    lambda s: tuple(sorted(s))
)


@settings(max_examples=60)
@given(st.lists(st.lists(image, max_size=4).map(tuple), min_size=1, max_size=3).map(tuple))
def test_classes_are_those_that_occur(images: tuple[tuple[Product, ...], ...]) -> None:
    star = Star(0, 0, images)
    chosen = choose_acceptance(star, most=1000)
    assert chosen.form == "joint"
    assert list(chosen.field or ()) == by_brute_force(star, (1,))
    assert list(chosen.flip or ()) == by_brute_force(star, (1, -1))
    for g, counts in enumerate(chosen.by_group):
        assert set(counts) == {each[g] for each in chosen.flip or ()}


@pytest.mark.parametrize(
    ("terms", "form", "flips", "fields"),
    [
        ((NEAREST,), "joint", 5, 5),
        ((NEAREST, FIELD), "joint", 10, 5),
        ((NEAREST, NEXT, PLAQUETTE), "joint", 39, 39),
        ((NEAREST, NEXT, PLAQUETTE, FIELD), "factorised", None, 39),
        ((NEAREST, NEXT, PLAQUETTE, THREE, FIELD), "factorised", None, 87),
    ],
)
def test_forms(terms: Sequence[Term], form: str, flips: int | None, fields: int | None) -> None:
    chosen = choose_acceptance(star_of(*terms))
    assert chosen.form == form
    assert (chosen.flip and len(chosen.flip)) == flips
    assert (chosen.field and len(chosen.field)) == fields
    assert chosen.heat_bath


def test_the_reason_has_the_numbers() -> None:
    factorised = choose_acceptance(star_of(NEAREST, NEXT, PLAQUETTE, FIELD))
    assert factorised.reason == "78 joint classes, 17 in factors (at most 64)"
    assert choose_acceptance(star_of(NEAREST)).reason == "5 joint classes (at most 64)"


def test_many_operators_are_weighed_and_have_no_heat_bath() -> None:
    lattice = cubic(8)
    field = Hamiltonian((Term("h", 1.0, -1, ((1.0, product([Spin((0, 0, 0))])),)),))
    operators = generate_operators(lattice, [Species("s")], field, reach=1.5, bodies=4)
    every = Hamiltonian(
        tuple(Term(o.name, 1.0, -1, tuple((1.0, p) for p in o.products)) for o in operators)
    )
    groups = merge_terms(every, lattice, [Species("s")]).groups
    chosen = choose_acceptance(colour_sites(groups, lattice)[0].star)
    assert (chosen.form, chosen.flip, chosen.field, chosen.heat_bath) == (
        "weigh",
        None,
        None,
        False,
    )
    assert choose_update([Fraction(1)] * len(groups), [chosen]).update == "metropolis"
    assert choose_update([Fraction(1, 10**6)] * len(groups), [chosen]).update == "lazy"
    with pytest.raises(SpecError, match=r"error\[no-heat-bath\]"):
        choose_update([Fraction(1)] * len(groups), [chosen], "heat_bath")


def test_beyond_twenty_neighbours_every_combination_is_taken() -> None:
    bonds = tuple((Spin((k, 0)),) for k in range(1, 26))
    assert reachable_classes((bonds,)) == tuple((k,) for k in range(26))
    assert reachable_classes((bonds, bonds, bonds)) is None


def test_heat_bath_has_a_limit_of_its_own() -> None:
    star = star_of(NEAREST, NEXT, PLAQUETTE, THREE, FIELD)
    assert choose_acceptance(star, fields=87).heat_bath
    assert not choose_acceptance(star, fields=86).heat_bath
    assert choose_acceptance(star, fields=86).form == "factorised"


# -- update ----------------------------------------------------------------------------------------


def test_update_by_coupling() -> None:
    """Four bonds: max |dE| = 8 K, so Metropolis is nearly periodic below K = 1/80."""
    chosen = choose_acceptance(star_of(NEAREST))
    assert largest_change([Fraction(-1, 80)], chosen) == Fraction(1, 10)
    assert choose_update([Fraction(-1, 80)], [chosen]).update == "metropolis"
    assert choose_update([Fraction(-1, 81)], [chosen]).update == "heat_bath"
    assert choose_update([Fraction(0)], [chosen]).update == "heat_bath"
    assert choose_update([Fraction(-1, 81)], [chosen], "metropolis").update == "lazy"
    assert choose_update([Fraction(-1, 2)], [chosen], "heat_bath").update == "heat_bath"
    assert "0.0988 kT" in choose_update([Fraction(-1, 81)], [chosen]).reason


def test_one_free_site_is_enough() -> None:
    strong = choose_acceptance(star_of(NEAREST))
    free = choose_acceptance(Star(0, 1, ((),)))
    assert free.flip == ((0,),)
    assert choose_update([Fraction(-1)], [strong]).update == "metropolis"
    assert choose_update([Fraction(-1)], [strong, free]).update == "heat_bath"


@settings(max_examples=20)
@given(st.lists(st.fractions(-2, 2, max_denominator=64), min_size=4, max_size=4))
def test_largest_change_is_the_maximum_over_what_occurs(couplings: list[Fraction]) -> None:
    star = star_of(NEAREST, NEXT, PLAQUETTE, FIELD)
    chosen: Acceptance = choose_acceptance(star)
    every = [abs(energy_change(couplings, chosen, each)) for each in by_brute_force(star, (1, -1))]
    assert largest_change(couplings, chosen) == max(every)


def test_classes_are_found_once_for_all_sites_that_have_the_same_products() -> None:
    """The sites of a complete graph with pairs and triples differ in the names of the others."""
    _reached.cache_clear()
    found = set()
    for own in range(9):
        others = [Spin((), letter) for letter in range(9) if letter != own]
        found.add(reachable_classes([[(each,) for each in others], [*combinations(others, 2)]]))
    assert found == {tuple(sorted({(k, k * (8 - k)) for k in range(9)}))}
    assert _reached.cache_info().misses == 1
