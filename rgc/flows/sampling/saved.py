"""Configurations and series that a run keeps replica by replica, for work outside rgc."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.flows.sampling.estimator import Estimator
from rgc.flows.sampling.observables import of_configuration
from rgc.flows.sampling.recorder import Sums
from rgc.flows.sampling.sampler import Sampler
from rgc.model.expressions import Expression
from rgc.model.observables import Average
from rgc.model.supercells import array_as_written
from rgc.results.result import Saved

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class Saver:
    """Keeps `count` configurations of each replica, from records that are evenly spaced, the last
    of the run among them, and the values of some functions of a configuration at every record.

    State arrays: `saved_<k>`, u64[count, planes, *shape, letters, words] of species k, and
    `saved_series`, float64[name, replica, record].
    """

    sampler: Sampler
    count: int
    series: Mapping[str, Expression]

    def start(self) -> dict[str, NDArray[np.generic]]:
        plan, program = self.sampler.plan, self.sampler.update.program
        arrays: dict[str, NDArray[np.generic]] = {}
        fields = program.fields[: len(self.sampler.model.species)]
        for k, field in enumerate(fields if self.count else ()):
            shape = (self.count, field.planes, *field.shape, field.letters, plan.words)
            arrays[f"saved_{k}"] = np.zeros(shape, np.uint64)
        if self.series:
            arrays["saved_series"] = np.zeros((len(self.series), plan.replicas, plan.records))
        return arrays

    @property
    def shared(self) -> dict[str, int]:
        """The axis along which replicas lie in each array."""
        return {name: 1 if name == "saved_series" else -1 for name in self.start()}

    def place(self, record: int) -> int | None:
        """Which of the configurations a record gives, if any."""
        records = self.sampler.plan.records
        place = -(-(record + 1) * self.count // records) - 1
        return place if (place + 1) * records // self.count - 1 == record else None

    def record(self, arrays: Arrays, number: int, fields: Sequence[object], sums: Sums) -> None:
        """Keep what one record gives, in place."""
        place = self.place(number) if self.count else None
        if place is not None:
            for k, field in enumerate(fields[: len(self.sampler.model.species)]):
                arrays[f"saved_{k}"][place] = self.sampler.backend.unpack(field)
        for k, function in enumerate(self.series.values()):
            arrays["saved_series"][k, :, number] = of_configuration(function, sums)

    def saved(self, arrays: Arrays) -> Saved:
        """What was kept, by names."""
        species, lattice = self.sampler.model.species, self.sampler.model.lattice
        return Saved(
            configurations={
                kind.name: array_as_written(spins(arrays[f"saved_{k}"], kind.codes), lattice, 2)
                for k, kind in enumerate(species if self.count else ())
            },
            series=dict(zip(self.series, arrays.get("saved_series", ()), strict=True)),
        )


def make_saver(sampler: Sampler, estimator: Estimator) -> Saver | None:
    """The saver that the options `save` and `series` ask for, or None."""
    options = sampler.model.options
    count = options.integer("save") if "save" in options else 0
    series = functions(estimator) if options.flag("series") else {}
    return Saver(sampler, count, series) if count or series else None


def functions(estimator: Estimator) -> dict[str, Expression]:
    """Functions of one configuration by name: those whose autocorrelation is watched, and the
    measures that are the average of one.
    """
    watched = {name: average.of for name, average in estimator.watched.items()}
    measured = {
        each.name: each.expression.of
        for each in estimator.observables
        if isinstance(each.expression, Average)
    }
    return watched | measured


def spins(fields: NDArray[np.generic], codes: Sequence[int]) -> NDArray[np.int8]:
    """Fields u64[count, planes, *shape, letters, words] as int8[replica, count, *shape, letters] of
    spins as declared.
    """
    octets = np.ascontiguousarray(fields.astype("<u8")).view(np.uint8)
    bits = np.unpackbits(octets, axis=-1, bitorder="little")
    states = sum(bits[:, plane] << plane for plane in range(bits.shape[1]))
    return np.moveaxis(np.array(codes, dtype=np.int8)[states], -1, 0)
