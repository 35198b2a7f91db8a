"""The answer of a variational Monte Carlo RG: the couplings of every level, exponents, and how good
the bias was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rgc.analysis.eigenvalues import linearised
from rgc.analysis.free_map import FreeMap
from rgc.analysis.statistics import (
    GROUPS,
    Autocorrelation,
    autocorrelation,
    jackknife,
    resample,
)
from rgc.flows.sampling.estimator import integrated_time, too_short
from rgc.flows.sampling.halves import Compared, start_remembered
from rgc.flows.sampling.mcrg_exponents import Spectra, choose_magnetic, find_exponents
from rgc.flows.sampling.mcrg_result import eigenvalues_of
from rgc.flows.sampling.sample import couplings
from rgc.flows.variational.constant import constant
from rgc.flows.variational.critical_line import critical_couplings
from rgc.flows.variational.measured import Measured
from rgc.flows.variational.sums import TARGET, UNBIASED, UNIFORM, WATCHED
from rgc.language.values import OperatorBasis
from rgc.model.supercells import as_written
from rgc.results.result import Estimate, Level, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.model import Model
    from rgc.flows.variational.sums import LevelSums

    Arrays = Mapping[str, NDArray[Any]]

NOTHING_OUTSIDE = "the level tells no operator outside the basis apart"


def variational_result(
    scheme: str, measured: Measured, terms: Mapping[str, str], provenance: Mapping[str, Any]
) -> Result:
    """The answer of a scheme. `terms` are the operators of the basis in the language.

    y_t comes from the invariant sector, y_h from the leading set of sectors that couple to the
    field.
    """
    basis, model = measured.basis, measured.model
    table = (_level_0(model), *(_level(measured, sums) for sums in measured.sums))
    steps = {sector: measured.steps((sector,)) for sector in basis.names}
    magnetic = choose_magnetic([FreeMap(steps=measured.steps(s)) for s in basis.magnetic])
    exponents = find_exponents(
        Spectra(
            thermal=FreeMap(steps=steps[basis.invariant]),
            magnetic=magnetic,
            dimension=model.lattice.dimension,
            single=basis.single,
        ),
        _first_coupling(table),
    )
    matrices = dict(_matrices(measured))
    return Result(
        scheme,
        exponents=exponents.table,
        critical=critical_couplings(measured),
        levels=table,
        eigenvalues=tuple(
            eigenvalue
            for sector, of_sector in steps.items()
            for step in of_sector
            for eigenvalue in eigenvalues_of(sector, step)
        ),
        values=exponents.extrapolated,
        tables=matrices,
        labels=_labels(measured, matrices),
        terms=terms,
        warnings=(*_warnings(measured), *exponents.warnings),
        provenance=provenance,
    )


def _level_0(model: Model) -> Level:
    return Level(0, as_written(model.lattice).cells, couplings(model.hamiltonian))


def _level(measured: Measured, sums: LevelSums) -> Level:
    level, plan = sums.level, measured.plan
    n, shape = level.number, as_written(level.lattice).cells
    if str(n) in measured.failed:
        null = Estimate(None, None, note=measured.failed[str(n)])
        values = dict.fromkeys(("unexplained", "constant", *_times(measured)), null)
        return Level(n, shape, dict.fromkeys(level.invariant, null), values=values)
    step = sums.batch(measured.arrays, plan.records).step
    value, error = jackknife(measured.arrays[f"bias_{n}"] + step)
    found = {
        name: Estimate(float(x), float(dx), statistical=float(dx))
        for name, x, dx in zip(level.invariant, value, error, strict=True)
    }
    times = {
        name: integrated_time(_memory(measured, n, kept)[WATCHED[0]], plan.every)
        for name, kept in _times(measured).items()
    }
    own = {"unexplained": _unexplained(measured, sums), "constant": _constant(measured, sums)}
    return Level(n, shape, found, values={**own, **times})


def _constant(measured: Measured, sums: LevelSums) -> Estimate:
    """The constant of F/N per site of level 0."""
    model, path = measured.model, measured.arrays[f"path_{sums.level.number}"]
    each = model.hamiltonian.constant / len(model.lattice.basis)
    return constant(path, model.lattice.sites, sums.level.lattice.sites, each)


def _times(measured: Measured) -> dict[str, int]:
    """The batches whose autocorrelation times are reported."""
    times = {"tau_uniform": UNIFORM, "tau_target": TARGET, "tau_unbiased": UNBIASED}
    return {name: kept for name, kept in times.items() if measured.target or kept != TARGET}


def _memory(measured: Measured, number: int, kept: int) -> dict[str, Autocorrelation]:
    """The autocorrelations of what is watched, in records."""
    records = (measured.unbiased if kept == UNBIASED else measured.plan).records
    series = measured.arrays[f"series_{number}"][kept, :, :records]
    return {name: autocorrelation(own) for name, own in zip(WATCHED, series, strict=True)}


def _unexplained(measured: Measured, sums: LevelSums) -> Estimate:
    """The largest |<S>| of a product of an operator outside the basis, with uniform block spins,
    where all of them are 0 if the basis is complete.
    """
    level, samples = sums.level, sums.samples(measured.plan.records)
    if not level.beyond:
        return Estimate(None, None, note=NOTHING_OUTSIDE)
    outside = measured.arrays[f"outside_{level.number}"][UNIFORM] / np.array(level.places)
    value, error = jackknife(resample(outside, np.full(GROUPS, samples)))
    worst = int(np.argmax(np.abs(value)))
    note = f"{level.beyond[worst]}, of {len(level.beyond)} operators outside the basis"
    size = float(error[worst])
    return Estimate(float(abs(value[worst])), size, statistical=size, note=note)


def _first_coupling(table: Sequence[Level]) -> str:
    """How the first coupling changes from level to level."""
    name = next(iter(table[-1].couplings))
    values = [level.couplings[name].value for level in table if name in level.couplings]
    told = ", ".join("none" if value is None else f"{value:.3g}" for value in values)
    return f"the coupling {name} goes {told} from level to level"


def _matrices(measured: Measured) -> Iterator[tuple[str, NDArray[Any]]]:
    """`linearised_<n>_<sector>`: the map from level n - 1 to n with the full basis, and
    `linearised_error_<n>_<sector>`.
    """
    for sums in measured.found:
        for sector, names in sums.level.names.items():
            both = sums.correlations(
                measured.arrays, measured.kept, measured.plan.records, (sector,)
            )
            value, error = jackknife(linearised(both, range(len(names))))
            where = f"{sums.level.number}_{sector}"
            yield f"linearised_{where}", value
            yield f"linearised_error_{where}", error


def _labels(measured: Measured, matrices: Mapping[str, Any]) -> dict[str, dict[int, list[str]]]:
    """The operators along the axes of the linearised maps."""
    return {
        name: {axis: list(names) for axis in (0, 1)}
        for sums in measured.found
        for sector, names in sums.level.names.items()
        for name in (
            f"linearised_{sums.level.number}_{sector}",
            f"linearised_error_{sums.level.number}_{sector}",
        )
        if name in matrices
    }


def _too_small(measured: Measured, sums: LevelSums) -> str:
    """What a level is too small for, and which lattice is not."""
    reach = cast(OperatorBasis, measured.model.options["basis"]).range
    factors = sums.level.unfolded.factors[0]
    here = " x ".join(map(str, sums.level.lattice.cells))
    fits = " x ".join(str((floor(2 * reach) + 1) * f) for f in factors)
    return (
        f"level {sums.level.number} of {here} cells does not hold operators of range {reach:g} "
        f"without wrapping, and its couplings are those of this size; {fits} cells and more hold "
        "them"
    )


def _warnings(measured: Measured) -> Iterator[str]:
    for number, reason in measured.failed.items():
        yield f"level {number} has no couplings: {reason}"
    yield from (_too_small(measured, sums) for sums in measured.found if sums.level.wrapped)
    compared, halves, doubts = [], [], []
    for sums in measured.found:
        n, half = sums.level.number, sums.samples(measured.plan.records) / 2
        plans = {measured.kept: measured.plan, UNIFORM: measured.uniform}
        for kept, plan in plans.items():
            for name, memory in _memory(measured, n, kept).items():
                doubts.append(too_short(f"{name} at level {n}", memory, plan))
        for sector, names in sums.level.names.items():
            both = measured.arrays[f"sum_{n}_{sector}"][measured.kept]
            hot = measured.arrays[f"hot_{n}_{sector}"][measured.kept]
            for k, name in enumerate(names):
                odd = sector != measured.basis.invariant
                compared.append(Compared((f"{name} at level {n}",), odd))
                halves.append(np.stack([hot[:, k], (both - hot)[:, k]], axis=1) / half)
    yield from dict.fromkeys(doubt for doubt in doubts if doubt)
    forgotten, shape = not any(doubts), (-1, GROUPS, 2)
    yield from start_remembered(compared, np.reshape(halves, shape), forgotten=forgotten)
