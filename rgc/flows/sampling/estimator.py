"""Averages, errors and time series of observables while a run goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import (
    GROUPS,
    ROUNDING,
    Autocorrelation,
    autocorrelation,
    constant_record,
    decay_time,
    jackknife,
    resample,
)
from rgc.flows.sampling.accumulate import SERIES
from rgc.flows.sampling.halves import Compared, start_remembered
from rgc.flows.sampling.observables import (
    averages_in,
    is_constant,
    is_odd,
    of_configuration,
    of_ensemble,
    tallies_in,
)
from rgc.flows.sampling.plan import SweepPlan
from rgc.flows.sampling.recorder import Sums
from rgc.model.observables import Average, Observable, Tally
from rgc.results.resampled import resampled_estimate
from rgc.results.result import Estimate

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[np.float64]]

NEVER_CHANGED = "it was the same in every record of every replica, which shows no error"
"""The note of a sampled average that never changed."""

BIASED = (
    "its averages are not known well enough for it: its bias is larger than its error, as of one "
    "over an average that may be 0"
)
"""The note of a function of averages that bends within their errors."""

ENOUGH = 20
"""Autocorrelation times that a run should be thermalised for."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimator:
    """Turns records into estimates.

    - `observables` are reported.
    - `watched` are the averages whose time series is kept, under these names.
    - `averages` are those and all others that are taken, each once, `tallies` the sums they need.
      None of them may depend on how replicas started.
    - `species` is the number of those that move, or None where all do.
    """

    observables: tuple[Observable, ...]
    watched: Mapping[str, Average]
    averages: tuple[Average, ...]
    tallies: tuple[Tally, ...]
    plan: SweepPlan
    species: int | None = None

    def start(self) -> Arrays:
        """The arrays of an empty estimator.

        - `averages` [average, part, half] holds sums over records and replicas, where half 0 is of
          those that started hot and half 1 of those that started cold.
        - `series` [watched, record, part] holds what a part adds to the average over its group.

        Everything below `record` takes such arrays after `by_group`.
        """
        kept, parts = min(self.plan.records, SERIES), len(self.plan.parts)
        return {
            "averages": np.zeros((len(self.averages), parts, 2)),
            "series": np.zeros((len(self.watched), kept, parts)),
        }

    @property
    def shared(self) -> dict[str, int]:
        """The axis along which parts lie in each array."""
        return {"averages": 1, "series": 2}

    def record(self, arrays: Mapping[str, Floats], number: int, sums: Sums) -> None:
        """Add one record, in place."""
        per_group = self.plan.parts.per_group
        for k, average in enumerate(self.averages):
            values = np.broadcast_to(of_configuration(average.of, sums), (self.plan.replicas,))
            halves = self.plan.parts.split(values.reshape(-1, 2), axis=0).sum(axis=1)
            arrays["averages"][k] += halves
            if k < len(self.watched) and number < SERIES:
                arrays["series"][k, number] = halves.sum(axis=1) / per_group

    def by_group(self, arrays: Mapping[str, Floats]) -> Mapping[str, Floats]:
        """The arrays of the whole, with groups of the jackknife in place of parts."""
        return self.plan.parts.by_group(arrays, self.shared)

    def estimates(self, arrays: Mapping[str, Floats]) -> dict[str, Estimate]:
        """Each observable with its jackknife error over groups of replicas.

        One that is sampled, and did not differ between groups, has no error. One whose bias is
        larger than its error, such as a ratio to an average that may be 0, has no value.
        """
        counts = np.full(GROUPS, self.plan.records * self.plan.replicas / GROUPS)
        sums = arrays["averages"].sum(axis=2)
        averages = dict(zip(self.averages, resample(sums.T, counts).T, strict=True))
        still = {
            each for each, row in zip(self.averages, sums, strict=True) if constant_record(row)
        }
        out = {}
        for observable in self.observables:
            values = np.broadcast_to(of_ensemble(observable, averages), (1 + GROUPS,))
            with np.errstate(all="ignore"):
                value, error = jackknife(values)
            drawn = {each for each in averages_in((observable,)) if not is_constant(each.of)}
            frozen = bool(drawn) and (drawn <= still or error == 0)
            bias = float(np.abs(values[0] - value))
            told = frozen or not bias > max(float(error), ROUNDING * abs(float(value)))
            out[observable.name] = (
                sampled(values, frozen) if told else Estimate(None, None, note=BIASED)
            )
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
            f"tau_{name}": integrated_time(memory, self.plan.every)
            for name, memory in self.memory(arrays).items()
        }

    def warnings(self, arrays: Mapping[str, Floats], used: Collection[str]) -> tuple[str, ...]:
        """Signs that a run with the updates `used` was not thermalised."""
        doubts = self.doubts(arrays)
        halves = arrays["averages"] * (2 * GROUPS / (self.plan.records * self.plan.replicas))
        remembered = start_remembered(self._compared, halves, forgotten=not doubts, used=used)
        return (*doubts, *remembered)

    @property
    def _compared(self) -> list[Compared]:
        return [
            Compared(self._called(each), is_odd(each.of, self.species)) for each in self.averages
        ]

    def doubts(self, arrays: Mapping[str, Floats]) -> tuple[str, ...]:
        """What the time series say against the length of the thermalisation."""
        judged = (
            too_short(name, memory, self.plan) for name, memory in self.memory(arrays).items()
        )
        return tuple(text for text in judged if text)

    def _called(self, average: Average) -> tuple[str, ...]:
        """The names of what is made of an average, those of the watched ones first."""
        watched = [name for name, each in self.watched.items() if each == average]
        made = [each.name for each in self.observables if average in averages_in((each,))]
        return tuple(dict.fromkeys((*watched, *made)))


