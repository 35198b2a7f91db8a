"""Capabilities that a lattice program may need of a backend. Everything else every backend of the
family has."""

from __future__ import annotations

from rgc.model.sites import Listed
from rgc.program.lattice.nodes import Couple, Load, Weigh
from rgc.program.lattice.program import Program

CAPABILITIES = {
    "lanes": "sums of weights and what is drawn by them (`Weigh`, `Couple`, `Accept`, `Logistic`)",
    "philox": "the generator philox4x32-10",
    "planes": "thresholds of 64 planes",
    "lists": "sets of cells that are listed: odd sizes, irregular sets",
    "letters": "several sites in a cell",
    "strides": "loads with a stride: block maps",
    "closures": "rules that are repeated until nothing changes: cluster updates",
    "axes": "tallies along axes",
    "replicas": "thresholds that differ between replicas",
}
"""What a backend may say it lacks, and what that is. The last is a need of arguments, not of a
program."""


def needs(program: Program) -> frozenset[str]:
    """The capabilities that a program needs."""
    nodes = [node for rule in program.rules for node in rule.nodes]
    found = {
        "lanes": any(isinstance(node, Weigh | Couple) for node in nodes),
        "philox": program.generator == "philox",
        "planes": program.planes == 64,
        "lists": any(isinstance(stage.cells, Listed) for stage in program.schedule),
        "letters": program.letters > 1 or any(field.letters > 1 for field in program.fields),
        "strides": any(isinstance(node, Load) and node.stride is not None for node in nodes),
        "closures": any(stage.until for stage in program.schedule),
        "axes": any(array.axes for array in program.tallies),
    }
    return frozenset(name for name, needed in found.items() if needed)
