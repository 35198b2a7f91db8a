"""Sweeps without conflicts: every spin once, no product with two spins of a step, and the energy
that a star gives.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import product as cartesian

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rgc
from rgc.flows.sampling.model import make_model
from rgc.model.groups import Group, present
from rgc.model.lattice import Cell, Lattice
from rgc.model.lattices import chain, cubic, honeycomb, hypercubic, square, triangular
from rgc.model.operators import Product, Spin, product
from rgc.model.sites import Cells, Listed, enumerate_cells
from rgc.model.stars import SweepStep
from rgc.passes.colour_sites import colour_sites

LONG_RANGE = """
parameters {{ K = 0.05 }}
lattice {lattice}
spins s: ising
hamiltonian - K * sum(i < j) distance(i,j)^(-3)*s[i]*s[j]
flow sample
"""


def group(*products: Product) -> Group:
    """With the reach that the products have by themselves."""
    reaches = tuple(
        tuple(
            (min(s.cell[k] for s in each), max(s.cell[k] for s in each))
            for k in range(len(each[0].cell))
        )
        for each in products
    )
    return Group((("K", 1.0),), products, reaches)


def bonds(*offsets: Cell) -> Group:
    return group(*(product([Spin((0,) * len(offset)), Spin(offset)]) for offset in offsets))


NEAREST = bonds((1, 0), (0, 1))
PLAQUETTE = group(product(Spin(cell) for cell in ((0, 0), (1, 0), (0, 1), (1, 1))))
BAXTER_WU = group(
    *(
        product(Spin(c) for c in cells)
        for cells in (((0, 0), (1, 0), (1, 1)), ((0, 0), (1, 1), (0, 1)))
    )
)


def instances(groups: Sequence[Group], lattice: Lattice) -> list[tuple[int, frozenset[Spin]]]:
    """Every product of every cell as a set of absolute spins, coinciding ones cancelled."""
    found = []
    for number, each in enumerate(groups):
        for at in cartesian(*map(range, lattice.cells)):
            for spins, reach in zip(each.products, each.reaches, strict=True):
                if present(reach, at, lattice.shape, lattice.boundary):
                    odd: set[Spin] = set()
                    for spin in spins:
                        odd ^= {_absolute(spin, at, lattice)}
                    found.append((number, frozenset(odd)))
    return found


def _absolute(spin: Spin, at: Cell, lattice: Lattice) -> Spin:
    cell = tuple((x + y) % n for x, y, n in zip(spin.cell, at, lattice.cells, strict=True))
    return Spin(cell, spin.letter, spin.species)


def check(
    steps: Sequence[SweepStep], groups: Sequence[Group], lattice: Lattice, species: int
) -> None:
    every = [
        Spin(cell, a, s)
        for s in range(species)
        for a in range(len(lattice.basis))
        for cell in cartesian(*map(range, lattice.cells))
    ]
    products = instances(groups, lattice)
    visited = []
    for step in steps:
        here = {
            Spin(c, step.star.letter, step.star.species)
            for c in enumerate_cells(step.sites, lattice.cells)
        }
        assert here
        visited += sorted(here)
        assert all(len(each & here) <= 1 for _, each in products)
    assert sorted(visited) == sorted(every)
    feel_the_same(steps, products, lattice)


def feel_the_same(
    steps: Sequence[SweepStep], products: list[tuple[int, frozenset[Spin]]], lattice: Lattice
) -> None:
    """The images of a star, placed at each of its sites, are the products that contain the site."""
    for step in steps:
        for cell in enumerate_cells(step.sites, lattice.cells):
            own = Spin(cell, step.star.letter, step.star.species)
            for number, images in enumerate(step.star.images):
                for image in images:
                    outside = [s for s in image if not _on_lattice(s, cell, lattice)]
                    assert not outside, "a load beyond an open edge"
                felt = sorted(
                    sorted(_absolute(spin, cell, lattice) for spin in image) for image in images
                )
                real = sorted(
                    sorted(each - {own}) for k, each in products if k == number and own in each
                )
                assert felt == real


def _on_lattice(spin: Spin, at: Cell, lattice: Lattice) -> bool:
    axes = zip(spin.cell, at, lattice.cells, lattice.boundary, strict=True)
    return all(edge != "open" or 0 <= x + y < n for x, y, n, edge in axes)


edges = st.sampled_from(["periodic", "open"])
plane = st.builds(
    Spin, st.tuples(st.integers(-2, 2), st.integers(-1, 2)), st.integers(0, 1), st.integers(0, 1)
)


@settings(max_examples=150)
@given(
    st.lists(
        st.lists(plane, min_size=1, max_size=4).map(product).filter(bool), min_size=1, max_size=4
    ),
    st.tuples(st.integers(2, 7), st.integers(2, 7)),
    st.tuples(edges, edges),
)
def test_random_products_of_two_species_on_the_honeycomb(
    products: list[Product], shape: tuple[int, int], boundary: tuple
) -> None:
    lattice = honeycomb(*shape, boundary=boundary)
    groups = (group(*products[:2]), *([group(*products[2:])] if products[2:] else []))
    check(colour_sites(groups, lattice, 2), groups, lattice, 2)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(*[st.integers(-1, 2)] * 3), min_size=1, max_size=4)
    .map(lambda c: product(map(Spin, c)))
    .filter(bool),
    st.tuples(*[st.integers(2, 4)] * 3),
    st.tuples(edges, edges, edges),
)
def test_random_products_in_three_dimensions(spins: Product, shape: Cell, boundary: tuple) -> None:
    lattice = cubic(*shape, boundary=boundary)
    groups = (group(spins), bonds((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    check(colour_sites(groups, lattice), groups, lattice, 1)


@pytest.mark.parametrize(
    ("lattice", "what", "colours", "modulus"),
    [
        (square(8), NEAREST, 2, (2, 2)),
        (square(9), NEAREST, 3, (3, 3)),
        (square(8), PLAQUETTE, 4, (2, 2)),
        (triangular(9), BAXTER_WU, 3, (3, 3)),
        (triangular(8), BAXTER_WU, 4, (2, 2)),
        (triangular(9, 8), bonds((1, 0), (0, 1), (1, 1)), 6, (3, 2)),
        (square(7, boundary="open"), NEAREST, 2, (2, 2)),
        (square(7, 8, boundary=("open", "periodic")), NEAREST, 2, (2, 2)),
        (cubic(4), bonds((1, 0, 0), (0, 1, 0), (0, 0, 1)), 2, (2, 2, 2)),
        (chain(10), bonds((1,), (2,)), 5, (5,)),
        (chain(12), bonds((1,), (2,)), 3, (3,)),
        (square(4), group((Spin((0, 0)),)), 1, (1, 1)),
    ],
)
def test_colours(lattice: Lattice, what: Group, colours: int, modulus: Cell) -> None:
    steps = colour_sites((what,), lattice)
    sets = {
        (step.sites.modulus, step.sites.residues) for step in steps if isinstance(step.sites, Cells)
    }
    assert len(sets) == colours
    assert {m for m, _ in sets} == {modulus}
    check(steps, (what,), lattice, 1)


@pytest.mark.parametrize("size", [7, 11])
def test_odd_tori_without_a_periodic_colouring_are_listed(size: int) -> None:
    lattice = square(size)
    steps = colour_sites((NEAREST,), lattice)
    assert all(isinstance(step.sites, Listed) for step in steps)
    assert len(steps) <= 4
    check(steps, (NEAREST,), lattice, 1)


def test_listed_cells_are_split_at_open_edges() -> None:
    """A closed ring of 11 crossed by open rows of 3: the ring admits no residues, the outer rows
    lack a bond.
    """
    lattice = square(11, 3, boundary=("periodic", "open"))
    steps = colour_sites((NEAREST,), lattice)
    assert all(isinstance(step.sites, Listed) for step in steps)
    assert {len(step.star.images[0]) for step in steps} == {3, 4}
    check(steps, (NEAREST,), lattice, 1)


def test_open_square_has_nine_boxes() -> None:
    steps = colour_sites((NEAREST,), square(8, boundary="open"))
    assert len({step.star for step in steps}) == 9
    sizes = sorted({len(step.star.images[0]) for step in steps})
    assert sizes == [2, 3, 4]


def test_three_spins_that_coincide_are_one() -> None:
    """On a length of 2 the cells -2, 0 and 2 are the same: what remains is a bond, felt once."""
    lattice = square(2, 5)
    groups = (group(product(Spin(cell) for cell in ((-2, 0), (0, 0), (2, 0), (0, 1)))),)
    steps = colour_sites(groups, lattice)
    assert {len(step.star.images[0]) for step in steps} == {2}
    check(steps, groups, lattice, 1)


def test_letters_of_the_honeycomb_are_one_colour_each() -> None:
    spins = [product([Spin((0, 0)), Spin(cell, 1)]) for cell in ((0, 0), (-1, 0), (-1, -1))]
    steps = colour_sites((group(*spins),), honeycomb(5))
    assert [(step.star.letter, len(step.sites)) for step in steps] == [(0, 25), (1, 25)]


def test_infinite_lattices_are_refused() -> None:
    with pytest.raises(ValueError, match="infinite"):
        colour_sites((NEAREST,), square(None, None))


@pytest.mark.parametrize(
    ("large", "small"),
    [
        (square(1024), square(32)),
        (cubic(64), cubic(8)),
        (hypercubic(16, d=4), hypercubic(8, d=4)),
        (square(1023), square(33)),
    ],
)
def test_large_lattices_are_coloured_at_once(large: Lattice, small: Lattice) -> None:
    """The work depends on the neighbourhood alone: so many calls, however many sites there are."""
    unit = np.eye(large.dimension, dtype=int)
    terms = (bonds(*(tuple(map(int, row)) for row in unit)),)
    colour_sites(terms, small)  # what is kept from one call to the next is made here
    calls = [0, 0]
    for which, lattice in enumerate((small, large)):

        def count(frame: object, event: str, argument: object, which: int = which) -> None:
            calls[which] += 1

        sys.setprofile(count)
        try:
            steps = colour_sites(terms, lattice)
        finally:
            sys.setprofile(None)
        assert sum(len(step.sites) for step in steps) == lattice.sites
    assert 0 < calls[1] < 2 * calls[0]


@pytest.mark.parametrize(
    "text", ["square(8,9)", "square(6,12)", "square(5,14, boundary=[open, periodic])"]
)
def test_where_all_conflict_cells_go_one_by_one_as_in_any_colouring(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = rgc.load(LONG_RANGE.format(lattice=text)).spec
    model = make_model(spec)

    def visited() -> list[tuple[object, tuple[int, ...]]]:
        steps = colour_sites(model.merged.groups, model.lattice)
        cells = ((step.star, enumerate_cells(step.sites, model.lattice.cells)) for step in steps)
        return [(star, cell) for star, each in cells for cell in each]

    one_by_one = visited()
    monkeypatch.setattr("rgc.passes.colour_sites._FEW", model.lattice.sites)
    assert visited() == one_by_one
    assert len(one_by_one) == model.lattice.sites
