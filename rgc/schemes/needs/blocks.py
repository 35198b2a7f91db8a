"""Which block maps a scheme takes."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, listing
from rgc.language.blocks import BLOCKS
from rgc.schemes.scheme import Asked


def suit(asked: Asked) -> Iterator[Problem]:
    """Report block maps that the scheme does not take."""
    allowed = asked.scheme.rules
    for rule, span in asked.maps if allowed else ():
        if rule in BLOCKS and rule not in allowed:
            message = f"'{asked.scheme.name}' has no use for the block map '{rule}'"
            yield Problem("wrong-block", message, span, hint=f"it takes {listing(allowed, 'or')}")


def keep_the_alphabet(asked: Asked) -> Iterator[Problem]:
    """Report averages of discrete spins, where operators of block spins and of fine ones are compared."""
    if not any(species.states is not None for species in asked.spec.species):
        return
    for rule, span in asked.maps:
        if rule == "average":
            message = "the average of discrete spins is no spin of the same kind, so block and fine operators cannot be compared"
            hint = "use majority, or gaussian spins"
            yield Problem("average-discrete", message, span, hint=hint)
