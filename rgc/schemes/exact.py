"""Decimation on lattices where the sum over the decimated spins closes."""

from __future__ import annotations

from rgc.schemes import checks, options
from rgc.schemes.answers import DISCRETE, FIXED_POINT, MODEL
from rgc.schemes.costs import coupling_maps
from rgc.schemes.needs import bonds, couplings, lattice
from rgc.schemes.scheme import Ready, Scheme

TEMPLATE = """\
title "Ising chain: of every two spins one stays"
parameters { K = 1 }
lattice chain
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block decimate(2)
flow exact(steps=5)
expect { K[level=1] = log(cosh(2*K))/2 within 1e-12 from "Nelson and Fisher 1975" }
"""

SCHEME = Scheme(
    name="exact",
    doc="decimation where the sum closes: chain and diamond lattices",
    fields=options.EXACT_MAP,
    lattice=lattice.CHAIN_OR_DIAMOND,
    needs=(*MODEL, "block"),
    rules=("decimate",),
    alphabets=DISCRETE,
    limits=(*couplings.NAMED, bonds.equal_bonds),
    answers=FIXED_POINT,
    ready=Ready(
        maker="rgc.flows.couplings.exact:make_exact",
        kind="arrays",
        cost=coupling_maps.bonds,
        checks=checks.ARRAYS,
        alphabets=DISCRETE,
        rules=("decimate",),
        lattices=("crystal", "diamond"),
    ),
    examples={"block": "decimate(2)"},
    template=TEMPLATE,
)
