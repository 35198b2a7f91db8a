"""The family of dense programs: one update of a machine whose layers see each other as wholes.

Restricted Boltzmann machines are trained, sampled and weighed by them, in integers: equal bits on
every backend, in any pieces.
"""

from rgc.program.dense.nodes import (
    Affine,
    Apply,
    Change,
    Energy,
    Exchange,
    Node,
    Pairs,
    Put,
    Read,
    Scale,
    Take,
    Tally,
    Term,
    Total,
    Unit,
    Units,
    Value,
)
from rgc.program.dense.program import Dense, Field, Parameter

__all__ = [
    "Affine",
    "Apply",
    "Change",
    "Dense",
    "Energy",
    "Exchange",
    "Field",
    "Node",
    "Pairs",
    "Parameter",
    "Put",
    "Read",
    "Scale",
    "Take",
    "Tally",
    "Term",
    "Total",
    "Unit",
    "Units",
    "Value",
]
