"""Programs lowered from random Hamiltonians, block maps and operators: every backend gives the reference's bits."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from rgc.backend import installed, load
from rgc.model.lattices import honeycomb, square, triangular
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.merge_terms import merge_terms
from tests.core.small_systems import terms
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
@pytest.mark.parametrize("shape", [(8, 4), (3, 5)])
def test_hundreds_of_classes(name: str, shape: tuple[int, int]) -> None:
    """Heat bath with five couplings on the triangular lattice: 239 thresholds at a site."""
    lattice = triangular(*shape)
    products: dict[str, list[list[tuple[int, int]]]] = {
        "K": [[(0, 0), (1, 0)], [(0, 0), (0, 1)], [(0, 0), (1, 1)]],
        "K2": [[(0, 0), (2, 1)], [(0, 0), (1, 2)], [(0, 0), (-1, 1)]],
        "K4": [[(0, 0), (1, 0), (1, 1), (0, 1)]],
        "K3": [[(0, 0), (1, 0), (1, 1)], [(0, 0), (1, 1), (0, 1)]],
        "h": [[(0, 0)]],
    }
    hamiltonian = terms(
        *(
            (name, 0.1 + 0.05 * k, [tuple(map(Spin, cells)) for cells in listed])
            for k, (name, listed) in enumerate(products.items())
        )
    )
    merged = merge_terms(hamiltonian, lattice, ONE)
    update = hamiltonian_to_update(
        lattice, ONE, merged.groups, colour_sites(merged.groups, lattice, 1), kind="heat_bath"
    )
    given = update.arguments([merged.coefficients(hamiltonian)], 3)
    expected = run(load("reference"), update.program, given, 6, word0=2)
    for threads, constant in ((1, False), (2, True)):
        found = run(load(name, threads=threads), update.program, given, 6, word0=2, constant=constant)
        assert_equal(expected, found)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("case", range(len(CASES)))
def test_random_hamiltonians(name: str, case: int) -> None:
    lattice, species, form, kind = CASES[case]
    program, given = lowered_update(lattice, species, form, kind, Random(case), words=2)  # noqa: S311
    expected = run(load("reference"), program, given, case, word0=3)
    for threads, constant in ((1, False), (2, True)):
        how: dict[str, Any] = {"word0": 3, "constant": constant}
        assert_equal(expected, run(load(name, threads=threads), program, given, case, **how))
