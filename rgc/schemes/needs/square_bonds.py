"""A Hamiltonian that tensors of the sites of a square lattice hold, and the steps that halve this
lattice.
"""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, SpecError
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.passes.square_bonds import find_bonds
from rgc.schemes.scheme import Asked
from rgc.text import Span


def square_bonds(asked: Asked) -> Iterator[Problem]:
    """Report what no tensor of one site of a square lattice holds."""
    if asked.read("hamiltonian", "lattice", "spins"):
        yield from obstacles(asked.spec, asked.section("lattice"))


def obstacles(spec: Spec, place: Span | None) -> Iterator[Problem]:
    """The same of a spec whose lattice stands at `place`."""
    if (
        spec.lattice is None
        or spec.hamiltonian is None
        or any(each.states is None for each in spec.species)
    ):
        return
    try:
        find_bonds(spec.lattice, spec.species, spec.hamiltonian, place=place)
    except SpecError as error:
        yield from error.problems


def steps_of_the_infinite_lattice(asked: Asked) -> Iterator[Problem]:
    """Warn of a number of steps on a torus, whose size says how many there are."""
    lattice = asked.spec.lattice
    if "steps" in asked.places and isinstance(lattice, Lattice) and lattice.finite:
        message = "on a torus the size says how many steps there are"
        hint = "leave `steps` out, or the size of the lattice"
        yield Problem("unused-option", message, asked.place("steps"), hint=hint, severity="warning")
