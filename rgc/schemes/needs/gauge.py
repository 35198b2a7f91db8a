"""dF of an RBM is minus the logarithm of the mean of tau, which its constant shifts at will.

A constant that is fixed leaves dF = ln Z - ln Z_machine, whose gradient is the average of v h over
the machine alone: nothing of the data or of H enters it but dF itself, and dF is 0 on a whole
surface of machines, of any KL.
"""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.block_maps import BLOCKS
from rgc.schemes.scheme import Asked


def anchored(asked: Asked) -> Iterator[Problem]:
    """Report dF as a functional to minimise."""
    if asked.options.get("minimise") == "dF":
        message = (
            "dF of an RBM can be shifted at will by its constant, and with a fixed one it is 0 for "
            "machines of any kl: it chooses none"
        )
        hint = "minimise kl, which trainers do, or leave minimise out: dF is reported anyhow"
        yield Problem("gauge-without-anchor", message, asked.place("minimise"), hint=hint)


def anchored_where_learned(asked: Asked) -> Iterator[Problem]:
    """Report the same where a block map is learned."""
    if any(BLOCKS[block.name].field("stack") for block in asked.spec.blocks):
        yield from anchored(asked)
