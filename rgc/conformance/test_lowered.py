"""The reference's bits on programs lowered from random Hamiltonians."""

from __future__ import annotations

from random import Random

import pytest

from rgc.conformance.running import check
from rgc.conformance.systems import lowered_update
from rgc.model.lattices import honeycomb, square, triangular
from rgc.model.spins import Species

TWO = (Species("s"), Species("v", "binary"))
ONE = (Species("s"),)

CASES = [
    (square(6, 4), ONE, "joint", "metropolis"),
    (square(3, 5), ONE, "joint", "heat_bath"),
    (square(4, 5, boundary=["open", "periodic"]), ONE, "weigh", "lazy"),
    (triangular(6, 6), ONE, "factorised", "metropolis"),
    (honeycomb(4), TWO, None, "metropolis"),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_random_hamiltonians(name: str, case: int) -> None:
    lattice, species, form, kind = CASES[case]
    program, given = lowered_update(lattice, species, form, kind, Random(case), words=2)
    check(name, program, given, case, word0=3)
