"""Iteration of a map that the spec writes."""

from __future__ import annotations

from rgc.schemes import options
from rgc.schemes.needs import couplings, lattice
from rgc.schemes.scheme import Scheme

SCHEME = Scheme(
    name="iterate",
    doc="iteration of a map: fixed point, linearisation, spectrum",
    fields=(*options.EXACT_MAP, options.SEED),
    lattice=lattice.NO_LATTICE,
    needs=("map",),
    uses=("data",),
    limits=couplings.NAMED,
    answers=(
        "exponents",
        "eigenvalue",
        "fixed_point",
        "couplings",
        "F",
        "residual",
        "excess_over_pca",
    ),
)
