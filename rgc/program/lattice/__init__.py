"""The family of lattice programs: a rule for one site, and a schedule of conflict-free sets of
sites."""

from rgc.model.sites import Cells, Listed
from rgc.program.lattice.nodes import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Couple,
    Drawn,
    Equals,
    Load,
    Logistic,
    Node,
    Store,
    Tally,
    Value,
    Weigh,
)
from rgc.program.lattice.program import Field, Program, Rule, SiteSet, Stage, TallyArray

__all__ = [
    "Accept",
    "Bernoulli",
    "Bit",
    "Cells",
    "Count",
    "Couple",
    "Drawn",
    "Equals",
    "Field",
    "Listed",
    "Load",
    "Logistic",
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
