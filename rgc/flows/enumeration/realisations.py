"""Numbers of one realisation of random couplings, which are exact, and averages over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import mean_of_draws
from rgc.results.result import Estimate

Floats = NDArray[np.float64]

TOLD = 1.05
"""The factor of Student's t from which on it is told."""


def exact_number(value: float) -> Estimate:
    """A number without an error; null where it is not finite, or nothing but rounding."""
    if not np.isfinite(value):
        note = "not a finite number, or nothing but rounding"
        return Estimate(None, None, "exact", note=note)
    return Estimate(float(value) + 0.0, 0.0, "exact")  # + 0.0: no negative zero


def together(realisations: Sequence[Mapping[str, float]]) -> dict[str, Estimate]:
    """The numbers of one realisation, or the averages over several and their standard errors."""
    if len(realisations) == 1:
        return {name: exact_number(value) for name, value in realisations[0].items()}
    estimates = {}
    for name in realisations[0]:
        values = np.array([numbers.get(name, np.nan) for numbers in realisations])
        if np.isfinite(values).all():
            estimates[name] = over_draws(values)
        else:
            estimates[name] = Estimate(None, None, note="not a finite number in every realisation")
    return estimates


def over_draws(values: Floats, note: str = "") -> Estimate:
    """The average over realisations with its error, and a note where few make that larger."""
    mean = mean_of_draws(values)
    few = (
        f"{len(values)} realisations: the error is the standard error times {mean.widened:.2f}, by "
        f"Student's t"
    )
    said = "; ".join(part for part in (note, few if mean.widened > TOLD else "") if part)
    return Estimate(mean.value, mean.error, statistical=mean.error, note=said)
