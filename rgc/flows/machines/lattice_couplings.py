"""The effective Hamiltonian of a layer that lives on a lattice, in operators with names.

A trained machine knows nothing of translations, so each of the products of an operator has a
coupling of its own. What is reported is their average, with the spread over the lattice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.cluster import standing
from rgc.flows.machines.couplings import Couplings, coupling_of
from rgc.flows.machines.machine import Machine
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Operator, Spin
from rgc.model.sites import flatten
from rgc.model.supercells import as_written, site_as_written

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeCoupling:
    """The average coupling of the products of one operator, their standard deviation over the
    lattice, and how many there are.
    """

    mean: float
    deviation: float
    places: int

    @property
    def error(self) -> float:
        """The standard error of the average, as if the places were independent."""
        return self.deviation / sqrt(self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeCouplings:
    """The couplings by the names of the operators, and the root mean square of all couplings of
    two bodies that belong to none of these.
    """

    named: Mapping[str, LatticeCoupling]
    other_pairs: float


def unit_of(lattice: Lattice, spin: Spin) -> int:
    """The number of the visible unit on a site: cells as written row-major, the letters of a cell
    together.
    """
    site, written = site_as_written(Site(spin.cell, spin.letter), lattice), as_written(lattice)
    return flatten(site.cell, written.cells) * len(written.basis) + site.letter


def lattice_couplings(
    machine: Machine, lattice: Lattice, operators: Sequence[Operator], found: Couplings
) -> LatticeCouplings:
    """The couplings of the visible side of a machine on a lattice.

    `found` are its couplings of one and two bodies; those of more are computed here. What lies
    across an antiperiodic boundary has the other sign, as it has in a Hamiltonian.
    """
    named, claimed = {}, np.zeros(found.pairs.shape, dtype=bool)
    for operator in operators:
        units, signs = _places(lattice, operator)
        if not len(units):
            continue
        if units.shape[1] == 2:
            claimed[units[:, 0], units[:, 1]] = claimed[units[:, 1], units[:, 0]] = True
        values = signs * _values(machine, found, units)
        named[operator.name] = LatticeCoupling(
            mean=float(values.mean()), deviation=float(values.std()), places=len(values)
        )
    others = found.pairs[np.triu(~claimed, 1)]
    rest = float(np.sqrt(np.mean(others**2))) if len(others) else 0.0
    return LatticeCouplings(named=named, other_pairs=rest)


def _values(machine: Machine, found: Couplings, units: NDArray[np.int64]) -> Floats:
    bodies = units.shape[1]
    if bodies == 1:
        return found.fields[units[:, 0]]
    if bodies == 2:
        return found.pairs[units[:, 0], units[:, 1]]
    return coupling_of(machine, units.tolist())


def _places(lattice: Lattice, operator: Operator) -> tuple[NDArray[np.int64], Floats]:
    """The distinct sets of units that the products of an operator are, and the sign of each."""
    places = dict(_sets(lattice, operator))
    units = np.array(list(places), dtype=np.int64).reshape(len(places), -1)
    return units, np.array(list(places.values()))


def _sets(lattice: Lattice, operator: Operator) -> Iterator[tuple[tuple[int, ...], float]]:
    for spins in operator.products:
        for homes in standing(lattice, spins):
            units = tuple(sorted(unit_of(lattice, spin) for spin, _ in homes))
            if len(set(units)) == operator.bodies:
                yield units, (-1.0) ** sum(flipped for _, flipped in homes)
