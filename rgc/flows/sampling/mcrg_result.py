"""The answer of a Monte Carlo RG run: exponents, eigenvalues and the table of levels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.eigenvalues import estimated, exponents
from rgc.analysis.free_map import FreeMap
from rgc.analysis.level_spectra import LevelSpectrum
from rgc.analysis.statistics import GROUPS, constant_record, resample
from rgc.flows.sampling.critical_surface import Tangents, critical_tangents
from rgc.flows.sampling.estimator import sampled
from rgc.flows.sampling.halves import Compared, start_remembered
from rgc.flows.sampling.mcrg_exponents import (
    MIXED,
    Spectra,
    alike_by_value,
    choose_magnetic,
    find_exponents,
    lacking,
)
from rgc.flows.sampling.mcrg_spectra import (
    Arrays,
    Measured,
    exponents_by_map,
    kept,
    linearised_maps,
)
from rgc.flows.sampling.observables import doubts_at_edges, is_odd
from rgc.flows.sampling.sample import couplings
from rgc.model.observables import Linear
from rgc.model.supercells import as_written
from rgc.results.result import Eigenvalue, Estimate, Level, Result
from rgc.schemes.mcrg import SCHEME

if TYPE_CHECKING:
    from rgc.flows.sampling.estimator import Estimator
    from rgc.flows.sampling.levels import Levels
    from rgc.flows.sampling.sampler import Sampler

MOST_EIGENVALUES = 4
"""Eigenvalues reported of each matrix."""


def mcrg_result(
    sampler: Sampler,
    estimator: Estimator,
    levels: Levels,
    arrays: Arrays,
    provenance: Mapping[str, Any],
) -> Result:
    """The answer. y_t comes from the invariant sector, y_h from the leading set of sectors that
    couple to the field. With p=free each of them chooses its map, and averages and configurations
    of the levels are those of the map that is next to the one of the invariant sector.
    """
    samples = sampler.plan.records * sampler.plan.replicas // GROUPS
    measured = Measured(levels, arrays, samples)
    maps = {sector: measured.chosen((sector,)) for sector in levels.names}
    shown = measured.by_map(_nearest(levels, maps.get(levels.basis.invariant)))
    table = tuple(
        _level(sampler, levels, number, shown, samples) for number in range(len(levels.levels))
    )
    matrices = linearised_maps(levels, shown, samples)
    by_map = {} if levels.parameters is None else exponents_by_map(measured)
    thermal, magnetic = maps.get(levels.basis.invariant), _magnetic(measured, maps)
    spectra = Spectra(
        thermal=thermal or FreeMap(steps=()),
        magnetic=magnetic,
        dimension=sampler.model.lattice.dimension,
        single=levels.basis.single,
    )
    exponents = find_exponents(spectra, _first_average(levels, table))
    y_t = exponents.table["y_t"]
    against = y_t.note if y_t.value is None else MIXED if levels.basis.single else ""
    tangents = critical_tangents(levels, shown, samples, against)
    forgotten = not estimator.doubts(arrays)
    return Result(
        SCHEME.name,
        exponents=exponents.table,
        fixed_point={} if levels.parameters is None else _parameters(maps),
        levels=_with_tangents(table, tangents),
        eigenvalues=tuple(
            eigenvalue
            for sector, found in maps.items()
            for step in found.steps
            for eigenvalue in eigenvalues_of(sector, step)
        ),
        averages=estimator.estimates(arrays),
        values=estimator.times(arrays) | exponents.extrapolated | dict(tangents.headline),
        series=estimator.series(arrays),
        configurations=tuple(shown[f"configuration_{level.number}"] for level in levels.levels),
        tables=estimator.tables(arrays) | matrices | by_map,
        labels=_labels(levels, matrices, by_map),
        warnings=(
            *estimator.warnings(arrays, sampler.updates),
            *_operators_remember(levels, shown, samples, forgotten=forgotten, used=sampler.updates),
            *exponents.warnings,
            *lacking(levels),
            *alike_by_value(levels),
            *doubts_at_edges(estimator.observables, sampler.model.lattice),
        ),
        provenance=provenance,
    )


def _nearest(levels: Levels, chosen: FreeMap | None) -> int:
    """The number of the map that lies next to the chosen one."""
    if levels.parameters is None or chosen is None or chosen.p is None:
        return 0
    return int(np.argmin(np.abs(np.tanh(levels.parameters) - np.tanh(chosen.p))))


def _parameters(maps: Mapping[str, FreeMap]) -> dict[str, Estimate]:
    """`block.p[sector]` for every sector."""
    return {
        f"block.p[{sector}]": Estimate(found.p, found.error, note=found.rule)
        for sector, found in maps.items()
    }


def _labels(
    levels: Levels, matrices: Collection[str], by_map: Collection[str]
) -> dict[str, dict[int, list[str]]]:
    """The operators along the axes of the linearised maps and of their eigenvectors, and the maps
    and levels of the tables of all maps.
    """
    axes = {"linearised": (0, 1), "right": (1,), "left": (2,)}
    out = {}
    for kind, sector, level in product(axes, levels.names, levels.levels[1:]):
        name = f"{kind}_{level.number}_{sector}"
        if name in matrices:
            names = [levels.names[sector][k] for k in kept(levels, level.number, sector)]
            out[name] = dict.fromkeys(axes[kind], names)
    maps = [f"p = {p:g}" for p in levels.parameters or ()]
    numbers = [f"level {level.number}" for level in levels.levels[1:]]
    return out | {name: {0: maps, 1: numbers} for name in by_map}


def _magnetic(measured: Measured, maps: Mapping[str, FreeMap]) -> FreeMap | None:
    """The map of the set of sectors that couples to the field and has the largest headline."""
    return choose_magnetic(
        [
            maps[sectors[0]] if len(sectors) == 1 else measured.chosen(sectors)
            for sectors in measured.levels.basis.magnetic
            if all(sector in maps for sector in sectors)
        ]
    )


def _first_average(levels: Levels, table: Sequence[Level]) -> str:
    """How the average of the first operator of the invariant sector changes from level to level."""
    if levels.basis.invariant not in levels.names:
        return "no operator is invariant"
    name = _shown(levels, levels.basis.invariant, 0)
    values = [level.averages[name].value for level in table]
    told = ", ".join("none" if value is None else f"{value:.2g}" for value in values)
    return f"the average of {name} goes {told} from level to level"


def eigenvalues_of(sector: str, step: LevelSpectrum) -> list[Eigenvalue]:
    """The largest eigenvalues of a step, with every number of operators."""
    out = []
    for operators, values in step.spectra.items():
        leading = values[:, :MOST_EIGENVALUES]
        real, imag = (estimated(part) for part in (leading.real, leading.imag))
        power, power_error = estimated(exponents(leading, step.scale))
        for k in range(leading.shape[1]):
            numbers = (real[0][k], imag[0][k], real[1][k], power[k], power_error[k])
            value, imaginary, error, exponent, exponent_error = map(float, numbers)
            out.append(
                Eigenvalue(
                    value=value,
                    imag=imaginary if np.any(leading[0, k].imag) else 0.0,
                    error=error,
                    exponent=exponent,
                    exponent_error=exponent_error,
                    sector=sector,
                    level=step.level,
                    operators=operators,
                    index=k + 1,
                    wrapped=step.wrapped,
                )
            )
    return out


def _level(sampler: Sampler, levels: Levels, number: int, arrays: Arrays, samples: int) -> Level:
    """Averages of one product of each operator, at this level."""
    level = levels.levels[number]
    averages = {}
    for sector, tallies in level.tallies.items():
        sums = arrays[f"sum_{number}_{sector}"]
        values = resample(sums, np.full(GROUPS, samples))
        for k, tally in enumerate(tallies):
            frozen = constant_record(sums[:, k]) and levels.names[sector][k] not in level.flagged
            of_place = values[:, k] / level.recorder.places(tally)
            averages[_shown(levels, sector, k)] = sampled(of_place, frozen)
    return Level(
        number,
        as_written(level.lattice).cells,
        couplings(sampler.model.hamiltonian) if number == 0 else {},
        averages,
    )


def _with_tangents(table: Sequence[Level], tangents: Tangents) -> tuple[Level, ...]:
    """The levels with the tangents of the critical surface among their averages."""
    return tuple(
        replace(each, averages={**each.averages, **tangents.by_level.get(each.level, {})})
        for each in table
    )


def _shown(levels: Levels, sector: str, k: int) -> str:
    """The name of operator k of a sector, with the sector where several have a part of it."""
    name = levels.names[sector][k]
    split = sum(name in names for names in levels.names.values()) > 1
    return f"{name}[{sector}]" if split else name


def _operators_remember(
    levels: Levels, arrays: Arrays, samples: int, *, forgotten: bool, used: Collection[str]
) -> tuple[str, ...]:
    """Whether operators of any level differ between replicas that started hot and cold."""
    compared, halves = [], []
    for level in levels.levels:
        for sector, tallies in level.tallies.items():
            hot = arrays[f"hot_{level.number}_{sector}"]
            cold = arrays[f"sum_{level.number}_{sector}"] - hot
            for k in kept(levels, level.number, sector):
                odd = is_odd(Linear(((1.0, tallies[k]),)))
                name = f"{_shown(levels, sector, k)} at level {level.number}"
                compared.append(Compared((name,), odd))
                per_half = samples / 2 * level.recorder.places(tallies[k])
                halves.append(np.stack([hot[:, k], cold[:, k]], axis=1) / per_half)
    halved = np.reshape(halves, (-1, GROUPS, 2))
    return start_remembered(compared, halved, forgotten=forgotten, used=used)
