"""The Migdal-Kadanoff scheme: bonds are moved until only chains are left, which are decimated."""

from __future__ import annotations

from rgc.language.signatures import Field
from rgc.schemes import checks, options
from rgc.schemes.answers import DISCRETE, FIXED_POINT, MODEL
from rgc.schemes.costs import coupling_maps
from rgc.schemes.needs import bonds, couplings, lattice
from rgc.schemes.scheme import Ready, Scheme

B = Field("b", "number", "ratio of lattice constants; 1 is the limit b -> 1", 2, least=1, most=1000)
ORDER = Field(
    "order",
    "word",
    "what comes first: all bonds are moved, or all decimated, or the axes taken in turn",
    "move",
    choices=("move", "decimate", "axes"),
)

TEMPLATE = """\
title "2D Ising model: moved bonds"
parameters { K = 0.4, h = 0 }
lattice square
spins s: ising

hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]

flow migdal_kadanoff(b=2, find=fixed_point, steps=5)
expect { y_t = 0.7472 within 0.0001 from "Kadanoff 1976" }
"""

SCHEME = Scheme(
    name="migdal_kadanoff",
    doc="bond moving and decimation, any q x q bond weight",
    fields=(B, ORDER, *options.EXACT_MAP),
    lattice=lattice.INFINITE,
    needs=MODEL,
    alphabets=DISCRETE,
    limits=(*couplings.NAMED, bonds.equal_bonds),
    answers=FIXED_POINT,
    bound="lower bound",
    ready=Ready(
        maker="rgc.flows.couplings.migdal_kadanoff:make_migdal_kadanoff",
        kind="arrays",
        cost=coupling_maps.bonds,
        checks=checks.ARRAYS,
        alphabets=DISCRETE,
    ),
    template=TEMPLATE,
)
