"""From the `measure` section to quantities."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.errors import Problem, SpecError, suggest
from rgc.flows.built_in import NAMED
from rgc.flows.quantities import Quantity
from rgc.flows.sampler import Model
from rgc.model.spec import Spec


def quantities(spec: Spec, model: Model, default: Sequence[str]) -> tuple[Quantity, ...]:
    """What the spec asks to measure, else the quantities named in `default`. Measures of a finished scan are not among them."""
    asked = [measure for measure in spec.measures if not measure.of_scan]
    if not asked:
        return tuple(NAMED[name](model) for name in default)
    found = []
    for measure in asked:
        if measure.name not in NAMED:
            hint = suggest(measure.name, NAMED)
            raise SpecError([Problem("unknown-measure", f"no measure is called '{measure.name}'", hint=hint)])
        found.append(NAMED[measure.name](model))
    return tuple(found)
