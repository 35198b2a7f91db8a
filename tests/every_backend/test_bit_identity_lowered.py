"""Programs lowered from random Hamiltonians, block maps and operators: every backend gives the reference's bits."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from rgc.backend import installed, load
from rgc.model.lattices import honeycomb, square, triangular
from rgc.model.spins import Species
from tests.every_backend.bit_identity_programs import assert_equal, lowered_update, run

OTHERS = sorted(set(installed()) - {"reference"})
TWO = (Species("s"), Species("v", "binary"))
ONE = (Species("s"),)

CASES = [
    (square(6, 4), ONE, "joint", "metropolis"),
    (square(3, 5), ONE, "joint", "heat_bath"),
    (square(4, 5, boundary=["open", "periodic"]), ONE, "weigh", "lazy"),
    (triangular(6, 6), ONE, "factorised", "metropolis"),
    (honeycomb(4), TWO, None, "metropolis"),
]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("case", range(len(CASES)))
def test_random_hamiltonians(name: str, case: int) -> None:
    lattice, species, form, kind = CASES[case]
    program, given = lowered_update(lattice, species, form, kind, Random(case), words=2)  # noqa: S311
    expected = run(load("reference"), program, given, case, word0=3)
    for threads, constant in ((1, False), (2, True)):
        how: dict[str, Any] = {"word0": 3, "constant": constant}
        assert_equal(expected, run(load(name, threads=threads), program, given, case, **how))
