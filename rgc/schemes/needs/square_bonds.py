"""What tensor renormalisation on a square lattice asks of the Hamiltonian and of the steps."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, SpecError
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.passes.square_bonds import find_bonds
from rgc.schemes.scheme import Asked
from rgc.text import Span


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
