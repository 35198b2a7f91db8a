"""Names of couplings, sets of cells, and the merged Hamiltonian against the terms as written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product as cartesian

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgc.errors import SpecError
from rgc.model.groups import Group, present
from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattice import Cell, Lattice
from rgc.model.lattices import honeycomb, square
from rgc.model.names import coupling_name
from rgc.model.operators import Product, Spin, product
from rgc.model.sites import Cells, Listed, enumerate_cells, flatten, unflatten
from rgc.model.spins import Species
from rgc.passes.merge_terms import merge_terms


def spins(*cells: Cell) -> Product:
    return product(Spin(cell) for cell in cells)


@pytest.mark.parametrize(
    ("expected", "spins_"),
    [
        ("k0", []),
        ("k1", [Spin((3, 4))]),
        ("k1_00b", [Spin((0, 0), 1)]),
        ("k1_t00", [Spin((0, 0), 0, 1)]),
        ("k2_10", [Spin((0, 0)), Spin((-1, 0))]),
        ("k2_1m1", [Spin((0, 0)), Spin((-1, 1))]),
        ("k4_10_01_11", [Spin((0, 0)), Spin((0, -1)), Spin((1, 0)), Spin((1, -1))]),
        ("k2_12c0", [Spin((0, 0)), Spin((12, 0))]),
        ("k2_12cm3", [Spin((0, 0)), Spin((12, -3))]),
        ("k2_00b", [Spin((5, 5)), Spin((5, 5), 1)]),
        ("k2_t00", [Spin((0, 0), 0, 1), Spin((0, 0))]),
        ("k2_00b_10b", [Spin((0, 0), 1), Spin((1, 0), 1)]),
        ("k3_t00_10", [Spin((0, 0)), Spin((1, 0)), Spin((0, 0), 0, 1)]),
    ],
)
def test_name(expected: str, spins_: list[Spin]) -> None:
    assert coupling_name(product(spins_), species=("s", "t")) == expected


def test_name_of_a_class_is_that_of_its_smallest_member() -> None:
    nearest = [spins((0, 0), (0, 1)), spins((0, 0), (1, 0)), spins((0, 0), (1, 1))]
    assert coupling_name(*nearest) == coupling_name(*reversed(nearest)) == "k2_10"
    assert (
        coupling_name(spins((0, 0), (1, 2)), spins((0, 0), (2, 1)), spins((0, 0), (1, -1)))
        == "k2_1m1"
    )


@given(
    st.tuples(st.integers(1, 3), st.integers(1, 4)),
    st.sets(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1),
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 5), st.integers(0, 5)),
)
def test_cells_are_those_that_the_definition_selects(
    modulus: Cell, some: set[Cell], box: tuple[int, ...]
) -> None:
    residues = tuple(sorted({(x % modulus[0], y % modulus[1]) for x, y in some}))
    cells = Cells(modulus, residues, (box[0], box[1]), (box[2], box[3]))
    expected = [
        (x, y)
        for x in range(box[0], box[2])
        for y in range(box[1], box[3])
        if (x % modulus[0], y % modulus[1]) in residues
    ]
    assert list(enumerate_cells(cells, (6, 6))) == expected
    assert len(cells) == len(expected)
    listed = Listed(tuple(flatten(cell, (6, 6)) for cell in expected))
    assert list(enumerate_cells(listed, (6, 6))) == expected


def test_flatten_is_row_major() -> None:
    shape = (2, 3, 4)
    assert [flatten(cell, shape) for cell in cartesian(*map(range, shape))] == list(range(24))
    assert all(flatten(unflatten(n, shape), shape) == n for n in range(24))


# -- merging ---------------------------------------------------------------------------------------

spin = st.builds(
    Spin, st.tuples(st.integers(-1, 1), st.integers(0, 2)), st.integers(0, 1), st.integers(0, 1)
)
one_product = st.lists(spin, max_size=4).map(product)
weighted = st.tuples(st.sampled_from([1.0, -1.0, 0.5, 2.0]), one_product)
terms = st.lists(
    st.tuples(st.lists(weighted, min_size=1, max_size=3), st.sampled_from([0.3, -0.7, 1.1])),
    min_size=1,
    max_size=3,
)


def hamiltonian_of(drawn: list[tuple[list[tuple[float, Product]], float]]) -> Hamiltonian:
    return Hamiltonian(
        tuple(Term(f"K{n}", value, -1, tuple(parts)) for n, (parts, value) in enumerate(drawn))
    )


def value(spins: Product, at: Cell, state: dict[Spin, Fraction], lattice: Lattice) -> Fraction:
    found = Fraction(1)
    for each in spins:
        cell = tuple((x + y) % n for x, y, n in zip(each.cell, at, lattice.cells, strict=True))
        found *= state[Spin(cell, each.letter, each.species)]
    return found


def inside(spins: Product, at: Cell, lattice: Lattice) -> bool:
    return all(
        edge != "open" or 0 <= x + y < n
        for each in spins
        for x, y, n, edge in zip(each.cell, at, lattice.cells, lattice.boundary, strict=True)
    )


def sum_of_group(group: Group, state: dict[Spin, Fraction], lattice: Lattice) -> Fraction:
    return sum(
        (
            value(each, at, state, lattice)
            for at in cartesian(*map(range, lattice.cells))
            for each, reach in zip(group.products, group.reaches, strict=True)
            if present(reach, at, lattice.shape, lattice.boundary)
        ),
        Fraction(0),
    )


@given(
    terms,
    st.sampled_from(["periodic", "open"]),
    st.sampled_from(["periodic", "open"]),
    st.integers(0, 10**6),
)
def test_merged_energy_is_that_of_the_terms(
    drawn: list, first: str, second: str, seed: int
) -> None:
    """Binary spins, open edges, products that occur twice: the energies of random configurations
    agree exactly.
    """
    lattice = honeycomb(3, 4, boundary=(first, second))
    species = (Species("s"), Species("v", "binary"))
    hamiltonian = hamiltonian_of(drawn)
    merged = merge_terms(hamiltonian, lattice, species)
    dice = np.random.default_rng(seed)
    sites = [Spin(c, a, s) for c in cartesian(range(3), range(4)) for a in (0, 1) for s in (0, 1)]
    ising = {site: Fraction(int(dice.choice((-1, 1)))) for site in sites}
    state = {site: (1 + x) / 2 if site.species else x for site, x in ising.items()}
    cells = list(cartesian(range(3), range(4)))
    direct = sum(
        (
            Fraction(term.coefficient) * Fraction(weight) * value(each, at, state, lattice)
            for term in hamiltonian.terms
            for weight, each in term.products
            for at in cells
            if inside(each, at, lattice)
        ),
        Fraction(0),
    )
    of_term = {term.name: term.coefficient for term in hamiltonian.terms}
    both = (*merged.groups, *merged.constants)
    assert (
        sum((g.coefficient(of_term) * sum_of_group(g, ising, lattice) for g in both), Fraction(0))
        == direct
    )
    assert all(group.products and all(group.products) for group in merged.groups)
    assert not any(any(group.products) for group in merged.constants)


@given(terms)
def test_structure_does_not_depend_on_the_couplings(drawn: list) -> None:
    species = (Species("s"), Species("v", "binary"))
    first = hamiltonian_of(drawn)
    second = Hamiltonian(tuple(replace(term, coupling=0.0) for term in first.terms))
    lattice = honeycomb(6)
    assert merge_terms(first, lattice, species) == merge_terms(second, lattice, species)


def test_equal_products_merge_and_cancelled_ones_disappear() -> None:
    bond = spins((0, 0), (1, 0))
    other = spins((0, 0), (0, 1))
    two = Hamiltonian(
        (
            Term("K", 1.0, -1, ((1.0, bond), (1.0, other))),
            Term("J", 2.0, -1, ((1.0, bond), (0.5, ()))),
        )
    )
    merged = merge_terms(two, square(8), [Species("s")])
    assert [group.coefficients for group in merged.groups] == [
        (("K", 1.0),),
        (("K", 1.0), ("J", 1.0)),
    ]
    assert merged.groups[1].products == (bond,)
    assert merged.coefficients(two) == (-1, -3)
    assert [(c.coefficients, c.products) for c in merged.constants] == [((("J", 0.5),), ((),))]
    nothing = Hamiltonian((Term("K", 1.0, -1, ((1.0, bond), (-1.0, bond))),))
    assert merge_terms(nothing, square(8), [Species("s")]).groups == ()


def test_terms_named_zero_are_left_out() -> None:
    both = Hamiltonian(
        (
            Term("K", 1.0, -1, ((1.0, spins((0, 0), (1, 0))),)),
            Term("h", 0.0, -1, ((1.0, spins((0, 0))),)),
        )
    )
    assert len(merge_terms(both, square(4), [Species("s")]).groups) == 2
    merged = merge_terms(both, square(4), [Species("s")], zero={"h"})
    assert [group.coefficients for group in merged.groups] == [(("K", 1.0),)]


def test_names_are_unique() -> None:
    twice = Hamiltonian((Term("K", 1.0, -1, ((1.0, spins((0, 0))),)),) * 2)
    with pytest.raises(ValueError, match="same name"):
        merge_terms(twice, square(4), [Species("s")])


def test_open_edges_keep_the_field_of_a_binary_bond() -> None:
    """v v' = (1 + s + s' + s s')/4 on the n - 1 bonds of an open row: the end sites have half the
    field.
    """
    bond = Term("J", 1.0, 1, ((1.0, spins((0, 0), (1, 0))),))
    lattice = square(5, 1, boundary=("open", "periodic"))
    merged = merge_terms(Hamiltonian((bond,)), lattice, [Species("v", "binary")])
    fields = [0] * 5
    for group in merged.groups:
        for each, reach in zip(group.products, group.reaches, strict=True):
            for x in range(5):
                if len(each) == 1 and present(reach, (x, 0), lattice.shape, lattice.boundary):
                    fields[x] += 1
    assert fields == [1, 2, 2, 2, 1]
    assert (
        sum(
            len([1 for x in range(5) if present(r, (x, 0), lattice.shape, lattice.boundary)])
            for r in merged.constants[0].reaches
        )
        == 4
    )


@pytest.mark.parametrize(
    "term",
    [
        Term("J", 1.0, -1, tables=(Table((Spin((0, 0)), Spin((1, 0))), (0.0,) * 9),)),
        Term("J", 1.0, -1, ((1.0, spins((0, 0), (1, 0))),), inhomogeneous="J"),
    ],
)
def test_terms_that_cannot_be_sampled_are_refused(term: Term) -> None:
    with pytest.raises(SpecError, match=r"error\[not-yet\]"):
        merge_terms(Hamiltonian((term,)), square(4), [Species("s", "potts", 3)])


def test_cells_of_a_large_lattice_are_counted_without_listing_them() -> None:
    assert len(Cells((2, 2), ((0, 0), (1, 1)), (0, 0), (10**9, 10**9))) == 10**18 // 2
