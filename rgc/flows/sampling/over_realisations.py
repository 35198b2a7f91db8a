"""Averages over realisations of random couplings while a run goes on, and their errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import (
    Autocorrelation,
    Mean,
    autocorrelation,
    constant_record,
    jackknife,
    mean_of_draws,
)
from rgc.flows.sampling.accumulate import SERIES
from rgc.flows.sampling.estimator import NEVER_CHANGED, Arrays, Estimator
from rgc.flows.sampling.halves import start_remembered
from rgc.flows.sampling.observables import (
    averages_in,
    is_constant,
    of_configuration,
    of_ensemble,
)
from rgc.flows.sampling.recorder import Sums
from rgc.results.result import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class OverRealisations(Estimator):
    """An `Estimator` whose replicas are copies of several realisations of random couplings.

    An observable is found for each realisation, and the estimate is its average over them. Copies
    of one realisation are independent. What is made of products of averages is extrapolated from
    all of them and all but one, which takes away its bias of order 1/copies: exactly so for squares
    such as that of the energy in the specific heat.
    """

    def start(self) -> Arrays:
        """The arrays of an empty estimator.

        - `averages` [average, realisation, copy] holds sums over records.
        - `series` [watched, record, word] holds averages over the 64 realisations of a copy.
        """
        plan = self.plan
        kept = min(plan.records, SERIES)
        return {
            "averages": np.zeros((len(self.averages), plan.realisations, plan.copies)),
            "series": np.zeros((len(self.watched), kept, plan.words)),
        }

    def record(self, arrays: Mapping[str, Floats], number: int, sums: Sums) -> None:
        """Add one record, in place."""
        for k, average in enumerate(self.averages):
            values = np.broadcast_to(of_configuration(average.of, sums), (self.plan.replicas,))
            by_copy = values.reshape(-1, self.plan.copies, 64)
            arrays["averages"][k] += by_copy.swapaxes(1, 2).reshape(-1, self.plan.copies)
            if k < len(self.watched) and number < SERIES:
                arrays["series"][k, number] = by_copy.mean(axis=2).ravel()

    def by_group(self, arrays: Mapping[str, Floats]) -> Mapping[str, Floats]:
        """The arrays as they are: realisations take the place of groups."""
        return arrays

    def estimates(self, arrays: Mapping[str, Floats]) -> dict[str, Estimate]:
        """Each observable with the error over realisations.

        One that is sampled, and was the same in all of them, has no error.
        """
        sums = arrays["averages"]
        means = dict(zip(self.averages, _resampled(sums / self.plan.records), strict=True))
        still = {
            each
            for each, row in zip(self.averages, sums, strict=True)
            if constant_record(row.ravel())
        }
        out = {}
        for observable in self.observables:
            shape = (1 + self.plan.copies, self.plan.realisations)
            values, _ = jackknife(np.broadcast_to(of_ensemble(observable, means), shape))
            if not np.isfinite(values).all():
                note = "not a finite number in every realisation"
                out[observable.name] = Estimate(None, None, note=note)
                continue
            mean = mean_of_draws(values)
            drawn = {each for each in averages_in((observable,)) if not is_constant(each.of)}
            frozen = bool(drawn) and (drawn <= still or mean.error == 0)
            out[observable.name] = (
                Estimate(mean.value, None, note=NEVER_CHANGED)
                if frozen
                else Estimate(
                    mean.value,
                    mean.error,
                    statistical=mean.error,
                    resamples=tuple(map(float, _without_one(values, mean))),
                )
            )
        return out

    def memory(self, arrays: Mapping[str, Floats]) -> dict[str, Autocorrelation]:
        """The autocorrelation of each watched average, in records.

        Each set of 64 realisations has a mean of its own, which its copies share.
        """
        return {
            name: autocorrelation(_centred(series, self.plan.copies))
            for name, series in zip(self.watched, arrays["series"], strict=True)
        }

    def warnings(self, arrays: Mapping[str, Floats], used: Collection[str]) -> tuple[str, ...]:
        """Signs that a run with the updates `used` was not thermalised: what the time series say,
        and copies of the same realisations that started hot and cold, compared.
        """
        doubts = self.doubts(arrays)
        means = arrays["averages"] / self.plan.records
        halves = np.stack([means[..., k::2].mean(axis=2) for k in (0, 1)], axis=-1)
        remembered = start_remembered(self._compared, halves, forgotten=not doubts, used=used)
        return (*doubts, *remembered)


def _without_one(values: Floats, mean: Mean) -> Floats:
    """The mean over realisations, then over all but one, apart by what the error is widened."""
    others = (values.sum() - values) / (len(values) - 1)
    return np.append(mean.value, mean.value + mean.widened * (others - mean.value))


def _resampled(means: Floats) -> Floats:
    """Averages over all copies, then over all but one: float64[average, 1 + copy, realisation]
    from float64[average, realisation, copy].
    """
    total, copies = means.sum(axis=2, keepdims=True), means.shape[2]
    others = (total - means) / (copies - 1)
    return np.concatenate([total / copies, others], axis=2).swapaxes(1, 2)


def _centred(series: Floats, copies: int) -> Floats:
    """A series float64[record, word] less the mean of each set of realisations."""
    of_sets = series.reshape(len(series), -1, copies)
    return np.asarray((of_sets - of_sets.mean(axis=(0, 2), keepdims=True)).reshape(series.shape))
