"""The cumulant expansion around independent cells."""

from __future__ import annotations

from rgc.language.signatures import Field
from rgc.model.block_maps import BLOCKS, LAWFUL
from rgc.schemes import checks, options
from rgc.schemes.answers import DISCRETE, FIXED_POINT, MODEL
from rgc.schemes.costs import coupling_maps
from rgc.schemes.needs import cells, couplings, lattice
from rgc.schemes.scheme import Ready, Scheme

ORDER = Field("order", "integer", "order of the expansion", 1, choices=(1, 2))

FIRST_ORDER = Field(
    "first_order",
    "names",
    "couplings of first order; default those that shorter, even ones do not generate",
)

RULES = tuple(name for name in LAWFUL if BLOCKS[name].field("stack") is None)
"""The maps whose cells are apart: windows of a layer may overlap."""

TEMPLATE = """\
title "Triangular Ising model: cumulants to first order"
parameters { K = 0.3, h = 0 }
lattice triangular
spins s: ising

hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]

block majority(cell=triangle)
flow cumulant(order=1, find=fixed_point, steps=5)
expect { y_t = 0.8822 within 0.0001 from "Niemeijer and van Leeuwen 1973" }
"""

SCHEME = Scheme(
    name="cumulant",
    doc="cumulant expansion of Niemeijer and van Leeuwen",
    fields=(ORDER, FIRST_ORDER, *options.EXACT_MAP),
    lattice=lattice.INFINITE,
    needs=(*MODEL, "block"),
    rules=RULES,
    alphabets=DISCRETE,
    limits=(*couplings.NAMED, cells.one_map_of_cells, cells.independent_terms),
    answers=FIXED_POINT,
    ready=Ready(
        maker="rgc.flows.couplings.cumulant:make_cumulant",
        kind="arrays",
        cost=coupling_maps.cumulant,
        checks=checks.ARRAYS,
        alphabets=("ising",),
        rules=RULES,
    ),
    template=TEMPLATE,
)
