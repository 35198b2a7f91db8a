"""What couplings of levels from their block spins ask of a spec."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.lattice import Lattice
from rgc.schemes.scheme import Asked


def couplings(asked: Asked) -> Iterator[Problem]:
    """Report spins, edges and block maps for which Callen's equations are not written."""
    if "couplings" not in asked.options:
        return
    place, lattice = asked.place("couplings"), asked.spec.lattice
    if any(species.alphabet != "ising" for species in asked.spec.species):
        message = "Callen's equations are those of spins -1 and 1"
        yield Problem("not-yet", message, place, hint="leave couplings out, or use ising spins")
    elif len(asked.spec.species) > 1:
        message = "couplings of levels are found for one kind of spins"
        yield Problem("not-yet", message, place, hint="leave couplings out")
    if any(block.free for block in asked.spec.blocks):
        message = "p=free has several maps, and each has couplings of its own"
        yield Problem("wrong-block", message, place, hint="write p=1, or another number")
    if isinstance(lattice, Lattice) and {*lattice.boundary} != {"periodic"}:
        message = "near an edge the couplings of block spins differ from place to place"
        hint = "use boundary=periodic"
        yield Problem("wrong-lattice", message, asked.section("lattice"), hint=hint)


def histograms(asked: Asked) -> Iterator[Problem]:
    """Report spins and block maps whose histograms are not made."""
    if not asked.options.get("histograms"):
        return
    place = asked.place("histograms")
    if any(species.alphabet != "ising" for species in asked.spec.species):
        message = "histograms of levels are made of spins -1 and 1"
        yield Problem("not-yet", message, place, hint="leave histograms out, or use ising spins")
    if any(block.free for block in asked.spec.blocks):
        message = "p=free has several maps, and each has histograms of its own"
        yield Problem("wrong-block", message, place, hint="write p=1, or another number")
