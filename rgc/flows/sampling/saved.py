"""Configurations and series that a run keeps replica by replica, for work outside rgc."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from rgc.flows.sampling.estimator import Estimator
from rgc.flows.sampling.observables import of_configuration
from rgc.flows.sampling.recorder import Sums
from rgc.flows.sampling.sampler import Sampler
from rgc.model.expressions import Expression
from rgc.model.lattice import Lattice
from rgc.model.observables import Average
from rgc.model.spins import Species
from rgc.model.supercells import array_as_written
from rgc.results.result import Saved

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class Saver:
    """Keeps `count` configurations of each replica, from records that are evenly spaced, the last
    of the run among them, and the values of some functions of a configuration at every record.

    `coarse` are the lattices of the block spins that are kept with each configuration, from level 1
    on. State arrays: `saved_<k>`, u64[count, planes, *shape, letters, words] of species k,
    `saved_<level>_<k>`, the same of its block spins, and `saved_series`, float64[name, replica,
    record]. Another `head` takes the place of `saved`, and without `fine` there are block spins
    alone.
    """

    sampler: Sampler
    count: int
    series: Mapping[str, Expression]
    coarse: Sequence[Lattice] = ()
    head: str = "saved"
    fine: bool = True

    def start(self) -> dict[str, NDArray[np.generic]]:
        plan = self.sampler.plan
        arrays: dict[str, NDArray[np.generic]] = {}
        for where, kind, lattice in self._kept():
            shape = (self.count, kind.bits, *lattice.cells, len(lattice.basis), plan.words)
            arrays[where] = np.zeros(shape, np.uint64)
        if self.series:
            arrays["saved_series"] = np.zeros((len(self.series), plan.replicas, plan.records))
        return arrays

    def _kept(self) -> Iterator[tuple[str, Species, Lattice]]:
        """The arrays of configurations, level by level."""
        lattices = (self.sampler.model.lattice, *self.coarse) if self.count else ()
        for level, lattice in enumerate(lattices):
            for k, kind in enumerate(self.sampler.model.species):
                if level or self.fine:
                    of_level = f"_{level}" if level else ""
                    yield f"{self.head}{of_level}_{k}", kind, lattice

    @property
    def shared(self) -> dict[str, int]:
        """The axis along which replicas lie in each array."""
        return {name: 1 if name == "saved_series" else -1 for name in self.start()}

    def place(self, record: int) -> int | None:
        """Which of the configurations a record gives, if any."""
        records = self.sampler.plan.records
        place = -(-(record + 1) * self.count // records) - 1
        return place if (place + 1) * records // self.count - 1 == record else None

    def record(
        self, arrays: Arrays, number: int, levels: Sequence[Sequence[object]], sums: Sums
    ) -> None:
        """Keep what one record gives, in place: the fields of each species, level by level, and
        the sums of level 0.
        """
        place = self.place(number) if self.count else None
        if place is not None:
            species = len(self.sampler.model.species)
            wanted = levels if self.fine else levels[1:]
            fields = chain.from_iterable(level[:species] for level in wanted)
            for (where, _, _), field in zip(self._kept(), fields, strict=True):
                arrays[where][place] = self.sampler.backend.unpack(field)
        for k, function in enumerate(self.series.values()):
            arrays["saved_series"][k, :, number] = of_configuration(function, sums)

    def saved(self, arrays: Arrays) -> Saved:
        """What was kept, by names."""
        return Saved(
            configurations={
                name_of(where, kind): array_as_written(spins(arrays[where], kind.codes), lattice, 2)
                for where, kind, lattice in self._kept()
            },
            series=dict(zip(self.series, arrays.get("saved_series", ()), strict=True)),
        )


def name_of(array: str, species: Species) -> str:
    """The name of the configurations in an array of the state: that of the species, after the
    number of the level where they are block spins. No species has a name that begins so.
    """
    _, *level, _ = array.split("_")
    return "_".join((*level, species.name))


def make_saver(
    sampler: Sampler, estimator: Estimator, coarse: Sequence[Lattice] = ()
) -> Saver | None:
    """The saver that the options `save` and `series` ask for, or None."""
    options = sampler.model.options
    count = options.integer("save") if "save" in options else 0
    series = functions(estimator) if options.flag("series") else {}
    return Saver(sampler, count, series, coarse) if count or series else None


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
