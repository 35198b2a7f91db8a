"""dF of an RBM is minus the logarithm of the mean of tau, which its constant shifts at will."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.block_maps import BLOCKS
from rgc.schemes.scheme import Asked


def anchored(asked: Asked) -> Iterator[Problem]:
    """Report dF as a functional to minimise where nothing fixes its constant."""
    if asked.options.get("minimise") == "dF" and "anchor" not in asked.places:
        message = (
            "dF of an RBM can be shifted at will by its constant: it says nothing until that is "
            "anchored"
        )
        hint = "minimise kl, or train with anchor=normalised"
        yield Problem("gauge-without-anchor", message, asked.place("minimise"), hint=hint)


def anchored_where_learned(asked: Asked) -> Iterator[Problem]:
    """Report the same where a block map is learned."""
    if any(BLOCKS[block.name].field("stack") for block in asked.spec.blocks):
        yield from anchored(asked)
