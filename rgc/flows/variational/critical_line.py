"""The critical couplings on the line of the spec's, from the couplings of the levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.critical_factor import Step, critical_factor
from rgc.analysis.eigenvalues import linearised
from rgc.analysis.headline import ONE_CHANGE
from rgc.analysis.level_spectra import remaining
from rgc.analysis.statistics import GROUPS, jackknife
from rgc.analysis.systematic import Change, between, systematic
from rgc.flows.sampling.critical_point import times
from rgc.flows.sampling.sample import couplings
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.variational.measured import Measured
    from rgc.flows.variational.sums import LevelSums

    Floats = NDArray[np.float64]

RULE = (
    "one step of Newton's method to where the relevant scaling field vanishes, from the couplings "
    "of the last two levels that hold the range without wrapping; statistical error by jackknife "
    "over replicas; systematic error the largest that several changes say beyond their statistics: "
    "from the levels before, and what the step neglects, its square times the growth of the field"
)

TOO_FEW = "no two levels hold the range of the basis without wrapping: take a larger lattice"


def critical_couplings(measured: Measured) -> dict[str, Estimate]:
    """The critical couplings on the line of the spec's, of every coupling that is not 0 there."""
    own = {
        name: each.value
        for name, each in couplings(measured.model.hamiltonian).items()
        if each.value
    }
    found = _factor(measured)
    return {name: times(found, value) for name, value in own.items() if value}


def _factor(measured: Measured) -> Estimate:
    """What all couplings of the spec are to be multiplied by."""
    factors: list[Floats] = []
    reason, pushed, last, levels = TOO_FEW, 0.0, None, measured.found
    for k, sums in enumerate(levels):
        if sums.level.wrapped or sums.level.number != k + 1:
            break
        step = _step(measured, levels[k - 1] if k else None, sums)
        factor, reason = critical_factor(step)
        factors += [] if reason else [factor]
        last = sums.level
        growth = float(np.linalg.norm(step.rate_own[0]) / np.linalg.norm(step.own[0]))
        pushed = (float(factor[0]) - 1) ** 2 * growth
    if reason or last is None:
        return Estimate(None, None, note=reason)
    value, statistical = map(float, jackknife(factors[-1]))
    error = systematic(_changes(factors, last.scale, pushed))
    return Estimate(
        float(value),
        None if error is None else float(np.hypot(statistical, error)),
        statistical=statistical,
        systematic=error,
        rule=f"{RULE}; levels {last.number - 1} and {last.number}",
        note=ONE_CHANGE if error is None else "",
    )


def _changes(factors: Sequence[Floats], scale: float, pushed: float) -> tuple[Change, ...]:
    """What the levels before say about the last, and what a step neglects."""
    out = [Change(pushed)] if len(factors) > 1 else []
    if len(factors) > 1:
        out.append(between(factors[-1], factors[-2]))
    if len(factors) > 2:
        out.append(between(factors[-2], factors[-3], remaining(scale, 1)))
    return tuple(out)


def _step(measured: Measured, before: LevelSums | None, sums: LevelSums) -> Step:
    """The couplings of a level and of the one before, None for that of the spec."""
    names, records = sums.level.invariant, measured.plan.records
    both = sums.correlations(measured.arrays, measured.kept, records, (sums.level.sector,))
    of_spec = {
        name: each.value or 0.0 for name, each in couplings(measured.model.hamiltonian).items()
    }
    if before is None:
        fixed = np.array([of_spec.get(name, 0.0) for name in names])
        below = rate_below = np.tile(fixed, (1 + GROUPS, 1))
    else:
        there = [before.level.invariant.index(name) for name in names]
        below, rate_below = (part[:, there] for part in _couplings(measured, before))
    own, rate_own = _couplings(measured, sums)
    return Step(below, own, rate_below, rate_own, linearised(both, range(len(names))))


def _couplings(measured: Measured, sums: LevelSums) -> tuple[Floats, Floats]:
    """K and dK/dx [1 + group, a] of a level, where x multiplies the Hamiltonian of the spec."""
    records, arrays = measured.plan.records, measured.arrays
    bias: Mapping[str, Floats] = arrays
    groups = [float(coefficient) for coefficient in measured.model.coefficients]
    own = bias[f"bias_{sums.level.number}"] + sums.batch(arrays, records).step
    return own, sums.rate(arrays, records, groups)
