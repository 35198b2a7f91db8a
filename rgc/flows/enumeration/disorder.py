"""Realisations of random couplings: one number for every set of sites, whatever else is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rgc.analysis.quantiles import quantile
from rgc.errors import Problem, SpecError
from rgc.flows.enumeration.cluster import Cluster, LocalSum, gathered, term_pieces
from rgc.model.draw import Distribution
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice
from rgc.model.sites import flatten
from rgc.program.draws import SLOT, STEP, fold, stream, uniforms


@dataclass(frozen=True, slots=True, eq=False)
class Realisation:
    """The random couplings of one realisation.

    `key` descends from the seed, the scanned parameters and the number of the realisation.
    """

    draws: Mapping[str, Distribution]
    lattice: Lattice
    seed: int
    point: Mapping[str, float]
    number: int

    def value(self, name: str, sites: Iterable[int]) -> float:
        """The coupling of that name at a set of sites."""
        key = fold(stream(self.seed, self.point, "disorder"), STEP, self.number)
        key = fold(key, SLOT, sorted(self.draws).index(name))
        place = 0
        for site in sorted(set(sites)):
            place = place * (self.lattice.sites + 1) + site + 1
        u = float(uniforms((int(key[0]), int(key[1])), 1, place)[0])
        return float(quantile(self.draws[name], u))


def log_weight(cluster: Cluster, hamiltonian: Hamiltonian, realisation: Realisation) -> LocalSum:
    """-H of every state, with the random couplings of a realisation.

    Raises `SpecError` for couplings that are read or computed.
    """
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
    if term.inhomogeneous not in realisation.draws:
        message = f"'{term.inhomogeneous}' is read or computed: such couplings come later"
        raise SpecError([Problem("not-yet", message, term.span, hint="draw it: J ~ normal(0, 1)")])
    lattice = cluster.lattice
    spins = [cluster.spins[k] for k in numbers]
    sites = [flatten(spin.cell, lattice.cells) * len(lattice.basis) + spin.letter for spin in spins]
    return realisation.value(term.inhomogeneous, sites)
