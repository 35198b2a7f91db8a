"""What a p asks of a spec that makes the bound at a critical fixed point stationary."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.lattice import Lattice
from rgc.passes.lee_yang import excluded_transition
from rgc.schemes.scheme import Asked


def stationary(asked: Asked) -> Iterator[Problem]:
    """Report p=free with find=fixed_point for couplings that are never critical."""
    spec = asked.spec
    sought = "find" in asked.options and any(block.free for block in spec.blocks)
    if not sought or spec.hamiltonian is None or not isinstance(spec.lattice, Lattice):
        return
    why = excluded_transition(spec.hamiltonian, spec.lattice, spec.species)
    if why:
        message = f"with find, p=free belongs to the critical fixed point, and {why}"
        hint = "give p a number, or take the field away"
        yield Problem("not-possible", message, asked.place("find"), hint=hint)
