"""Symmetry sectors against every flip of a small torus, operators split by sublattice, and what
blocks make of the flips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from itertools import product as cartesian

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgc.model.block import Block
from rgc.model.block_rule import BlockRule
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.lattices import chain, honeycomb, square, triangular
from rgc.model.operators import Operator, Product, Spin, product
from rgc.model.sectors import Sectors
from rgc.model.weighed import Piece, Weighed
from rgc.passes.find_sectors import find_sectors, sectors_by_level, split_operator, uniform_on_cells
from tests.blocks import block as block_map


def sector_of(product: Product, sectors: Sectors) -> str | None:
    """The sector of the sum of a product over all cells; None where its translates belong to
    different sectors."""
    characters = {sectors.character(product, at) for at in sectors.residues}
    return sectors.name(characters.pop()) if len(characters) == 1 else None


def spins(*cells: Cell) -> Product:
    return product(Spin(cell) for cell in cells)


NEAREST = (spins((0, 0), (1, 0)), spins((0, 0), (0, 1)))
DIAGONAL = (spins((0, 0), (1, 1)), spins((0, 0), (1, -1)))
FIELD = spins((0, 0))
BAXTER_WU = (spins((0, 0), (1, 0), (1, 1)), spins((0, 0), (1, 1), (0, 1)))
OWN_SUBLATTICE = block_map(
    "majority", 2, (2, 2), (tuple(map(Site, ((0, 0), (2, 1), (1, 2), (3, 3)))),)
)
SQUARE_CELL = block_map("majority", 2, (2, 2), (tuple(map(Site, cartesian(range(2), range(2)))),))


def value(each: Product, at: Cell, state: dict[Spin, int], lattice: Lattice) -> int:
    found = 1
    for spin in each:
        cell = tuple((x + y) % n for x, y, n in zip(spin.cell, at, lattice.cells, strict=True))
        found *= state[Spin(cell, spin.letter, spin.species)]
    return found


def cells(lattice: Lattice) -> list[Cell]:
    return list(cartesian(*map(range, lattice.cells)))


def spins_of(lattice: Lattice, species: int = 1) -> list[Spin]:
    return [
        Spin(c, a, s)
        for s in range(species)
        for a in range(len(lattice.basis))
        for c in cells(lattice)
    ]


def symmetric_flips(
    products: Sequence[Product], lattice: Lattice, species: int
) -> Iterator[dict[Spin, int]]:
    """Every sign pattern on the torus under which each product of each cell is +1, by trial."""
    sites = spins_of(lattice, species)
    for signs in cartesian((1, -1), repeat=len(sites)):
        state = dict(zip(sites, signs, strict=True))
        if all(value(each, at, state, lattice) == 1 for each in products for at in cells(lattice)):
            yield state


def as_state(
    flip: frozenset[Spin], sectors: Sectors, lattice: Lattice, species: int = 1
) -> dict[Spin, int]:
    return {
        spin: -1
        if sectors.character((spin,), (0,) * lattice.dimension)[sectors.flips.index(flip)]
        else 1
        for spin in spins_of(lattice, species)
    }


@pytest.mark.parametrize(
    ("products", "lattice", "names"),
    [
        (NEAREST, square(64), ("even", "odd")),
        (NEAREST, square(7), ("even", "odd")),
        ((*NEAREST, *DIAGONAL), square(64), ("even", "odd")),
        ((*NEAREST, FIELD), square(64), ("invariant",)),
        (DIAGONAL, square(64), ("invariant", "eo", "oe", "oo")),
        (DIAGONAL, square(7), ("even", "odd")),
        (BAXTER_WU, triangular(48), ("invariant", "eo", "oe", "oo")),
        (BAXTER_WU, triangular(64), ("invariant",)),
        (BAXTER_WU, triangular(None, None), ("invariant", "eo", "oe", "oo")),
        ((*BAXTER_WU, FIELD), triangular(48), ("invariant",)),
        (
            (spins((0,), (1,), (2,), (3,)),),
            chain(16),
            tuple(Sectors((1,), (frozenset(),) * 3).names),
        ),
    ],
)
def test_names_of_known_models(
    products: Sequence[Product], lattice: Lattice, names: tuple[str, ...]
) -> None:
    found = find_sectors(products, lattice)
    assert found.names == names
    assert found.names[0] == found.invariant
    assert all(sector_of(each, found) == found.invariant for each in products)


def test_symmetries_of_subsystems_are_no_sectors() -> None:
    """Every row and column of a plaquette model may be flipped: 2^11 elements at period 6, of which
    period 2 shows three generators."""
    found = find_sectors([spins((0, 0), (1, 0), (0, 1), (1, 1))], square(12))
    assert (found.modulus, len(found.flips)) == ((2, 2), 3)


small = st.builds(Spin, st.tuples(st.integers(0, 2), st.integers(0, 2)), st.integers(0, 1))


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(small, min_size=1, max_size=4).map(product).filter(bool), min_size=1, max_size=3
    ),
    st.sampled_from([(2, 1), (3, 1), (2, 2), (4, 1), (1, 4), (1, 3)]),
)
def test_the_group_is_that_found_by_trying_every_flip(
    products: list[Product], shape: tuple[int, int]
) -> None:
    lattice = honeycomb(*shape)
    found = find_sectors(products, lattice)
    true = [tuple(sorted(state.items())) for state in symmetric_flips(products, lattice, 1)]
    generators = [as_state(flip, found, lattice) for flip in found.flips]
    made = set()
    for chosen in cartesian((0, 1), repeat=len(generators)):
        state = {
            spin: int(np.prod([g[spin] for g, c in zip(generators, chosen, strict=True) if c]))
            for spin in spins_of(lattice)
        }
        made.add(tuple(sorted(state.items())))
    assert made <= set(true)
    assert len(made) == 2 ** len(generators)
    if len(true) <= 16:
        assert len(made) == len(true)


def test_two_species_of_which_one_feels_a_field() -> None:
    joint = [
        *NEAREST,
        product([Spin((0, 0), 0, 1), Spin((1, 0), 0, 1)]),
        product([Spin((0, 0), 0, 1)]),
    ]
    found = find_sectors(joint, square(8), 2)
    assert found.names == ("even", "odd")
    assert sector_of(product([Spin((0, 0))]), found) == "odd"
    assert sector_of(product([Spin((0, 0), 0, 1)]), found) == "even"


# -- operators -------------------------------------------------------------------------------------


def sum_of(parts: Sequence, state: dict[Spin, int], lattice: Lattice) -> int:
    total = 0
    for part in parts:
        for each, residues in zip(part.products, part.residues, strict=True):
            for at in cells(lattice):
                if tuple(x % m for x, m in zip(at, part.modulus, strict=True)) in residues:
                    total += value(each, at, state, lattice)
    return total


OPERATORS = [
    Operator("k1", (FIELD,)),
    Operator("K", BAXTER_WU),
    Operator("k2_10", (*NEAREST, spins((0, 0), (1, 1)))),
    Operator("k2_21", (spins((0, 0), (2, 1)),)),
    Operator("k4", (spins((0, 0), (1, 0), (1, 1), (2, 1)), spins((0, 0), (1, 0), (0, 1), (2, 2)))),
]


@pytest.mark.parametrize("operator", OPERATORS)
def test_parts_add_up_and_carry_their_character(operator: Operator) -> None:
    lattice = triangular(6)
    sectors = find_sectors(BAXTER_WU, lattice)
    parts = split_operator(operator, sectors)
    dice = np.random.default_rng(3)
    state = {spin: int(dice.choice((-1, 1))) for spin in spins_of(lattice)}
    whole = sum(
        value(each, at, state, lattice) for each in operator.products for at in cells(lattice)
    )
    assert sum_of(parts, state, lattice) == whole
    for number, flip in enumerate(sectors.flips):
        sign = as_state(flip, sectors, lattice)
        flipped = {spin: state[spin] * sign[spin] for spin in state}
        for part in parts:
            character = dict(zip(sectors.names, cartesian((0, 1), repeat=2), strict=True))[
                part.sector
            ]
            before, after = sum_of([part], state, lattice), sum_of([part], flipped, lattice)
            assert after == (-before if character[number] else before)


def test_the_magnetisation_of_baxter_wu_is_that_of_three_sublattices() -> None:
    sectors = find_sectors(BAXTER_WU, triangular(48))
    parts = split_operator(OPERATORS[0], sectors)
    assert [part.sector for part in parts] == ["eo", "oe", "oo"]
    sublattices = [{(x + y) % 3 for x, y in part.residues[0]} for part in parts]
    assert sorted(map(tuple, sublattices)) == [(0,), (1,), (2,)]
    assert sector_of(FIELD, sectors) is None
    assert split_operator(OPERATORS[1], sectors)[0].whole


def test_one_part_where_the_whole_has_one_character() -> None:
    sectors = find_sectors(NEAREST, square(64))
    (part,) = split_operator(Operator("k1", (FIELD,)), sectors)
    assert (part.sector, part.modulus, part.residues, part.whole) == (
        "odd",
        (1, 1),
        (((0, 0),),),
        True,
    )


# -- blocks ----------------------------------------------------------------------------------------


def block_sums(state: dict[Spin, int], fine: Lattice, block: Block) -> dict[Spin, int]:
    """The sum of the spins of each cell: what any fair rule makes a sign of."""
    return {
        Spin(at, k): sum(
            value(
                (Spin(site.cell, site.letter),),
                tuple(f * x for f, x in zip(block.factor, at, strict=True)),
                state,
                fine,
            )
            for site in cell
        )
        for at in cells(block.coarse(fine))
        for k, cell in enumerate(block.cells)
    }


STAR = block_map(
    "majority",
    2,
    (2, 2),
    (
        (Site((0, 0), 1), Site((0, 0)), Site((1, 0)), Site((1, 1))),
        (Site((1, 0), 0), Site((1, 0), 1), Site((0, 0), 1), Site((0, -1), 1)),
    ),
)


@pytest.mark.parametrize(
    ("products", "lattice", "block", "generators"),
    [
        (NEAREST, square(16), SQUARE_CELL, 1),
        (DIAGONAL, square(16), SQUARE_CELL, 1),
        (BAXTER_WU, triangular(24), OWN_SUBLATTICE, 2),
        (BAXTER_WU, triangular(24), SQUARE_CELL, 0),
        (DIAGONAL, square(16), block_map("decimate", 2, (2, 2), ((Site((0, 0)),),)), 2),
        (
            [product([Spin((0, 0)), Spin((1, 0))]), product([Spin((0, 0), 1), Spin((1, 0), 1)])],
            honeycomb(8),
            STAR,
            1,
        ),
    ],
)
def test_a_flip_acts_on_the_block_spins(
    products: Sequence[Product], lattice: Lattice, block: Block, generators: int
) -> None:
    by_level = sectors_by_level(find_sectors(products, lattice), [block], 2)
    assert [len(sectors.flips) for sectors in by_level] == [generators] * 3
    dice = np.random.default_rng(7)
    for fine, coarse in pairwise(by_level):
        state = {spin: int(dice.choice((-1, 1))) for spin in spins_of(lattice)}
        for before, after in zip(fine.flips, coarse.flips, strict=True):
            sign = as_state(before, fine, lattice)
            flipped = {spin: state[spin] * sign[spin] for spin in state}
            small = block.coarse(lattice)
            induced = as_state(after, coarse, small)
            sums = block_sums(state, lattice, block)
            assert block_sums(flipped, lattice, block) == {
                spin: sums[spin] * induced[spin] for spin in sums
            }
        lattice = block.coarse(lattice)


def test_generators_stay_where_the_block_spins_feel_fewer() -> None:
    """Sites 3R of Baxter-Wu lie on one sublattice: both generators act on the block spins, as the
    same flip or as none, and the square cells of the next block are as uniform as the whole
    lattice."""
    third = block_map("decimate", 3, (3, 3), ((Site((0, 0)),),))
    by_level = sectors_by_level(find_sectors(BAXTER_WU, triangular(48)), [third, SQUARE_CELL], 3)
    assert [len(sectors.flips) for sectors in by_level] == [2] * 4
    assert [sectors.modulus for sectors in by_level[1:]] == [(1, 1)] * 3
    assert all(len(flip) <= 1 for flip in by_level[1].flips)


def two_corners(field: float = 0.0) -> Block:
    """Square cells whose block spin looks at two opposite corners alone, and at a field."""
    pieces = [Piece((k, 4), (0.5, -0.5, -0.5, 0.5)) for k in (0, 3)]
    law = Weighed(4, (2,), (*pieces, Piece((4,), (field, -field))), divided=True)
    return replace(SQUARE_CELL, rules=(BlockRule((law,)),))


def test_a_flip_need_not_be_uniform_on_cells() -> None:
    """Opposite corners are on one sublattice of two that do not interact: its flip turns all block
    spins, the other's none."""
    found = find_sectors(DIAGONAL, square(16))
    by_level = sectors_by_level(found, [two_corners()], 1)
    assert [len(each.flips) for each in by_level] == [2, 2]
    assert sorted(len(flip) for flip in by_level[1].flips) == [0, 1]
    assert len(sectors_by_level(found, [SQUARE_CELL], 1)[1].flips) == 1


