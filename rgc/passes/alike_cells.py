"""Energies that repeat only after several cells, where a method needs all cells alike."""

from __future__ import annotations

from rgc.errors import Problem
from rgc.model.lattice import Geometry, Lattice
from rgc.text import Span


def differing_cells(what: str, lattice: Geometry | None, place: Span | None) -> Problem | None:
    """What is wrong with a lattice whose coefficients depend on the sublattice, or None. `what` is
    the method that asks.
    """
    if not isinstance(lattice, Lattice) or lattice.supercell is None:
        return None
    cells = " x ".join(map(str, lattice.supercell.multiple))
    message = (
        f"{what} takes cells that are all alike, and coefficients of this Hamiltonian repeat only "
        f"after {cells} of them"
    )
    hint = (
        "sample, mcrg, enumerate and transfer take them; where a sign alternates, turn the spins "
        "of one sublattice over by hand: a staggered field is a uniform one with -K"
    )
    return Problem("wrong-lattice", message, place, hint=hint)
