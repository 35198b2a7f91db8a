"""Swendsen's Monte Carlo renormalisation group."""

from __future__ import annotations

from collections.abc import Mapping

from rgc.language.values import Value
from rgc.model.block_maps import LAWFUL
from rgc.model.spec import Spec
from rgc.schemes import checks, options, shares
from rgc.schemes.answers import AVERAGES, DISCRETE, EVERY_RULE, MODEL, RG, SAMPLED, SPINS
from rgc.schemes.costs import sampling
from rgc.schemes.needs import blocks, critical, lattice, learned, levels, operators, samples, steps
from rgc.schemes.scheme import Ready, Scheme

TEMPLATE = """\
title "Ising model on the square lattice: critical exponents"

parameters {
  K = log(1 + sqrt(2))/2  # Onsager's critical coupling
}

lattice square(32)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(steps=3, sweeps=10000, basis=operators(range=2, bodies=4))

expect {
  y_t = 1 within 0.05 from "Onsager 1944"
  y_h = 15/8 within 0.05 from "Yang 1952"
}
"""


def derived(spec: Spec, options: Mapping[str, Value]) -> Mapping[str, Value]:
    """The defaults of `thermalise` and `steps`."""
    return {**samples.thermalise(spec, options), **steps.until_smallest(spec, options)}


SCHEME = Scheme(
    name="mcrg",
    doc="Swendsen's Monte Carlo renormalisation group",
    fields=(
        options.STEPS,
        *options.SAMPLING,
        *options.SAVED,
        options.BASIS,
        options.HISTOGRAMS,
        options.COUPLINGS,
        *options.CRITICAL,
    ),
    lattice=lattice.FINITE_CELLS,
    needs=(*MODEL, "block"),
    uses=("data", "stack"),
    rules=EVERY_RULE,
    alphabets=SPINS,
    limits=(
        *samples.SAMPLED,
        samples.terms_that_fit,
        samples.saved,
        blocks.keep_the_alphabet,
        blocks.inside_edges,
        blocks.drawn,
        blocks.one_for_all_steps,
        learned.maps,
        steps.possible_steps,
        operators.basis,
        critical.search,
        levels.couplings,
        levels.histograms,
    ),
    derived=derived,
    answers=(
        *RG,
        *AVERAGES,
        "constant",
        "correlation",
        "block.p",
        "critical_tangent",
        "critical",
        "operators",
        "m2",
        "exchanges",
    ),
    ready=Ready(
        maker="rgc.flows.sampling.critical_search:make_searching_mcrg",
        kind="programs",
        cost=sampling.mcrg,
        shares=shares.of_one_point,
        checks=checks.PROGRAMS,
        alphabets=DISCRETE,
        rules=LAWFUL,
        free=True,
        measures=SAMPLED,
        tempering=True,
        small={"steps": "1", "basis": "operators(range=1, bodies=2)"},
    ),
    template=TEMPLATE,
)
