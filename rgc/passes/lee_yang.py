"""Where a phase transition is excluded beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.passes.frustration import cluster_obstacle

EXCLUDED = (
    "unfrustrated pairs of spins in a field at every site have no transition (Lee and Yang 1952)"
)


def excluded_transition(
    hamiltonian: Hamiltonian, lattice: Lattice, species: Sequence[Species]
) -> str:
    """Why no multiple of a Hamiltonian has a phase transition, or nothing where one may have.

    The partition function of a ferromagnet of pairs is 0 at imaginary fields only, so that F is
    analytic in all couplings where every spin is in a field (Lee and Yang 1952, Ruelle 1971). A
    change of the sign of some spins may make it one. As for clusters, a field counts as a bond to
    one further spin, which no pair of the others frustrates.
    """
    if not all(each.two_states and each.turns_sign for each in species):
        return ""
    sites = {
        (number, letter) for number in range(len(species)) for letter in range(len(lattice.basis))
    }
    for term in hamiltonian.terms:
        for weight, product in term.products:
            if term.coefficient * weight and len(product) == 1:
                sites -= {(product[0].species, product[0].letter)}
    if sites or cluster_obstacle(hamiltonian, lattice, species):
        return ""
    return EXCLUDED
