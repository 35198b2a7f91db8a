"""The reference's bits on programs lowered from random Hamiltonians."""

from __future__ import annotations

from random import Random

import pytest

from rgc.conformance.lattice.running import check
from rgc.conformance.lattice.systems import lowered_update
from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattices import chain, honeycomb, square, triangular
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model_to_program.clusters_to_program import clusters_to_program
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.model_to_program.states_to_update import states_to_update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.find_reflections import find_reflections
from rgc.passes.merge_tables import merge_tables
from rgc.passes.merge_terms import merge_terms

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


def test_moves_between_states(name: str) -> None:
    """Three-state Potts spins on a ring."""
    lattice, species = chain(4), (Species("s", "potts", 3),)
    equal = tuple(float(a == b) for a in range(3) for b in range(3))
    bond = Table((Spin((0,)), Spin((1,))), equal)
    hamiltonian = Hamiltonian((Term("K", 0.8, -1, tables=(bond,)),))
    merged = merge_tables(hamiltonian, lattice, species)
    steps = colour_sites(merged.groups, lattice, 1)
    update = states_to_update(lattice, species, merged.groups, steps)
    check(name, update.program, update.arguments([merged.coefficients(hamiltonian)], 2), 5, word0=3)


CLUSTERS = [
    (honeycomb(3), Species("s"), 0.4),
    (chain(9, boundary="open"), Species("s", "potts", 3), 0.9),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", range(len(CLUSTERS)))
def test_clusters(name: str, case: int) -> None:
    """Turns of clusters, in a field: of one reflection, and of one that is drawn from three."""
    lattice, kind, coupling = CLUSTERS[case]
    states = range(len(kind.codes))
    zero = (0,) * lattice.dimension
    axes = range(lattice.dimension)
    ends = [Spin(tuple(int(k == axis) for k in axes), 0) for axis in axes]
    bonds = [(Spin(zero, len(lattice.basis) - 1), end) for end in ends]
    equal = tuple(float(a == b) for a in states for b in states)
    tables = [Table(tuple(sorted(pair)), equal) for pair in bonds]
    tables += [Table((Spin(zero, 0), Spin(zero, 1)), equal)] * (len(lattice.basis) > 1)
    first = tuple(float(a == 0) for a in states)
    hamiltonian = Hamiltonian(
        (
            Term("K", coupling, -1, tables=tuple(tables)),
            Term("h", 0.1, -1, tables=(Table((Spin(zero),), first),)),
        )
    )
    groups = merge_tables(hamiltonian, lattice, (kind,)).groups
    update = clusters_to_program(lattice, (kind,), groups, find_reflections(groups, (kind,)))
    coefficients = [group.coefficient({"K": -coupling, "h": -0.1}) for group in groups]
    check(name, update.program, update.arguments([coefficients], 2), case, word0=1)


@pytest.mark.slow
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
    hamiltonian = Hamiltonian(
        tuple(
            Term(
                name, 0.1 + 0.05 * k, -1, tuple((1.0, tuple(map(Spin, cells))) for cells in listed)
            )
            for k, (name, listed) in enumerate(products.items())
        )
    )
    merged = merge_terms(hamiltonian, lattice, ONE)
    steps = colour_sites(merged.groups, lattice, 1)
    update = hamiltonian_to_update(lattice, ONE, merged.groups, steps, kind="heat_bath")
    check(name, update.program, update.arguments([merged.coefficients(hamiltonian)], 3), 6, word0=2)
