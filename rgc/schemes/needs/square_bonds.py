"""What tensor renormalisation on a square lattice asks of the Hamiltonian and of the steps."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from rgc.errors import Problem, SpecError
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.passes.square_bonds import find_bonds
from rgc.schemes.scheme import Asked
from rgc.text import Span

MOST_SITE_STATES = 64
"""The largest number of joint states of the spins of a site of which a tensor is made."""


def square_bonds(asked: Asked) -> Iterator[Problem]:
    """Report what a tensor for each site of a square lattice cannot hold."""
    if asked.read("hamiltonian", "lattice", "spins"):
        yield from obstacles(asked.spec, asked.section("lattice"))


def obstacles(spec: Spec, place: Span | None) -> Iterator[Problem]:
    """Report the same for a spec whose lattice stands at `place`."""
    if (
        spec.lattice is None
        or spec.hamiltonian is None
        or any(species.states is None for species in spec.species)
    ):
        return
    states = prod(species.states or 1 for species in spec.species)
    if states > MOST_SITE_STATES:
        message = f"a site has {states} states, and tensors are made of up to {MOST_SITE_STATES}"
        yield Problem("too-many-states", message, place)
        return
    try:
        find_bonds(spec.lattice, spec.species, spec.hamiltonian, place=place)
    except SpecError as error:
        yield from error.problems


def steps_of_the_infinite_lattice(asked: Asked) -> Iterator[Problem]:
    """Warn of an explicit number of steps on a torus, whose size already determines it."""
    lattice = asked.spec.lattice
    if "steps" in asked.places and isinstance(lattice, Lattice) and lattice.finite:
        message = "on a torus the size says how many steps there are"
        hint = "leave `steps` out, or the size of the lattice"
        yield Problem("unused-option", message, asked.place("steps"), hint=hint, severity="warning")
