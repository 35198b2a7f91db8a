"""How many operators a basis looks through."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as cartesian
from math import ceil, comb

from rgc.errors import Problem
from rgc.language.values import OperatorBasis
from rgc.model.lattice import Lattice, Site
from rgc.schemes.scheme import Asked

OPERATOR_LIMIT = 1_000_000
"""The largest number of sets of spins that a basis of operators looks through."""


def basis(asked: Asked) -> Iterator[Problem]:
    """Report a basis that looks through more than `OPERATOR_LIMIT` sets of spins."""
    chosen, lattice = asked.options.get("basis"), asked.spec.lattice
    if not isinstance(chosen, OperatorBasis) or not isinstance(lattice, Lattice):
        return
    sets = _sets(chosen, lattice) if asked.read("lattice", "spins") else 0
    if sets > OPERATOR_LIMIT:
        message = (
            f"a basis of range {chosen.range:g} and {chosen.bodies} bodies looks "
            f"through {sets} sets of spins; the limit is {OPERATOR_LIMIT}"
        )
        hint = "take a smaller range or fewer bodies"
        yield Problem("too-many-operators", message, asked.place("basis"), hint=hint)


def _sets(chosen: OperatorBasis, lattice: Lattice) -> int:
    reach = range(-ceil(chosen.range) * 2, ceil(chosen.range) * 2 + 1)
    origin = Site((0,) * lattice.dimension)
    cells = cartesian(reach, repeat=lattice.dimension)
    around = (Site(cell, letter) for cell in cells for letter in range(len(lattice.basis)))
    near = sum(lattice.distance(origin, site) <= chosen.range + 1e-9 for site in around) - 1
    return sum(comb(near, bodies - 1) for bodies in range(1, chosen.bodies + 1))
