"""Tensor renormalisation by higher-order singular values."""

from __future__ import annotations

from rgc.schemes import checks, options
from rgc.schemes.answers import DISCRETE, MODEL, TENSORS
from rgc.schemes.costs import tensors
from rgc.schemes.needs import lattice, square_bonds
from rgc.schemes.scheme import Ready, Scheme

SCHEME = Scheme(
    name="hotrg",
    doc="tensor renormalisation by higher-order singular values",
    fields=options.TENSORS,
    positional=("chi",),
    lattice=lattice.ANY,
    needs=MODEL,
    alphabets=DISCRETE,
    limits=(square_bonds.square_bonds, square_bonds.steps_of_the_infinite_lattice),
    answers=TENSORS,
    ready=Ready(
        maker="rgc.flows.tensors.hotrg:make_hotrg",
        kind="arrays",
        cost=tensors.hotrg,
        checks=checks.ARRAYS,
        alphabets=DISCRETE,
        measures=("free_energy", "log_z"),
    ),
)
