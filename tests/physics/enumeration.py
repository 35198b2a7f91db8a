"""Exact averages of small lattices by summing over every state: an evaluator of its own, from
products of spins to numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as cartesian

import numpy as np

from rgc.model.lattice import Lattice
from rgc.model.spec import Spec


@dataclass(frozen=True, slots=True)
class Exact:
    """Averages per site: `energy` <H>/N, `m`, `abs_m`, `specific_heat` N var(H/N),
    `susceptibility`, `binder`, and ln Z.
    """

    energy: float
    m: float
    abs_m: float
    specific_heat: float
    susceptibility: float
    binder: float
    log_z: float


def states(sites: int) -> np.ndarray:
    """Every configuration of `sites` spins, int8[2^sites, sites] of -1 and +1."""
    numbers = np.arange(2**sites, dtype=np.uint32)
    return (1 - 2 * ((numbers[:, None] >> np.arange(sites, dtype=np.uint32)) & 1)).astype(np.int8)


def energies(spec: Spec) -> np.ndarray:
    """H of every configuration; a term over an open edge is left out, a term on a torus counts with
    its multiplicity.
    """
    lattice = spec.lattice
    assert isinstance(lattice, Lattice)
    assert spec.hamiltonian is not None
    spins = states(lattice.sites)
    total = np.zeros(len(spins))
    for term in spec.hamiltonian.terms:
        for weight, product in term.products:
            for cell in cartesian(*map(range, lattice.cells)):
                numbers = [_number(spin.cell, spin.letter, cell, lattice) for spin in product]
                if None not in numbers:
                    total += (
                        term.sign
                        * term.coupling
                        * weight
                        * np.prod([spins[:, n] for n in numbers], axis=0)
                    )
    return total


def _number(
    offset: tuple[int, ...], letter: int, cell: tuple[int, ...], lattice: Lattice
) -> int | None:
    number = 0
    for x, by, size, edge in zip(cell, offset, lattice.cells, lattice.boundary, strict=True):
        place = x + by
        if edge == "open" and not 0 <= place < size:
            return None
        number = number * size + place % size
    return number * len(lattice.basis) + letter


def enumerate_exactly(spec: Spec) -> Exact:
    h = energies(spec)
    lattice = spec.lattice
    assert isinstance(lattice, Lattice)
    n = lattice.sites
    weight = np.exp(-(h - h.min()))
    log_z = float(np.log(weight.sum()) - h.min())
    weight /= weight.sum()
    m = states(n).mean(axis=1)
    e = h / n
    mean_e, m2, m4, abs_m = (float(weight @ x) for x in (e, m**2, m**4, abs(m)))
    return Exact(
        mean_e,
        float(weight @ m),
        abs_m,
        n * (float(weight @ e**2) - mean_e**2),
        n * (m2 - abs_m**2),
        1 - m4 / (3 * m2**2),
        log_z,
    )
