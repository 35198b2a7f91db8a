"""Averages, errors and time series of observables while a run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import (
    GROUPS,
    Autocorrelation,
    autocorrelation,
    decay_time,
    jackknife,
    resample,
)
from rgc.flows.sampling.accumulate import SERIES
from rgc.flows.sampling.observables import averages_in, of_configuration, of_ensemble, tallies_in
from rgc.flows.sampling.plan import SweepPlan
from rgc.flows.sampling.recorder import Sums
from rgc.model.observables import Average, Observable, Tally
from rgc.results.result import Estimate

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[np.float64]]

ENOUGH = 20
"""Autocorrelation times that a run should be thermalised for."""

APART = 5
"""Standard errors between the hot and the cold half that are too many."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimator:
    """Turns records into estimates.

    - `observables` are reported.
    - `watched` are the averages whose time series is kept, under these names, and which must not
      depend on how replicas started.
    - `averages` are those and all others that are taken, each once, `tallies` the sums they need.
    """

    observables: tuple[Observable, ...]
    watched: Mapping[str, Average]
    averages: tuple[Average, ...]
    tallies: tuple[Tally, ...]
    plan: SweepPlan

    def start(self) -> Arrays:
        """The arrays of an empty estimator.

        - `averages` [average, group, half] holds sums over records and replicas, where half 0 is of
          those that started hot and half 1 of those that started cold.
        - `series` [watched, record, group] holds averages over the replicas of a group.
        """
        kept = min(self.plan.records, SERIES)
        return {
            "averages": np.zeros((len(self.averages), GROUPS, 2)),
            "series": np.zeros((len(self.watched), kept, GROUPS)),
        }

    def record(self, arrays: Mapping[str, Floats], number: int, sums: Sums) -> None:
        """Add one record, in place."""
        per_group = self.plan.replicas // GROUPS
        for k, average in enumerate(self.averages):
            values = np.broadcast_to(of_configuration(average.of, sums), (self.plan.replicas,))
            halves = values.reshape(GROUPS, per_group // 2, 2).sum(axis=1)
            arrays["averages"][k] += halves
            if k < len(self.watched) and number < SERIES:
                arrays["series"][k, number] = halves.sum(axis=1) / per_group

    def estimates(self, arrays: Mapping[str, Floats]) -> dict[str, Estimate]:
        """Each observable with its jackknife error over groups of replicas."""
        counts = np.full(GROUPS, self.plan.records * self.plan.replicas / GROUPS)
        columns = resample(arrays["averages"].sum(axis=2).T, counts).T
        averages = dict(zip(self.averages, columns, strict=True))
        out = {}
        for observable in self.observables:
            values = np.broadcast_to(of_ensemble(observable, averages), (1 + GROUPS,))
            with np.errstate(all="ignore"):
                value, error = jackknife(values)
            out[observable.name] = _estimate(float(value), float(error))
        return out

    def memory(self, arrays: Mapping[str, Floats]) -> dict[str, Autocorrelation]:
        """The autocorrelation of each watched average, in records."""
        return {
            name: autocorrelation(series)
            for name, series in zip(self.watched, arrays["series"], strict=True)
        }

    def series(self, arrays: Mapping[str, Floats]) -> dict[str, Floats]:
        """Each watched average over the replicas, float64[record]."""
        return {
            name: series.mean(axis=1)
            for name, series in zip(self.watched, arrays["series"], strict=True)
        }

    def tables(self, arrays: Mapping[str, Floats]) -> dict[str, Floats]:
        """The autocorrelation function of each watched average from t = 0, in records:
        `autocorrelation_<name>`.
        """
        return {
            f"autocorrelation_{name}": memory.function
            for name, memory in self.memory(arrays).items()
        }

    def times(self, arrays: Mapping[str, Floats]) -> dict[str, Estimate]:
        """Integrated autocorrelation times in sweeps: `tau_<name>`."""
        return {
            f"tau_{name}": _time(memory, self.plan.every)
            for name, memory in self.memory(arrays).items()
        }

    def warnings(self, arrays: Mapping[str, Floats]) -> tuple[str, ...]:
        """Signs that the run was not thermalised."""
        judged = (
            _thermalised(name, memory, self.plan) for name, memory in self.memory(arrays).items()
        )
        out = [text for text in judged if text]
        for name, sums in zip(self.watched, arrays["averages"], strict=False):
            gap, error = _gap(sums, self.plan)
            if abs(gap) > APART * error:
                out.append(
                    f"replicas that started hot and cold still differ in {name}, by {abs(gap):.2g} "
                    f"with an error of {error:.2g}: thermalise longer"
                )
        return tuple(out)


def make_estimator(
    observables: Sequence[Observable], watched: Mapping[str, Average], plan: SweepPlan
) -> Estimator:
    """The estimator of some observables, its averages the watched ones first."""
    averages = tuple(dict.fromkeys((*watched.values(), *averages_in(observables))))
    return Estimator(tuple(observables), watched, averages, tallies_in(averages), plan)


def _thermalised(name: str, memory: Autocorrelation, plan: SweepPlan) -> str:
    """What is wrong with the length of the thermalisation, or the empty string.

    Records far apart show a sum of 1/2 whatever the memory between them is. So a time is what an
    exponential decay would have that gives the same sum. Where the sum is 1/2 within two errors,
    the longest time that it may be decides.
    """
    if memory.error is None:
        return ""
    time, most = (decay_time(x) * plan.every for x in (memory.time, memory.time + 2 * memory.error))
    if plan.thermalise < ENOUGH * time and memory.time > 0.5 + 2 * memory.error:
        return (
            f"thermalise={plan.thermalise} is less than {ENOUGH} autocorrelation times of {name}, "
            f"each of which has {time:.3g} sweeps"
        )
    if plan.thermalise < ENOUGH * most and memory.time <= 0.5 + 2 * memory.error:
        return (
            f"records every {plan.every} sweeps are too far apart to tell whether "
            f"thermalise={plan.thermalise} is {ENOUGH} autocorrelation times of {name}, "
            f"each of which may have up to {most:.2g} sweeps"
        )
    return ""


def _time(memory: Autocorrelation, every: int) -> Estimate:
    if memory.error is None:
        return Estimate(
            memory.time * every, None, note="the series is constant or too short to have an error"
        )
    return Estimate(memory.time * every, memory.error * every, statistical=memory.error * every)


def _gap(sums: Floats, plan: SweepPlan) -> tuple[float, float]:
    """The difference of the averages over hot and cold replicas, and its standard error, from sums
    [group, half].
    """
    per_half = plan.records * plan.replicas / (2 * GROUPS)
    gap = (sums[:, 0] - sums[:, 1]) / per_half
    return float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(GROUPS))


def _estimate(value: float, error: float) -> Estimate:
    if np.isfinite(value) and np.isfinite(error):
        return Estimate(value, error, statistical=error)
    return Estimate(None, None, note="not a finite number with these averages")
