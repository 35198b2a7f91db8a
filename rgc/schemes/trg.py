"""Tensor renormalisation by singular values."""

from __future__ import annotations

from rgc.schemes import checks, options
from rgc.schemes.answers import DISCRETE, MODEL, TENSORS
from rgc.schemes.costs import tensors
from rgc.schemes.needs import lattice, square_bonds
from rgc.schemes.scheme import Ready, Scheme

TEMPLATE = """\
title "2D Ising model: tensor renormalisation by singular values"

parameters {
  K = log(1 + sqrt(2))/2  # Onsager's critical coupling
}

lattice square
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow trg(chi=8)
expect { free_energy = -0.929695 within 0.0001 from "Onsager 1944" }
"""

SCHEME = Scheme(
    name="trg",
    doc="tensor renormalisation by singular values",
    fields=options.TENSORS,
    positional=("chi",),
    lattice=lattice.ANY,
    needs=MODEL,
    alphabets=DISCRETE,
    limits=(square_bonds.square_bonds, square_bonds.steps_of_the_infinite_lattice),
    answers=TENSORS,
    ready=Ready(
        maker="rgc.flows.tensors.trg:make_trg",
        kind="arrays",
        cost=tensors.trg,
        checks=checks.ARRAYS,
        alphabets=DISCRETE,
        measures=("free_energy", "log_z"),
    ),
    template=TEMPLATE,
)
