"""The Hamiltonian that the data are samples of: what a machine is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rgc.flows.disorder import Realisation
from rgc.flows.enumeration.cluster import Cluster, LocalSum, make_cluster
from rgc.flows.enumeration.disorder import log_weight
from rgc.flows.machines.sides import States
from rgc.flows.machines.tables import all_digits
from rgc.flows.request import Request
from rgc.model.data import Control, Samples, source_of
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.model.supercells import order_as_written
from rgc.passes.count_states import MOST_TABLED, fits

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Target:
    """-H of a finite lattice as a function of its states. States are numbered from the lowest value
    of a spin, sites in the order of the lattice as written; `order` are their numbers in the
    cluster.
    """

    cluster: Cluster
    log_weight: LocalSum
    order: NDArray[np.int64]

    @property
    def tabled(self) -> bool:
        """Whether all its states can be gone through."""
        return fits(self.cluster.states, MOST_TABLED)

    def states(self) -> States:
        """All states, int64[state, site], the first site changing slowest."""
        return all_digits(self.cluster.radices)

    @cached_property
    def log_chances(self) -> Floats:
        """ln P of all states."""
        weights = self.log_weights(self.states())
        return np.asarray(weights - np.logaddexp.reduce(weights))

    def log_weights(self, states: States) -> Floats:
        """-H of rows of states[row, site], float64[row]."""
        digits = np.asarray(states)
        if self.cluster.two_states:
            digits = 1 - digits  # digit 0 is the upper value
        places, total = np.argsort(self.order), np.zeros(len(digits))
        for numbers, table in self.log_weight.tables.items():
            total += table[tuple(digits[:, places[number]] for number in numbers)]
        return total


def make_target(
    lattice: Lattice,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    *,
    seed: int,
    point: Mapping[str, float],
) -> Target:
    """The Hamiltonian on a lattice. Raises `SpecError` for couplings that are read or computed."""
    cluster = make_cluster(lattice, species)
    return Target(
        cluster,
        log_weight(cluster, hamiltonian, Realisation({}, lattice, seed, point, 0)),
        np.array(order_as_written(lattice), dtype=np.int64),
    )


def target_of(request: Request) -> Target | None:
    """The Hamiltonian that the data are samples of; None where they are of several, or of none."""
    spec = request.spec
    source = source_of(spec.data) if spec.data is not None else None
    if spec.hamiltonian is None or not isinstance(spec.lattice, Lattice):
        return None
    if isinstance(spec.data, Control) or not isinstance(source, Samples) or source.hamiltonians:
        return None
    return make_target(
        spec.lattice,
        spec.species,
        spec.hamiltonian,
        seed=request.seed,
        point=request.point,
    )
