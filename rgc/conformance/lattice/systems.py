"""Random Hamiltonians on lattices of every kind, and their programs."""

from __future__ import annotations

from random import Random
from typing import Any

from rgc.backend import Arguments
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice
from rgc.model.lattices import cubic, honeycomb, kagome, square, triangular
from rgc.model.operators import Spin, product
from rgc.model.spins import Species
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.merge_terms import merge_terms
from rgc.program.lattice import Program

LATTICES = [
    square(4),
    square(3, 5),
    square(4, 5, boundary=["open", "periodic"]),
    square(3, boundary="open"),
    cubic(3),
    triangular(6, 3),
    honeycomb(3),
    kagome(3),
]
KINDS: list[tuple[Any, Any]] = [
    ("joint", "metropolis"),
    ("joint", "heat_bath"),
    ("factorised", "metropolis"),
    ("weigh", "lazy"),
    (None, "lazy"),
]
"""Forms of acceptance and updates."""

SPECIES = [(Species("s"),), (Species("v", "binary"),), (Species("s"), Species("v", "binary"))]


def random_hamiltonian(
    lattice: Lattice, species: tuple[Species, ...], random: Random
) -> Hamiltonian:
    """One to three terms of one or two products of one to four spins, at offsets 0 and 1 along
    every axis."""

    def spin() -> Spin:
        cell = tuple(random.randint(0, 1) for _ in range(lattice.dimension))
        return Spin(cell, random.randrange(len(lattice.basis)), random.randrange(len(species)))

    written = []
    for number in range(random.randint(1, 3)):
        products = {
            product({spin() for _ in range(random.randint(1, 4))})
            for _ in range(random.randint(1, 2))
        }
        coupling = random.uniform(-0.6, 0.6)
        written.append(
            Term(f"K{number}", coupling, -1, tuple((1.0, each) for each in sorted(products)))
        )
    return Hamiltonian(tuple(written))


def lowered_update(
    lattice: Lattice, species: tuple[Species, ...], form: Any, kind: Any, random: Random, words: int
) -> tuple[Program, Arguments]:
    """The update of a random Hamiltonian, in a form of acceptance or (None) the one that is chosen.
    Heat bath that is not on offer becomes Metropolis."""
    hamiltonian = random_hamiltonian(lattice, species, random)
    merged = merge_terms(hamiltonian, lattice, species)
    steps = colour_sites(merged.groups, lattice, len(species))
    try:
        update = hamiltonian_to_update(lattice, species, merged.groups, steps, kind=kind, form=form)
    except ValueError:
        update = hamiltonian_to_update(lattice, species, merged.groups, steps)
    return update.program, update.arguments([merged.coefficients(hamiltonian)], words)
