"""The stages of a variational Monte Carlo RG at one level, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from rgc.flows.sampling.plan import SweepPlan

RISE = 8
"""The steps in which all couplings of the spec are raised from 0."""

SHORTEST = 16
"""A batch on the way up has one part in so many of the records of the longest."""

DOUBLINGS = 3
"""Times that Newton batches double before they have all records."""

UNBIASED = 4
"""A batch that only measures what remains without a bias has one part in so many of the records."""

Kind = Literal["rise", "newton", "target", "unbiased"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Sweeps with one bias.

    - `rise`: the couplings are `scale` times those of the spec, and the batch says what bias
      follows where they are raised by 1/`RISE`.
    - `newton`: the couplings are those of the spec, and the batch corrects the bias of uniform
      block spins. The first that finds nothing but noise ends them, if it is `long`.
    - `target`: the part of the bias is in place with which exponents are measured.
    - `unbiased`: there is none.

    `first` is the number of sweeps before the stage, `plan` its own sweeps and records.
    """

    kind: Kind
    plan: SweepPlan
    first: int = 0
    scale: float = 1.0
    long: bool = False

    @property
    def end(self) -> int:
        return self.first + self.plan.sweeps


def stages(plan: SweepPlan, iterations: int, target: float) -> tuple[Stage, ...]:
    """The stages of a level, of which `plan` is the longest batch.

    Sweeps before the first record of a batch are in proportion to its records.
    """
    found, first = [], 0
    for stage in _stages(plan, iterations, target):
        found.append(replace(stage, first=first))
        first = found[-1].end
    return tuple(found)


def _stages(plan: SweepPlan, iterations: int, target: float) -> Iterator[Stage]:
    for k in range(RISE):
        yield Stage("rise", _shorter(plan, SHORTEST), scale=k / RISE)
    doublings = min(DOUBLINGS, iterations - 1)
    for k in range(iterations):
        left = max(0, doublings - k)
        yield Stage("newton", _shorter(plan, 2**left), long=not left)
    if target:
        yield Stage("target", plan)
    yield Stage("unbiased", _shorter(plan, UNBIASED))


def _shorter(plan: SweepPlan, parts: int) -> SweepPlan:
    """A part of the records, one at least, with the same part of the sweeps before them."""
    records = -(-plan.records // parts)
    return replace(plan, records=records, thermalise=-(-plan.thermalise // parts))
