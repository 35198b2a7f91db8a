"""-H of all states with the random couplings of a realisation."""

from __future__ import annotations

from collections.abc import Iterable

from rgc.flows.disorder import Realisation
from rgc.flows.enumeration.cluster import Cluster, LocalSum, gathered, term_pieces
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.sites import flatten


def log_weight(cluster: Cluster, hamiltonian: Hamiltonian, realisation: Realisation) -> LocalSum:
    """-H of every state, with the random couplings of a realisation."""
    pieces = (
        (numbers, -term.coefficient * _random(term, numbers, cluster, realisation) * table)
        for term in hamiltonian.terms
        if term.coefficient
        for numbers, table in term_pieces(cluster, term)
    )
    return gathered(pieces)


def _random(
    term: Term, numbers: Iterable[int], cluster: Cluster, realisation: Realisation
) -> float:
    if term.inhomogeneous is None:
        return 1.0
    lattice = cluster.lattice
    spins = [cluster.spins[k] for k in numbers]
    sites = [flatten(spin.cell, lattice.cells) * len(lattice.basis) + spin.letter for spin in spins]
    return realisation.value(term.inhomogeneous, sites)
