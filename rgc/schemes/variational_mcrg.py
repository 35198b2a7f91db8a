"""The variational Monte Carlo renormalisation group of Wu and Car."""

from __future__ import annotations

from collections.abc import Mapping

from rgc.language.values import Value
from rgc.model.spec import Spec
from rgc.schemes import options
from rgc.schemes.answers import AVERAGES, BLOCKED, DISCRETE, EVERY_RULE, FIXED_POINT, MODEL
from rgc.schemes.needs import blocks, couplings, lattice, operators, samples, steps
from rgc.schemes.scheme import Scheme


def derived(spec: Spec, options: Mapping[str, Value]) -> Mapping[str, Value]:
    """The defaults of `thermalise` and `steps`."""
    return {**samples.thermalise(spec, options), **steps.until_smallest(spec, options)}


SCHEME = Scheme(
    name="variational_mcrg",
    doc="variational Monte Carlo renormalisation group of Wu and Car",
    fields=(options.STEPS, *options.SAMPLING, options.BASIS, *options.MAP),
    lattice=lattice.FINITE_CELLS,
    needs=(*MODEL, "block"),
    uses=("data", "stack"),
    rules=EVERY_RULE,
    alphabets=DISCRETE,
    limits=(
        *samples.SAMPLED,
        *couplings.NAMED,
        blocks.keep_the_alphabet,
        steps.possible_steps,
        operators.basis,
    ),
    derived=derived,
    answers=(*FIXED_POINT, *AVERAGES, *BLOCKED),
)