def make_estimator(
    observables: Sequence[Observable],
    watched: Mapping[str, Average],
    plan: SweepPlan,
    *,
    species: int | None = None,
    kind: type[Estimator] = Estimator,
) -> Estimator:
    """The estimator of some observables, its averages the watched ones first."""
    averages = tuple(dict.fromkeys((*watched.values(), *averages_in(observables))))
    return kind(tuple(observables), watched, averages, tallies_in(averages), plan, species)


def too_short(name: str, memory: Autocorrelation, plan: SweepPlan) -> str:
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
            f"{_unresolved(memory, plan.every)} to tell whether "
            f"thermalise={plan.thermalise} is {ENOUGH} autocorrelation times of {name}, "
            f"each of which may have up to {most:.2g} sweeps"
        )
    return ""


def _unresolved(memory: Autocorrelation, every: int) -> str:
    """Why a time is not known: nothing is remembered from one record to the next, or so much that
    the run is over before it is forgotten.
    """
    if memory.time <= 1.0:
        return f"records every {every} sweeps are too far apart"
    return "the run is too short"


def integrated_time(memory: Autocorrelation, every: int) -> Estimate:
    """An integrated time in sweeps. One that is not above the 1/2 of independent records by two
    errors is an upper bound, rounded up to two digits.
    """
    if memory.error is None:
        return Estimate(
            memory.time * every, None, note="the series is constant or too short to have an error"
        )
    if memory.time <= 0.5 + 2 * memory.error:
        most = (memory.time + 2 * memory.error) * every
        unit = 10.0 ** (floor(log10(most)) - 1)
        note = f"{_unresolved(memory, every)} to resolve it"
        return Estimate(float(f"{ceil(most / unit) * unit:.2g}"), 0.0, "upper bound", note=note)
    return Estimate(memory.time * every, memory.error * every, statistical=memory.error * every)


def sampled(resampled: Floats, frozen: bool) -> Estimate:
    """A number from averages over replicas, [1 + group]. `frozen` says that its averages never
    changed.
    """
    found = resampled_estimate(resampled, reason="not a finite number with these averages")
    if frozen and found.value is not None:
        return Estimate(found.value, None, note=NEVER_CHANGED)
    return found
