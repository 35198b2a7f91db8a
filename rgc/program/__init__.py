"""Kernel programs: what the front end hands to a backend."""

from rgc.model.sites import Cells, Listed
from rgc.program.lattice.nodes import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Equals,
    Load,
    Node,
    Store,
    Tally,
    Value,
    Weigh,
)
from rgc.program.lattice.program import Field, Generator, Program, Rule, SiteSet, Stage, TallyArray

__all__ = [
    "Accept",
    "Bernoulli",
    "Bit",
    "Cells",
    "Count",
    "Equals",
    "Field",
    "Generator",
    "Listed",
    "Load",
    "Node",
    "Program",
    "Rule",
    "SiteSet",
    "Stage",
    "Store",
    "Tally",
    "TallyArray",
    "Value",
    "Weigh",
]
