"""Plain Monte Carlo."""

from __future__ import annotations

from rgc.schemes import checks, options, shares
from rgc.schemes.answers import AVERAGES, COPIES, DISCRETE, MODEL, SAMPLED, SPINS
from rgc.schemes.costs import sampling
from rgc.schemes.needs import disorder, lattice, samples, states
from rgc.schemes.scheme import Ready, Scheme

TEMPLATE = """\
title "Ising model on the square lattice"

parameters {
  K = 0.44  # J/kT: couplings are in units of kT
  h = 0
  L = 32
}

lattice square(L)  # periodic unless told otherwise
spins s: ising

hamiltonian  # the weight of a configuration is exp(-H)
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]

flow sample(sweeps=20000)
measure { energy, abs_m, susceptibility, specific_heat, binder }
"""

SCHEME = Scheme(
    name="sample",
    doc="plain Monte Carlo",
    fields=(*options.SAMPLING, *options.SAVED),
    lattice=lattice.FINITE,
    needs=MODEL,
    alphabets=SPINS,
    limits=(
        *samples.SAMPLED,
        samples.spins_apart,
        samples.saved,
        disorder.drawn_couplings,
        disorder.whole_lanes,
        disorder.numbers_at_sites,
        states.turned_spins,
    ),
    derived=samples.thermalise,
    answers=(*AVERAGES, "couplings", "correlation", *COPIES, "exchanges"),
    ready=Ready(
        maker="rgc.flows.sampling.tempering:make_sampling",
        kind="programs",
        cost=sampling.sample,
        shares=shares.of_replicas,
        checks=checks.PROGRAMS,
        alphabets=DISCRETE,
        measures=(*SAMPLED, *COPIES),
        lattices=("crystal", "complete", "graph"),
        disorder=True,
        antiperiodic=True,
        tempering=True,
    ),
    template=TEMPLATE,
)
