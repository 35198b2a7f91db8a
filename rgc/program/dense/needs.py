"""Capabilities that a dense program may need of a backend. Everything else every backend of the
family has."""

from __future__ import annotations

from rgc.program.dense.nodes import Change, Exchange, Unit
from rgc.program.dense.program import Dense

CAPABILITIES = {
    "softmax": "units of more than two states",
    "means": "means of units in place of their states",
    "gaussian": "real units",
    "exchange": "chains that change places: tempering",
    "ties": "weights that are shared: convolutions",
}
"""What a backend may say it lacks, and what that is."""


def needs(program: Dense) -> frozenset[str]:
    """The capabilities that a program needs."""
    nodes = program.nodes
    layers = [field.units for field in program.fields]
    layers += [node.units for node in nodes if isinstance(node, Unit)]
    found = {
        "softmax": any(units.kind == "softmax" for units in layers),
        "means": any(isinstance(node, Unit) and node.draw is None for node in nodes)
        or any(field.means for field in program.fields),
        "gaussian": any(units.kind == "gaussian" for units in layers),
        "exchange": any(isinstance(node, Exchange) for node in nodes),
        "ties": any(isinstance(node, Change) and node.ties is not None for node in nodes),
    }
    return frozenset(name for name, needed in found.items() if needed)
