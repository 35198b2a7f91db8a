"""Couplings that differ from place to place belong to the sites by which they are indexed."""

from __future__ import annotations

from collections.abc import Iterable

from rgc.ast_to_model.expressions.keys import Key
from rgc.ast_to_model.scope import problem
from rgc.model.lattice import Site
from rgc.model.operators import Spin


def check_places(key: Key, supports: Iterable[Iterable[Spin]]) -> None:
    """Raise `SpecError` where a coupling of some sites multiplies spins of others, or none:
    the number that it has is found by the sites of the spins.
    """
    if key.sites is None:
        return
    if any({Site(spin.cell, spin.letter) for spin in spins} != key.sites for spins in supports):
        message = (
            f"'{key.field}' is a number for the sites in its brackets, and multiplies here a "
            "product of spins that are not one of each"
        )
        hint = "let each product have one spin at every site in the brackets, and no other"
        raise problem("other-places", message, key.span, hint=hint)
