"""The magnetisation and the energy of every level of a Monte Carlo RG, and their histograms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rgc.analysis.statistics import GROUPS, jackknife, resample
from rgc.model.observables import Linear, Tally
from rgc.passes.built_in import built_in
from rgc.results.result import Estimate, Level, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.levels import SampledLevel
    from rgc.flows.sampling.model import Model
    from rgc.flows.sampling.parts import Parts
    from rgc.flows.sampling.recorder import Sums
    from rgc.model.lattice import Lattice

MOST_BINS = 64
"""About how many bins m has at most."""

FINER = 4
"""The energy has so many times as many, since it takes but a small part of its range."""

HEAD, MOMENTS = "histogram", "moments"

COLUMNS = ("value", "density", "error")
"""What the columns of a histogram hold: the middle of a bin, the density, its standard error."""

OF_LEVEL = ("abs_m", "m2", "binder", "energy")
"""The averages of a level: |m|, m^2, 1 - <m^4>/(3 <m^2>^2) and the energy per site."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of equal width from `low` on. `sizes` are the widths that count: as wide as the values
    in a bin that are possible, of which the outer ones may have fewer.
    """

    low: float
    width: float
    sizes: tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.sizes)

    def number(self, values: NDArray[Any]) -> NDArray[np.int64]:
        index = np.floor((values - self.low) / self.width).astype(np.int64)
        return index.clip(0, self.count - 1)

    @property
    def middles(self) -> NDArray[np.float64]:
        return np.asarray(self.low + self.width * (np.arange(self.count) + 0.5))


def make_bins(middle: float, reach: float, quantum: float, most: int = MOST_BINS) -> Bins:
    """At most about `most` bins for values middle - reach, ... + quantum, ..., middle + reach,
    symmetric about the middle, with no value on an edge.
    """
    values = round(2 * reach / quantum) + 1
    each = ceil(values / most)
    each += (each + values) % 2
    width = each * quantum
    half = ceil((values - each) / (2 * each)) if values % 2 else ceil(values / (2 * each))
    count = 2 * half + values % 2
    bins = Bins(middle - width * count / 2, width, (width,) * count)
    every = middle - reach + quantum * np.arange(values)
    possible = np.bincount(bins.number(every), minlength=count)
    return replace(bins, sizes=tuple((possible * quantum).tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What is counted at a level: m and the energy per site, and their bins."""

    level: int
    functions: Mapping[str, Linear]
    bins: Mapping[str, Bins]


@dataclass(frozen=True, slots=True, eq=False)
class Histograms:
    """Counts of replicas by part, in state arrays `histogram_m_<level>` and
    `histogram_energy_<level>` [part, bin], and `moments_<level>` [part, 4], the sums of |m|, m^2,
    m^4 and the energy.
    """

    counted: tuple[Counted, ...]
    parts: Parts
    records: int

    def empty(self) -> dict[str, NDArray[Any]]:
        """The arrays before the first record."""
        out: dict[str, NDArray[Any]] = {}
        for each in self.counted:
            out[f"{MOMENTS}_{each.level}"] = np.zeros((len(self.parts), 4))
            for name, bins in each.bins.items():
                out[f"{HEAD}_{name}_{each.level}"] = np.zeros((len(self.parts), bins.count))
        return out

    def record(self, arrays: Mapping[str, NDArray[Any]], level: int, of_tally: Sums) -> None:
        """Add what a record counted at a level, in place."""
        each, part = self.counted[level], np.repeat(np.arange(len(self.parts)), self.parts.sizes)
        values = {
            name: np.broadcast_to(
                np.sum([weight * of_tally[tally] for weight, tally in linear.terms], axis=0)
                + linear.constant,
                part.shape,
            )
            for name, linear in each.functions.items()
        }
        for name, bins in each.bins.items():
            where = part * bins.count + bins.number(values[name])
            counts = np.bincount(where, minlength=len(self.parts) * bins.count)
            arrays[f"{HEAD}_{name}_{level}"] += counts.reshape(-1, bins.count)
        m, energy = values["m"], values["energy"]
        moments = np.stack([np.abs(m), m**2, m**4, energy])
        arrays[f"{MOMENTS}_{level}"] += self.parts.split(moments).sum(axis=-1).T

    def result(self, found: Result, arrays: Mapping[str, NDArray[Any]]) -> Result:
        """The answer with the averages of every level, and the histograms as tables."""
        counts = np.full(GROUPS, self.records * self.parts.per_group)
        tables = dict(self._tables(arrays, counts))
        labels = {name: {1: list(COLUMNS)} for name in tables}
        levels = tuple(_with(level, arrays, counts) for level in found.levels)
        return replace(
            found,
            levels=levels,
            tables={**found.tables, **tables},
            labels={**found.labels, **labels},
        )

    def _tables(
        self, arrays: Mapping[str, NDArray[Any]], counts: NDArray[Any]
    ) -> Iterator[tuple[str, NDArray[Any]]]:
        for each in self.counted:
            for name, bins in each.bins.items():
                where = f"{HEAD}_{name}_{each.level}"
                value, error = jackknife(resample(arrays[where], counts) / np.array(bins.sizes))
                yield where, np.stack([bins.middles, value, error], axis=1)


