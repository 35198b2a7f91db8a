"""Inequivalent operators: their number, their classes by brute force, their names; what a small
torus makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from itertools import product as cartesian
from math import prod

import numpy as np
import pytest

from rgc.model.block import Block
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.lattices import chain, cubic, hypercubic, kagome, square, triangular
from rgc.model.lattices import honeycomb as honeycomb_lattice
from rgc.model.operators import Operator, Product, Spin, product
from rgc.model.shells import shell
from rgc.model.spins import Species
from rgc.model.symmetry import Symmetry
from rgc.passes.find_symmetries import find_symmetries
from rgc.passes.fold_operators import fold_operators, fold_product, holds_range
from rgc.passes.generate_operators import generate_operators, operator_range
from tests.blocks import block as block_map

ISING = (Species("s"),)


def spins(*cells: Cell) -> Product:
    return product(Spin(cell) for cell in cells)


def nearest(lattice: Lattice) -> Hamiltonian:
    pairs = [product(Spin(site.cell, site.letter) for site in pair) for pair in shell(lattice, 1)]
    return Hamiltonian((Term("K", 0.4, -1, tuple((1.0, pair) for pair in pairs)),))


def box(factor: int, dimension: int) -> Block:
    cell = tuple(Site(at) for at in cartesian(range(factor), repeat=dimension))
    return block_map("majority", factor, (factor,) * dimension, (cell,))


OWN_SUBLATTICE = block_map(
    "majority", 2, (2, 2), (tuple(map(Site, ((0, 0), (2, 1), (1, 2), (3, 3)))),)
)
BAXTER_WU = Hamiltonian(
    (
        Term(
            "K",
            0.4,
            -1,
            ((1.0, spins((0, 0), (1, 0), (1, 1))), (1.0, spins((0, 0), (1, 1), (0, 1)))),
        ),
    )
)


@pytest.mark.parametrize(
    ("lattice", "blocks", "symmetries", "even", "odd"),
    [
        (chain(64), (), 2, 2, 2),
        (square(64), (), 8, 6, 4),
        (square(64), (box(2, 2),), 8, 6, 4),
        (cubic(32), (box(2, 3),), 48, 16, 7),
        (triangular(27), (), 12, 10, 7),
        (triangular(27), (box(3, 2),), 4, 20, 11),
    ],
)
def test_numbers_at_range_two_with_four_bodies(
    lattice: Lattice, blocks: tuple[Block, ...], symmetries: int, even: int, odd: int
) -> None:
    assert len(find_symmetries(lattice, blocks)) == symmetries
    operators = generate_operators(lattice, ISING, nearest(lattice), blocks=blocks)
    assert sum(operator.bodies % 2 == 0 for operator in operators) == even
    assert sum(operator.bodies % 2 == 1 for operator in operators) == odd
    assert len({operator.name for operator in operators}) == len(operators)


def test_square_operators_in_order() -> None:
    field = Term("h", 0.0, -1, ((1.0, spins((0, 0))),))
    hamiltonian = Hamiltonian((*nearest(square(64)).terms, field))
    operators = generate_operators(square(64), ISING, hamiltonian, zero={"h"})
    assert [operator.name for operator in operators] == [
        "h",
        "K",
        "k2_11",
        "k3_10_01",
        "k4_10_01_11",
        "k2_20",
        "k3_10_m10",
        "k3_11_1m1",
        "k4_10_m10_01",
        "k4_11_1m1_20",
    ]
    sizes = [operator_range(operator, square(64)) for operator in operators]
    assert sizes == pytest.approx([0, 1, 2**0.5, 2**0.5, 2**0.5, 2, 2, 2, 2, 2])
    assert [len(operator.products) for operator in operators] == [1, 2, 2, 4, 1, 2, 2, 4, 4, 1]


@pytest.mark.parametrize(
    ("lattice", "reach"),
    [(square(64), 2.3), (triangular(64), 1.8), (honeycomb_lattice(24), 1.8), (kagome(24), 1.1)],
)
def test_every_product_in_range_belongs_to_one_operator(lattice: Lattice, reach: float) -> None:
    operators = generate_operators(lattice, ISING, nearest(lattice), reach=reach, bodies=3)
    found = [each for operator in operators for each in operator.products]
    assert len(found) == len(set(found))
    near = [
        Spin(cell, a)
        for cell in cartesian(range(-4, 5), repeat=2)
        for a in range(len(lattice.basis))
    ]
    expected = set()
    for letter in range(len(lattice.basis)):
        first = Spin((0, 0), letter)
        close = [
            spin
            for spin in near
            if spin != first and distance(first, spin, lattice) <= reach + 1e-9
        ]
        for size in (0, 1, 2):
            for others in combinations(close, size):
                if all(distance(a, b, lattice) <= reach + 1e-9 for a, b in combinations(others, 2)):
                    expected.add(product([first, *others]))
    assert set(found) == expected


def distance(a: Spin, b: Spin, lattice: Lattice) -> float:
    return lattice.distance(Site(a.cell, a.letter), Site(b.cell, b.letter))


@pytest.mark.parametrize(
    "lattice",
    [
        square(6),
        triangular(6),
        honeycomb_lattice(6),
        kagome(6),
        cubic(4),
        square(6, 4),
        hypercubic(3, d=4),
    ],
)
def test_symmetries_form_a_group_that_keeps_distances(lattice: Lattice) -> None:
    group = find_symmetries(lattice)
    sites = [
        Site(c, a)
        for c in cartesian(range(-1, 2), repeat=lattice.dimension)
        for a in range(len(lattice.basis))
    ]
    for each in group[:: max(1, len(group) // 12)]:
        for a, b in combinations(sites[::5], 2):
            assert lattice.distance(each.site(a), each.site(b)) == pytest.approx(
                lattice.distance(a, b)
            )
        assert all(composed(each, other) in group for other in group[:: max(1, len(group) // 24)])


def composed(first: Symmetry, second: Symmetry) -> Symmetry:
    size = range(len(first.matrix))
    matrix = tuple(
        tuple(sum(first.matrix[i][k] * second.matrix[k][j] for k in size) for j in size)
        for i in size
    )
    images = [first.site(image) for image in second.images]
    back = tuple(-x for x in images[0].cell)
    return Symmetry(matrix, tuple(image.shifted(back) for image in images))


@pytest.mark.parametrize(
    ("lattice", "number"),
    [
        (square(6, 4), 4),
        (square(6, None), 4),
        (square(6, boundary=("open", "periodic")), 4),
        (square(6, boundary="open"), 8),
        (triangular(6, boundary="open"), 4),
        (triangular(6, 3), 4),
        (honeycomb_lattice(6), 12),
        (honeycomb_lattice(6, boundary="open"), 2),
        (kagome(6), 12),
        (cubic(4, 4, 2), 16),
        (hypercubic(4, d=4), 384),
    ],
)
def test_symmetries_of_the_shape(lattice: Lattice, number: int) -> None:
    assert len(find_symmetries(lattice)) == number


def test_symmetries_of_blocks() -> None:
    oblong = block_map("majority", 2.0, (2, 1), ((Site((0, 0)), Site((1, 0))),))
    corner = block_map(
        "majority", 2.0, (2, 2), (tuple(map(Site, ((0, 0), (1, 0), (0, 1), (3, 3)))),)
    )
    assert len(find_symmetries(square(16), [oblong])) == 4
    assert len(find_symmetries(square(16), [corner])) == 2
    assert (
        len(find_symmetries(square(16), [block_map("decimate", 2.0, (2, 2), ((Site((0, 0)),),))]))
        == 8
    )
    star = block_map(
        "majority",
        2.0,
        (2, 2),
        (
            (Site((0, 0), 1), Site((0, 0)), Site((1, 0)), Site((1, 1))),
            (Site((2, 1), 0), Site((2, 1), 1), Site((1, 1), 1), Site((1, 0), 1)),
        ),
    )
    assert len(find_symmetries(honeycomb_lattice(8), [star])) == 12


def test_a_symmetry_must_also_be_one_of_the_block_spins() -> None:
    """Only letter a is coupled, and the map passes the letters on in a circle: what swaps b and c
    would swap a and b of the blocks.
    """
    lattice = kagome(8)
    plain, circle = (
        block_map("decimate", 2.0, (2, 2), tuple((Site((0, 0), letter),) for letter in letters))
        for letters in ((0, 1, 2), (1, 2, 0))
    )
    alone = [[(Spin((0, 0), 0),)]]
    assert len(find_symmetries(lattice, couplings=alone)) == 4
    assert len(find_symmetries(lattice, [plain], alone)) == 2
    assert len(find_symmetries(lattice, [circle], alone)) == 1


def test_different_couplings_lower_the_symmetry() -> None:
    rows, columns = spins((0, 0), (1, 0)), spins((0, 0), (0, 1))
    unequal = Hamiltonian(
        (Term("J", 0.4, -1, ((1.0, rows),)), Term("K", 0.4, -1, ((1.0, columns),)))
    )
    operators = generate_operators(square(64), ISING, unequal)
    assert [operator.name for operator in operators if operator.bodies == 2] == [
        "J",
        "K",
        "k2_11",
        "k2_02",
        "k2_20",
    ]
    alone = generate_operators(square(64), ISING, unequal, zero={"J"}, reach=1)
    assert [operator.name for operator in alone] == ["k1", "J", "K"]
    same = Hamiltonian((replace(unequal.terms[0], products=((1.0, rows), (1.0, columns))),))
    assert [operator.name for operator in generate_operators(square(64), ISING, same, reach=1)] == [
        "k1",
        "J",
    ]


def test_a_term_keeps_its_name_only_where_it_is_a_whole_class() -> None:
    lattice = triangular(27)
    split = generate_operators(
        lattice, ISING, nearest(lattice), blocks=[box(3, 2)], reach=1, bodies=2
    )
    assert [operator.name for operator in split] == ["k1", "k2_10", "k2_11"]
    half = Hamiltonian(
        tuple(
            replace(term, products=tuple((0.5, p) for _, p in term.products))
            for term in nearest(lattice).terms
        )
    )
    assert [
        operator.name for operator in generate_operators(lattice, ISING, half, reach=1, bodies=2)
    ] == [
        "k1",
        "k2_10",
    ]


def test_a_term_of_several_weights_names_no_operator() -> None:
    bonds, diagonals = (
        nearest(square(64)).terms[0].products,
        [spins((0, 0), (1, 1)), spins((0, 0), (1, -1))],
    )
    mixed = Hamiltonian((Term("K", 0.4, -1, (*bonds, *((2.0, each) for each in diagonals))),))
    assert names(generate_operators(square(64), ISING, mixed, reach=1.5, bodies=2)) == [
        "k1",
        "k2_10",
        "k2_11",
    ]


def test_baxter_wu_with_its_block() -> None:
    operators = generate_operators(triangular(48), ISING, BAXTER_WU, blocks=[OWN_SUBLATTICE])
    assert "K" in [operator.name for operator in operators if operator.bodies == 3]


def test_two_species_meet_on_one_site() -> None:
    lattice = square(16)
    bond = product([Spin((0, 0)), Spin((0, 0), 0, 1)])
    joint = Hamiltonian((Term("K", 0.4, -1, ((1.0, bond),)),))
    operators = generate_operators(lattice, (Species("s"), Species("t")), joint, reach=1, bodies=2)
    names = [operator.name for operator in operators]
    assert names == ["k1", "k1_t00", "K", "k2_10", "k2_t00_t10", "k2_t10"]


# -- small tori ------------------------------------------------------------------------------------


def total(operator: Operator, state: np.ndarray) -> int:
    """S on a square torus, by rolling the configuration."""
    return sum(
        int(
            prod(
                (np.roll(state, tuple(-x for x in spin.cell), (0, 1)) for spin in each),
                start=np.array(1),
            ).sum()
        )
        for each in operator.products
    )


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_flags_are_the_coincidences_of_the_sums(size: int) -> None:
    operators = generate_operators(square(64), ISING, nearest(square(64)))
    folded = fold_operators(operators, square(size))
    dice = np.random.default_rng(1)
    states = [dice.choice((-1, 1), size=(size, size)) for _ in range(24)]
    sums = {
        each.operator.name: [total(each.operator, state) for state in states] for each in folded
    }
    for each in folded:
        if each.flag.startswith("wraps onto "):
            assert sums[each.operator.name] == sums[each.flag.removeprefix("wraps onto ")]
    kept = [each.operator for each in folded if not each.flag]
    assert len({tuple(sums[operator.name]) for operator in kept}) == len(kept)
    expected = {2: 5, 3: 1, 4: 0, 5: 0}
    assert sum(bool(each.flag) for each in folded) == expected[size]


def test_folded_products_are_equal_exactly_when_their_sums_are() -> None:
    lattice = square(3)
    assert fold_product(spins((0, 0), (2, 0)), lattice) == fold_product(
        spins((0, 0), (1, 0)), lattice
    )
    assert fold_product(spins((0, 0), (3, 0)), lattice) == ()
    assert fold_product(spins((0, 0), (3, 0), (1, 1)), lattice) == ((Spin((0, 0))),)
    open_rows = square(3, boundary=("open", "periodic"))
    assert fold_product(spins((0, 0), (2, 0)), open_rows) != fold_product(
        spins((0, 0), (1, 0)), open_rows
    )


@pytest.mark.parametrize(
    ("lattice", "holds"),
    [
        (square(4), False),
        (square(5), True),
        (square(8, 4), False),
        (square(8, 4, boundary=("periodic", "open")), True),
    ],
)
def test_rule_of_the_headline(lattice: Lattice, holds: bool) -> None:
    assert holds_range(lattice, 2) is holds


def names(operators: Sequence[Operator]) -> list[str]:
    return [operator.name for operator in operators]


def test_hypercubic_operators_of_few_bodies() -> None:
    lattice = hypercubic(8, d=4)
    assert names(generate_operators(lattice, ISING, nearest(lattice), reach=2, bodies=2)) == [
        "k1",
        "K",
        "k2_1100",
        "k2_1110",
        "k2_1111",
        "k2_2000",
    ]
