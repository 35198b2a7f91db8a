"""Small systems solved by force: energies straight from the terms, and transition matrices from
rules interpreted with probabilities (`rgc.verification.chances`).

Nothing here uses the passes or the lowering that it checks. A configuration is a number; bit n says
whether spin n is -1, spins in the order (species, cell row-major, letter).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import prod
from typing import Any

import numpy as np

from rgc.backend import Arguments
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species
from rgc.program.lattice import Program, Rule
from rgc.verification.chances import stored
from rgc.verification.schedule import sites


@dataclass(frozen=True)
class System:
    lattice: Lattice
    species: tuple[Species, ...]
    hamiltonian: Hamiltonian

    @property
    def spins(self) -> int:
        return self.lattice.sites * len(self.species)


def terms(*written: tuple[str, float, Sequence[Sequence[Spin]]]) -> Hamiltonian:
    """H = - sum_t coupling_t * sum of products."""
    return Hamiltonian(
        tuple(
            Term(name, value, -1, tuple((1.0, tuple(p)) for p in products))
            for name, value, products in written
        )
    )


def number(cells: Cell, letters: int, species: int, cell: Sequence[int], letter: int) -> int:
    flat = 0
    for x, size in zip(cell, cells, strict=True):
        flat = flat * size + x % size
    return (species * prod(cells) + flat) * letters + letter


def minus(system: System) -> np.ndarray[Any, Any]:
    """bool[spin, configuration]: which spins are -1."""
    states = np.arange(1 << system.spins)
    return (states >> np.arange(system.spins)[:, None] & 1).astype(bool)


def energies(system: System, down: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, Any]:
    """H of the configurations bool[spin, configuration], by default of all of them, term by term
    and cell by cell; binary spins are v = (1 + s)/2.
    """
    lattice = system.lattice
    down = minus(system) if down is None else down
    total = np.zeros(down.shape[1])
    for term in system.hamiltonian.terms:
        for weight, product in term.products:
            for at in cartesian(*map(range, lattice.cells)):
                places = [
                    tuple(x + y for x, y in zip(at, spin.cell, strict=True)) for spin in product
                ]
                if any(_outside(place, lattice) for place in places):
                    continue
                value = np.ones_like(total)
                for spin, place in zip(product, places, strict=True):
                    s = (
                        1
                        - 2.0
                        * down[
                            number(
                                lattice.cells, len(lattice.basis), spin.species, place, spin.letter
                            )
                        ]
                    )
                    value *= (1 + s) / 2 if system.species[spin.species].alphabet == "binary" else s
                total += term.sign * term.coupling * weight * value
    return total


def _outside(place: Sequence[int], lattice: Lattice) -> bool:
    axes = zip(place, lattice.cells, lattice.boundary, strict=True)
    return any(edge == "open" and not 0 <= x < size for x, size, edge in axes)


def boltzmann(system: System) -> np.ndarray[Any, Any]:
    weights = np.exp(-energies(system))
    return np.asarray(weights / weights.sum())


def site_updates(program: Program, arguments: Arguments) -> Iterator[np.ndarray[Any, Any]]:
    """The transition matrix P[from, to] of the rule at each site, in the order of a sweep."""
    spins = program.sites * len(program.fields)
    states = np.arange(1 << spins)
    down = states >> np.arange(spins)[:, None] & 1 == 1
    for rule, _, cell in sites(program):
        spin, chance = flips(program, rule, cell, arguments, down)
        matrix = np.diag(1 - chance)
        matrix[states, states ^ (1 << spin)] += chance
        yield matrix


def flips(
    program: Program, rule: Rule, cell: Cell, arguments: Arguments, down: np.ndarray[Any, Any]
) -> tuple[int, np.ndarray[Any, Any]]:
    """The spin that a rule updates at a cell, and the chance that it turns it in each of the
    configurations bool[spin, configuration].
    """
    shape = (len(program.fields), 1, *program.shape, program.letters, down.shape[1])
    ((store, word),) = stored(program, rule, cell, arguments, list(down.reshape(shape)))
    spin = number(program.shape, program.letters, store.field, cell, rule.letter)
    return spin, np.where(down[spin], 1 - word.chance, word.chance)


def pairs(*offsets: Sequence[int]) -> list[Product]:
    """The two-spin products s_0 s_offset of a lattice with one letter."""
    return [(Spin((0,) * len(offset)), Spin(tuple(offset))) for offset in offsets]