def _with(level: Level, arrays: Mapping[str, NDArray[Any]], counts: NDArray[Any]) -> Level:
    """A level with its averages."""
    absolute, square, fourth, energy = resample(arrays[f"{MOMENTS}_{level.level}"], counts).T
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (absolute, square, 1 - fourth / (3 * square**2), energy)
    estimates = {}
    for name, resampled in zip(OF_LEVEL, found, strict=True):
        value, error = map(float, jackknife(resampled))
        estimates[name] = (
            Estimate(value, error, statistical=error)
            if np.isfinite([value, error]).all()
            else Estimate(None, None, note="the block spins have no magnetisation")
        )
    return replace(level, values={**level.values, **estimates})


def counted_levels(model: Model, levels: Sequence[SampledLevel]) -> tuple[Counted, ...]:
    """What is counted at levels whose recorders have the tallies of `wanted`."""
    out = []
    for level in levels:
        functions = _functions(model, level.lattice)
        m, energy, sites = functions["m"], functions["energy"], level.lattice.sites
        (weight, _), *others = energy.terms or ((1.0, None),)
        reach = sum(abs(w) * level.recorder.places(tally) for w, tally in energy.terms)
        quantum = 2 * reach / (FINER * MOST_BINS) if others else 4 * abs(weight)
        bins = {
            "m": make_bins(0.0, 1.0, 2 / sites),
            "energy": make_bins(energy.constant, reach or 1.0, quantum or 1.0, FINER * MOST_BINS),
        }
        out.append(Counted(level.number, {"m": m, "energy": energy}, bins))
    return tuple(out)


def wanted(model: Model) -> list[Tally]:
    """The sums that every level counts."""
    functions = _functions(model, model.lattice).values()
    return [tally for linear in functions for _, tally in linear.terms]


def _functions(model: Model, lattice: Lattice) -> dict[str, Linear]:
    """m, and the energy per site that block spins would have with the couplings of the spec."""
    m = cast(Linear, built_in("m", lattice, model.species))
    ratio = model.lattice.sites / lattice.sites
    energy = model.energy
    terms = tuple((weight * ratio, tally) for weight, tally in energy.terms)
    return {"m": m, "energy": Linear(terms, energy.constant)}


def make_histograms(
    model: Model, levels: Sequence[SampledLevel], parts: Parts, records: int
) -> Histograms | None:
    """The histograms that the option asks for, or None."""
    if not model.options.flag("histograms"):
        return None
    return Histograms(counted_levels(model, levels), parts, records)
