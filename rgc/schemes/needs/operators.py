"""How many operators a basis looks through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb

from rgc.errors import Problem
from rgc.language.values import OperatorBasis
from rgc.model.lattice import Lattice, Vector
from rgc.model.shells import TooFar, cells_near
from rgc.model.spins import Species
from rgc.schemes.scheme import Asked

OPERATOR_LIMIT = 1_000_000
"""The largest number of sets of spins, or of functions of their states, that a basis of operators
looks through.
"""


def basis(asked: Asked) -> Iterator[Problem]:
    """Report a basis that looks through more than `OPERATOR_LIMIT` functions of spins."""
    chosen, lattice = asked.options.get("basis"), asked.spec.lattice
    species = asked.spec.species
    if not isinstance(chosen, OperatorBasis) or not isinstance(lattice, Lattice) or not species:
        return
    counts = by_bodies(chosen, lattice, species) if asked.read("lattice", "spins") else ()
    if counts is None or sum(counts) > OPERATOR_LIMIT:
        shown = f"more than {OPERATOR_LIMIT}" if counts is None else sum(counts)
        what = "sets" if all(spin.two_states for spin in species) else "functions"
        message = (
            f"a basis of range {chosen.range:g} and {chosen.bodies} bodies looks "
            f"through {shown} {what} of spins; the limit is {OPERATOR_LIMIT}"
        )
        hint = "take a smaller range or fewer bodies"
        yield Problem("too-many-operators", message, asked.place("basis"), hint=hint)


def by_bodies(
    chosen: OperatorBasis, lattice: Lattice, species: Sequence[Species]
) -> tuple[int, ...] | None:
    """The number of functions of 1, 2, ... spins that a basis looks through, one for each set of
    sites where spins have two states, or None where there are too many to count.
    """
    if chosen.bodies == 1:
        return (1,)
    try:
        near = sum(_count(chosen.range + 1e-9, lattice, end) for end in lattice.basis) - 1
    except TooFar:
        return None
    return tuple(
        comb(near, bodies - 1) * max(_functions(spin, bodies) for spin in species)
        for bodies in range(1, chosen.bodies + 1)
    )


def _functions(spin: Species, bodies: int) -> int:
    """The products of powers of all of some spins, or for spins that are names the ways to part
    them into sets, of which those of several spins are alike and one may be marked.
    """
    if spin.kind.vectors is None:
        powers: int = ((spin.states or 2) - 1) ** bodies
        return powers
    parted = [1]
    for n in range(bodies):
        parted.append(sum(comb(n, k) * parted[k] for k in range(n + 1)))
    return parted[-1]


def _count(reach: float, lattice: Lattice, end: Vector) -> int:
    """The number of cells whose site at `end` is within reach of the first site."""
    offset = tuple(y - x for x, y in zip(lattice.basis[0], end, strict=True))
    return sum(1 for _ in cells_near(lattice.vectors, offset, reach))
