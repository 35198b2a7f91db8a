"""Measured sums against products of unpacked spins rolled by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as cartesian
from typing import Any

import numpy as np
import pytest

from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice
from rgc.model.lattices import cubic, honeycomb, square, triangular
from rgc.model.operators import Operator, Product, Spin
from rgc.model.sectors import SectorOperator
from rgc.model.spins import Species
from rgc.model_to_program.operators_to_tallies import Record, TallyRequest, operators_to_tallies
from rgc.passes.generate_operators import generate_operators
from rgc.passes.merge_terms import merge_terms
from rgc.program.lattice import Bit, Load
from rgc.program.lattice.start import random_field
from rgc_reference import ReferenceBackend
from tests.core.small_systems import System, energies, pairs, terms

WORDS = 2
ISING = (Species("s"),)


def measured(record: Record, seed: int = 5) -> tuple[list[Any], list[Any]]:
    """The spins +-1 as int[species][*shape, letter, replica] and the sums of two records of the
    same spins.
    """
    backend = ReferenceBackend()
    fields = [random_field((seed, k), f, WORDS) for k, f in enumerate(record.program.fields)]
    arguments = no_arguments()
    keys = np.zeros((2, 0, 2), dtype=np.uint64)
    _, counts = backend.compile(record.program)([backend.pack(f) for f in fields], arguments, keys)
    spins = [
        1 - 2 * np.unpackbits(f[0].view(np.uint8), axis=-1, bitorder="little").astype(int)
        for f in fields
    ]
    sums = record.sums(counts, 64 * WORDS)
    assert all(np.array_equal(each[0], each[1]) for each in sums)
    return spins, [each[0] for each in sums]


def no_arguments() -> Any:
    from rgc.program.lattice.arguments import lattice_arguments

    return lattice_arguments(np.zeros((0, 33, WORDS), np.uint64))


def placed(product: Product, spins: Sequence[Any], lattice: Lattice) -> Any:
    """The product at every cell, int[*shape, replica]; 0 where it would reach over an open edge."""
    total = np.ones((*lattice.cells, spins[0].shape[-1]), dtype=int)
    for at in cartesian(*map(range, lattice.cells)):
        for spin in product:
            cell = [x + y for x, y in zip(at, spin.cell, strict=True)]
            axes = zip(cell, lattice.cells, lattice.boundary, strict=True)
            if any(edge == "open" and not 0 <= x < n for x, n, edge in axes):
                total[at] = 0
                break
            wrapped = tuple(x % n for x, n in zip(cell, lattice.cells, strict=True))
            total[at] *= spins[spin.species][(*wrapped, spin.letter)]
    return total


@pytest.mark.parametrize(
    "lattice",
    [
        square(6, 4),
        square(5, 7, boundary=["open", "periodic"]),
        triangular(6),
        cubic(4),
        honeycomb(4),
        square(2),
    ],
    ids=lambda lattice: f"{lattice.name} {lattice.cells} {lattice.boundary[0]}",
)
def test_every_operator_of_the_basis_by_replica(lattice: Lattice) -> None:
    """On the 2 x 2 torus spins coincide and products fold to shorter ones, down to constants."""
    operators = generate_operators(lattice, ISING, Hamiltonian(()), reach=2, bodies=4)
    spins, (sums,) = measured(operators_to_tallies(lattice, ISING, [TallyRequest(operators)]))
    assert sums.shape == (len(operators), 64 * WORDS)
    for row, operator in enumerate(operators):
        expected = sum(
            placed(p, spins, lattice).reshape(-1, 64 * WORDS).sum(axis=0) for p in operator.products
        )
        assert np.array_equal(sums[row], expected), operator.name


def test_kept_axes_and_sums_over_replicas() -> None:
    lattice = square(4, 6, boundary=["periodic", "open"])
    operators = (Operator("m", ((Spin((0, 0)),),)), Operator("K", tuple(pairs((0, 1), (1, 0)))))
    wanted = [
        TallyRequest(operators, False, (0,)),
        TallyRequest(operators, True, (1,)),
        TallyRequest(operators, False, (0, 1)),
        TallyRequest(operators, False),
    ]
    spins, sums = measured(operators_to_tallies(lattice, ISING, wanted))
    assert [each.shape for each in sums] == [(2, 4), (2, 6, 128), (2, 4, 6), (2,)]
    for row, operator in enumerate(operators):
        whole = sum(placed(p, spins, lattice) for p in operator.products)
        assert np.array_equal(sums[0][row], whole.sum(axis=(1, 2)))
        assert np.array_equal(sums[1][row], whole.sum(axis=0))
        assert np.array_equal(sums[2][row], whole.sum(axis=2))
        assert sums[3][row] == whole.sum()


def test_parts_of_an_operator_on_residues() -> None:
    lattice = triangular(6)
    m, pair = (Spin((0, 0)),), pairs((1, 0))[0]
    residues = tuple((x, y) for x in range(3) for y in range(3) if (x + y) % 3 == 1)
    part = SectorOperator("m", "eo", (3, 3), (m, pair), (residues, ((0, 0),)))
    whole = Operator("m", (m,))
    spins, (sums,) = measured(operators_to_tallies(lattice, ISING, [TallyRequest((part, whole))]))
    at = np.indices(lattice.cells)
    chosen = ((at[0] + at[1]) % 3 == 1)[..., None] * placed(m, spins, lattice)
    corner = ((at[0] % 3 == 0) & (at[1] % 3 == 0))[..., None] * placed(pair, spins, lattice)
    assert np.array_equal(sums[0], (chosen + corner).sum(axis=(0, 1)))
    assert np.array_equal(sums[1], placed(m, spins, lattice).sum(axis=(0, 1)))


def test_energy_from_the_groups_of_a_hamiltonian() -> None:
    """H = sum_g c_g S_g + constants, against the energies of all configurations of two binary and
    Ising species.
    """
    species = (Species("v", "binary"), Species("s"))
    lattice = square(2, 3, boundary="open")
    products = pairs((0, 1), (1, 0))
    mixed = [(p[0], Spin(p[1].cell, 0, 1)) for p in products]
    system = System(
        lattice,
        species,
        terms(("K", 0.7, products), ("J", 0.3, mixed), ("h", -0.4, [(Spin((0, 0)),)])),
    )
    merged = merge_terms(system.hamiltonian, lattice, species)
    record = operators_to_tallies(
        lattice, species, [TallyRequest(merged.groups + merged.constants)]
    )
    spins, (sums,) = measured(record)
    of_term = {term.name: term.coefficient for term in system.hamiltonian.terms}
    couplings = [float(group.coefficient(of_term)) for group in merged.groups + merged.constants]
    codes = sum(
        (each.reshape(6, -1) == -1).astype(int).T @ (1 << np.arange(6)) << (6 * k)
        for k, each in enumerate(spins)
    )
    assert np.allclose(np.array(couplings) @ sums, energies(system)[codes])


def test_products_share_their_parts() -> None:
    operators = generate_operators(square(16), ISING, Hamiltonian(()), reach=2, bodies=4)
    program = operators_to_tallies(square(16), ISING, [TallyRequest(operators)]).program
    (rule,) = program.rules
    spins = sum(len(p) - 1 for operator in operators for p in operator.products)
    gates = sum(len(node.operands) - 1 for node in rule.nodes if isinstance(node, Bit))
    assert gates < 0.6 * spins
    assert len({node for node in rule.nodes if isinstance(node, Load)}) == sum(
        isinstance(n, Load) for n in rule.nodes
    )


def test_a_term_that_is_a_constant_counts_its_places() -> None:
    """`+ sum(i) c` has one empty product per cell."""
    hamiltonian = Hamiltonian((Term("c", 0.5, 1, ((1.0, ()),)),))
    merged = merge_terms(hamiltonian, square(3), ISING)
    _, (sums,) = measured(operators_to_tallies(square(3), ISING, [TallyRequest(merged.constants)]))
    assert np.array_equal(sums, np.full((1, 64 * WORDS), 9))
