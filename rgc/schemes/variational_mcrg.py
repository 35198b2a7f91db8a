"""The variational Monte Carlo renormalisation group of Wu and Car."""

from __future__ import annotations

from collections.abc import Mapping

from rgc.language.signatures import Field
from rgc.language.values import Value
from rgc.model.spec import Spec
from rgc.schemes import checks, options
from rgc.schemes.answers import DISCRETE, EVERY_RULE, MODEL, RG
from rgc.schemes.costs import sampling
from rgc.schemes.needs import bias, blocks, lattice, operators, samples, steps
from rgc.schemes.scheme import Ready, Scheme

TARGET = Field(
    "target",
    "number",
    "part of the Hamiltonian of a level that its bias leaves in place for exponents",
    0.8,
    least=0,
)
ITERATIONS = Field(
    "iterations", "integer", "largest number of Newton batches at a level", 8, least=1, most=64
)


TEMPLATE = """\
title "Couplings of block spins, from a bias that makes them uniform"

parameters {
  K = log(1 + sqrt(2))/2  # Onsager's critical coupling
}

lattice square(16)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block kadanoff(2, p=0.766)
flow variational_mcrg(steps=1, sweeps=2000, thermalise=600, basis=operators(range=1.5, bodies=4))

expect {
  K[level=1] = 0.33 within 0.01
  k2_11[level=1] = 0.084 within 0.01
}
"""


def derived(spec: Spec, options: Mapping[str, Value]) -> Mapping[str, Value]:
    """The defaults of `thermalise` and `steps`."""
    return {**samples.thermalise(spec, options), **bias.steps(spec, options)}


SCHEME = Scheme(
    name="variational_mcrg",
    doc="variational Monte Carlo renormalisation group of Wu and Car",
    fields=(options.STEPS, *options.SAMPLING, options.BASIS, TARGET, ITERATIONS),
    lattice=lattice.FINITE_CELLS,
    needs=(*MODEL, "block"),
    uses=("data", "stack"),
    rules=EVERY_RULE,
    alphabets=DISCRETE,
    limits=(
        *samples.SAMPLED,
        samples.terms_that_fit,
        blocks.keep_the_alphabet,
        blocks.inside_edges,
        blocks.drawn,
        steps.possible_steps,
        bias.periodic,
        bias.small_crystal,
        bias.heat_bath,
        bias.something_left,
        operators.basis,
    ),
    derived=derived,
    answers=(
        *RG,
        "critical",
        "unexplained",
        "constant",
        "tau_uniform",
        "tau_target",
        "tau_unbiased",
        "operators",
    ),
    ready=Ready(
        maker="rgc.flows.variational.variational_mcrg:make_variational_mcrg",
        kind="programs",
        cost=sampling.variational_mcrg,
        checks=checks.BIASED,
        alphabets=("ising",),
        rules=("majority", "any", "kadanoff", "decimate", "kernel"),
    ),
    template=TEMPLATE,
)
