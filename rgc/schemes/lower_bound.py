"""Kadanoff's variational renormalisation group, which moves potentials and bounds F from below."""

from __future__ import annotations

from rgc.language.signatures import Field
from rgc.schemes import checks, options
from rgc.schemes.answers import FIXED_POINT, MODEL, TWO_STATES
from rgc.schemes.costs import coupling_maps
from rgc.schemes.needs import cells, couplings, hypercube, lattice, stationary
from rgc.schemes.scheme import Ready, Scheme

SUBSPACE = Field(
    "subspace",
    "word",
    "couplings of a cell; symmetric keeps its pair couplings equal",
    "full",
    choices=("full", "symmetric"),
)

TEMPLATE = """\
title "2D Ising model: Kadanoff's variational renormalisation group"
parameters { K = 0.44, L = 0, Q = 0 }
lattice square
spins s: ising

hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - L * sum(<<i,j>>) s[i]*s[j]
  - Q * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]

block kadanoff(2, p=free)  # p where the bound at the fixed point is stationary
flow lower_bound(find=fixed_point)
expect { nu = 0.983 within 0.001 from "Kadanoff 1975" }
"""

SCHEME = Scheme(
    name="lower_bound",
    doc="Kadanoff's variational potential moving: a lower bound on F",
    fields=(SUBSPACE, *options.EXACT_MAP),
    lattice=lattice.INFINITE,
    needs=(*MODEL, "block"),
    rules=("kadanoff",),
    alphabets=TWO_STATES,
    limits=(
        *couplings.NAMED,
        hypercube.hypercube,
        hypercube.one_map,
        cells.independent_terms,
        stationary.stationary,
    ),
    answers=(*FIXED_POINT, "block.p", "block.slope"),
    bound="lower bound",
    ready=Ready(
        maker="rgc.flows.couplings.lower_bound:make_lower_bound",
        kind="arrays",
        cost=coupling_maps.lower_bound,
        checks=checks.ARRAYS,
        alphabets=TWO_STATES,
        rules=("kadanoff",),
        free=True,
    ),
    examples={"block": "kadanoff(2, p=free)"},
    template=TEMPLATE,
)
