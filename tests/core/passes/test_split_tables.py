"""Functions of states as sums of signs, and the acceptance of moves between states."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import cos, pi

import numpy as np
import pytest

from rgc.model.groups import Sign
from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattices import chain, square
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model.stars import SignStar
from rgc.passes.choose_acceptance_of_states import choose_acceptance_of_states
from rgc.passes.choose_update import choose_update, largest_change
from rgc.passes.colour_sites import colour_sites
from rgc.passes.gather_stars import gather_stars, places_of
from rgc.passes.merge_tables import merge_tables
from rgc.passes.split_tables import split_table

POTTS, CLOCK, ONE = (Species("s", "potts", 3), Species("s", "clock", 6), Species("s", "spin", 3))
PAIR = (Spin((0,)), Spin((1,)))


def sign_at(sign: Sign, kinds: Sequence[Species], values: Sequence[int]) -> int:
    states = list(product(*(kind.codes for kind in kinds)))
    return -1 if sign.negative[states.index(tuple(values))] else 1


@pytest.mark.parametrize(
    "kinds", [(POTTS,), (ONE, ONE), (Species("s"), POTTS), (POTTS, Species("v", "binary"), ONE)]
)
def test_the_signs_of_a_table_add_up_to_it(kinds: tuple[Species, ...]) -> None:
    random = np.random.default_rng(len(kinds))
    spins = tuple(Spin((k,), 0, k) for k in range(len(kinds)))
    states = list(product(*(kind.values for kind in kinds)))
    values = [float(random.choice((-2.5, 0.0, 0.3, 1.0, random.random()))) for _ in states]
    split = split_table(spins, values, kinds)
    for state, value in zip(states, values, strict=True):
        total = sum(weight * sign_at(sign, kinds, state) for weight, sign in split.parts)
        assert split.constant + total == pytest.approx(value, abs=1e-12)


def test_few_signs_are_enough() -> None:
    """One for whether states are equal; steps that are multiples of one have its weight."""
    equal = [float(a == b) for a, b in product(range(3), repeat=2)]
    assert [weight for weight, _ in split_table(PAIR, equal, [POTTS]).parts] == [-0.5]
    hours = [cos(2 * pi * (a - b) / 6) for a, b in product(range(6), repeat=2)]
    weights = [weight for weight, _ in split_table(PAIR, hours, [CLOCK]).parts]
    assert weights == [weights[0]] * 4
    assert weights[0] == pytest.approx(-0.25)
    assert split_table(PAIR, [2.0] * 9, [POTTS]).parts == ()


def bond(energies: Sequence[float]) -> Term:
    return Term("K", 0.7, -1, tables=(Table(PAIR, tuple(energies)),))


def test_equal_weights_of_a_term_are_one_group_at_any_coupling() -> None:
    products = [float(a * b) for a, b in product((-1, 0, 1), repeat=2)]
    field = Term("h", 0.2, -1, tables=(Table(PAIR[:1], (-1.0, 0.0, 1.0)),))
    lattice = chain(6)
    merged = merge_tables(Hamiltonian((bond(products), field)), lattice, [ONE])
    assert [(group.coefficients, len(group.signs)) for group in merged.groups] == [
        ((("K", -0.5),), 2),
        ((("h", -0.5),), 2),
    ]
    assert merged.constants == ()
    assert merged.coefficients(Hamiltonian((bond(products), field))) == (
        Fraction(0.7) / 2,
        Fraction(0.2) / 2,
    )
    without = merge_tables(Hamiltonian((bond(products), field)), lattice, [ONE], zero={"h"})
    assert without.groups == merged.groups[:1]


def star_of(terms: Sequence[Term], species: Species) -> SignStar:
    lattice = chain(6)
    groups = merge_tables(Hamiltonian(tuple(terms)), lattice, [species]).groups
    star = colour_sites(groups, lattice)[0].star
    assert isinstance(star, SignStar)
    return star


@pytest.mark.parametrize("species", [POTTS, ONE])
def test_classes_are_those_that_moves_reach(species: Species) -> None:
    values = species.values
    terms = [
        bond([float(a * b) for a, b in product(values, repeat=2)]),
        Term("h", 0.2, -1, tables=(Table(PAIR[:1], (0.0, 1.0, 0.0)),)),
    ]
    star = star_of(terms, species)
    chosen = choose_acceptance_of_states(star, [species])
    reached = set()
    for old, new, left, right in product(values, repeat=4):
        if old != new:
            counts = []
            for signs in star.images:
                down = 0
                for sign in signs:
                    at = {Spin((-1,)): left, Spin((1,)): right}
                    for own, minus in ((new, -1), (old, 1)):
                        states = [at.get(spin, own) for spin in sign.spins]
                        down += sign_at(sign, [species] * len(states), states) == minus
                counts.append(down)
            reached.add(tuple(counts))
    assert chosen.form == "joint"
    assert chosen.flip == tuple(sorted(reached))
    assert not chosen.heat_bath
    coefficients = [Fraction(0.35), Fraction(0.1)]
    changes = {
        sum(c * (n - 2 * k) for c, n, k in zip(coefficients, chosen.sizes, counts, strict=True))
        for counts in reached
    }
    assert largest_change(coefficients, chosen) == max(map(abs, changes))
    assert choose_update(coefficients, [chosen]).update == "metropolis"
    assert choose_update([Fraction(0), Fraction(0)], [chosen]).update == "lazy"


def test_many_states_are_counted_by_group() -> None:
    """Six neighbours of eight states are too many patterns, and one group has few counts."""
    eight, lattice = Species("s", "potts", 8), square(4, 4)
    origin = Spin((0, 0))
    equal = tuple(float(a == b) for a, b in product(range(8), repeat=2))
    others = [Spin(cell) for cell in ((0, 1), (1, 0), (1, 1))]
    tables = tuple(Table((origin, other), equal) for other in others)
    merged = merge_tables(Hamiltonian((Term("K", 1.0, -1, tables=tables),)), lattice, [eight])
    star = colour_sites(merged.groups, lattice)[0].star
    assert isinstance(star, SignStar)
    chosen = choose_acceptance_of_states(star, [eight])
    assert (chosen.form, chosen.by_group) == ("joint", (tuple(range(13)),))


def test_spins_of_a_sign_that_coincide_are_refused() -> None:
    merged = merge_tables(
        Hamiltonian((bond([0.0, 1.0, 2.0, 1.0, 2.0, 0.0, 2.0, 0.0, 1.0]),)), chain(1), [POTTS]
    )
    with pytest.raises(ValueError, match="coincide"):
        gather_stars(merged.groups, chain(1), 0, 0, places_of(merged.groups))
