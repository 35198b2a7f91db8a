"""Terms that meet themselves around a small periodic lattice."""

from __future__ import annotations

import pytest

from rgc.model import lattices
from rgc.model.hamiltonian import Table, Term
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin, product
from rgc.model.shells import shell
from rgc.passes.wrapping import meets_itself


def term(lattice: Lattice, *products: list[Spin]) -> Term:
    return Term("K", 1.0, products=tuple((1.0, product(each)) for each in products))


def bonds(lattice: Lattice) -> Term:
    pairs = shell(lattice, 1)
    return term(lattice, *([Spin(site.cell, site.letter) for site in pair] for pair in pairs))


@pytest.mark.parametrize(
    ("lattice", "meets"),
    [
        (lattices.square(1), True),
        (lattices.square(2), True),
        (lattices.square(2, 8), True),
        (lattices.square(3), False),
        (lattices.square(2, boundary="open"), False),
        (lattices.square(2, 3, boundary=["open", "periodic"]), False),
        (lattices.square(2, boundary="antiperiodic"), True),
        (lattices.square(2, None), True),
        (lattices.square(), False),
        (lattices.triangular(2), True),
        (lattices.triangular(3), False),
        (lattices.honeycomb(1), True),  # the three bonds of a cell join the same two sites
        (lattices.honeycomb(2), False),
        (lattices.cubic(4, 4, 2), True),
    ],
)
def test_nearest_neighbours(lattice: Lattice, meets: bool) -> None:
    assert meets_itself(bonds(lattice), lattice) is meets


def test_products_of_many_spins() -> None:
    row = [Spin((k, 0)) for k in range(3)]
    assert not meets_itself(term(lattices.square(4), row), lattices.square(4))
    assert meets_itself(
        term(lattices.square(3), row), lattices.square(3)
    )  # three places, one product
    assert meets_itself(term(lattices.square(4), [Spin((0, 0)), Spin((2, 0))]), lattices.square(4))
    both = term(lattices.square(5), [Spin((0, 0)), Spin((1, 0))], [Spin((0, 0)), Spin((4, 0))])
    assert meets_itself(both, lattices.square(5))
    assert not meets_itself(both, lattices.square(6))


def test_tables_and_constants() -> None:
    bond = Table((Spin((0, 0)), Spin((1, 0))), (0.0,) * 9)
    assert meets_itself(Term("K", 1.0, tables=(bond,)), lattices.square(2))
    assert not meets_itself(Term("K", 1.0, tables=(bond,)), lattices.square(3))
    assert not meets_itself(term(lattices.square(1), []), lattices.square(1))