def test_which_flips_are_uniform_on_cells() -> None:
    found = find_sectors(DIAGONAL, square(16))
    (flip,) = uniform_on_cells(found, SQUARE_CELL).flips
    assert flip == found.flips[0] | found.flips[1]
    assert uniform_on_cells(found, block_map("decimate", 2, (2, 2), ((Site((0, 0)),),))) == found


ANY = block_map("any", 2, (2, 2), SQUARE_CELL.cells)


@pytest.mark.parametrize("block", [two_corners(field=0.1), ANY], ids=["field", "any"])
def test_a_map_that_turns_with_no_flip_leaves_one_sector(block: Block) -> None:
    by_level = sectors_by_level(find_sectors(NEAREST, square(16)), [block], 2)
    assert [each.names for each in by_level] == [("invariant",)] * 3


def test_a_flip_of_spins_that_no_block_spin_looks_at_is_kept() -> None:
    by_level = sectors_by_level(find_sectors(DIAGONAL, square(16)), [two_corners(field=0.1)], 1)
    assert [len(flip) for flip in by_level[0].flips] == [2]
    assert by_level[1].flips == (frozenset(),)


def test_one_map_of_several_that_turns_with_nothing_is_enough() -> None:
    found = find_sectors(NEAREST, square(16))
    assert len(sectors_by_level(found, [SQUARE_CELL, ANY], 1)[0].flips) == 1
    assert sectors_by_level(found, [SQUARE_CELL, ANY], 2)[0].flips == ()
