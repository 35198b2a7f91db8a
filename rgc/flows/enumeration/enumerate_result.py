"""From the sums over all states and the levels made of them to an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rgc.flows.enumeration.census import averages
from rgc.flows.enumeration.coarse_levels import CoarseLevel, coarse_levels, operators_of
from rgc.flows.enumeration.realisations import exact_number, over_draws, together
from rgc.flows.enumeration.rounding import settled
from rgc.flows.sampling.sample import couplings as named_couplings
from rgc.flows.study.coupling_flow import provenance
from rgc.flows.study.coupling_result import coupling_result
from rgc.model.supercells import as_written
from rgc.passes.write_sum import sum_text
from rgc.results.result import Estimate, FreeEnergy, Level, Result
from rgc.routines import routine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.enumeration.enumerate_model import Exact
    from rgc.flows.enumeration.enumeration import Enumeration
    from rgc.flows.flow import State

    Floats = NDArray[np.float64]

KEPT = 16  # spins up to which all correlators are kept as a table

KNOWN = ("log_z", "free_energy", "dF", "kl", "tau_defect", "information")
"""Measures that are not averages over configurations. The flow has them once all states are
counted.
"""

BETTER = 1e-9
"""By how much, in nats, parameters of their own are better than a common one."""


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What one realisation gives, as plain numbers."""

    known: Mapping[str, float]
    measured: Mapping[str, float]
    levels: tuple[CoarseLevel, ...] = ()
    operators: Mapping[str, float] = field(default_factory=dict)


def enumerate_result(asked: Enumeration, state: State) -> Result:
    """The answer: exact numbers of one system, or averages over realisations of random couplings
    with their errors.
    """
    exact, arrays = asked.exact, state.arrays
    realisations = [answered(asked, arrays, k) for k in range(len(exact.log_weights))]
    numbers = together([{**answer.known, **answer.measured} for answer in realisations])
    free_energy = numbers.pop("free_energy")
    known = {name: number for name, number in numbers.items() if name in realisations[0].known}
    result = Result(
        asked.scheme,
        fixed_point=_parameters(exact, arrays),
        levels=(_first_level(exact, realisations), *_further(realisations)),
        free_energy=(
            FreeEnergy(
                asked.scheme,
                float(free_energy.value or 0.0),
                free_energy.error,
                free_energy.kind,
                note=free_energy.note,
            ),
        ),
        averages={name: number for name, number in numbers.items() if name not in known},
        values=known,
        tables=_tables(exact, arrays, realisations[0])
        if len(realisations) == 1
        else _parameter_table(arrays),
        terms=_terms(asked, realisations[0]),
        warnings=tuple(_warnings(realisations)),
        provenance=asked.provenance,
    )
    return result if asked.study is None else _with_study(result, asked, state)


def _with_study(result: Result, asked: Enumeration, state: State) -> Result:
    """Fixed point, spectrum and exponents of the recursion of couplings beside what was counted."""
    assert asked.study is not None  # noqa: S101
    study_result = coupling_result(asked.study, state, provenance(asked.study))
    return replace(
        result,
        exponents=study_result.exponents,
        fixed_point={**result.fixed_point, **study_result.fixed_point},
        fixed_points=study_result.fixed_points,
        eigenvalues=study_result.eigenvalues,
        values={**result.values, **study_result.values},
        critical=study_result.critical,
        tables={**result.tables, **study_result.tables},
        labels=study_result.labels,
        warnings=(*result.warnings, *study_result.warnings),
        provenance={**study_result.provenance, **result.provenance},
    )


def answered(asked: Enumeration, arrays: Mapping[str, Floats], realisation: int) -> Answered:
    """Averages, then level by level what the block maps make of the weights."""
    exact, averaged = asked.exact, asked.census.averages
    log_z, means = averages(arrays["largest"][realisation], arrays["sums"][realisation])
    known = {"log_z": log_z, "free_energy": -log_z / exact.lattice.sites}
    levels: tuple[CoarseLevel, ...] = ()
    if exact.steps:
        steps = asked.steps_of(realisation, arrays)
        with asked.backend.arrays() as xp:
            fwht, partial = routine(asked.backend, "fwht"), arrays["coarse"][realisation]
            extras = means[2 * len(averaged) :]
            levels = tuple(coarse_levels(exact, steps, partial, extras, fwht=fwht, xp=xp))
        known |= _of_all_steps(levels)
    if exact.free:
        own, common = map(float, arrays["learned"][realisation])
        known |= {
            "kl_reconstruction": own,
            "kl_uniform": common,
            "improved": float(own < common - BETTER),
        }
    values = dict(zip(averaged, means, strict=False))
    sizes = dict(zip(averaged, means[len(averaged) :], strict=False))
    measured = {
        observable.name: settled(observable, values, sizes, known)
        for observable in asked.observables
    }
    names = [operator.name for operator in operators_of(exact)] if "operators" in arrays else []
    operators = {name: float(arrays["operators"][k]) for k, name in enumerate(names)}
    return Answered(known, measured, levels, operators)


def _of_all_steps(levels: Sequence[CoarseLevel]) -> dict[str, float]:
    """The numbers of the steps as measures. dF adds up over the steps.

    The others belong to one step, and are among the measures only where there is one step.
    """
    whole = {"dF": float(sum(level.values["dF"] for level in levels))}
    if len(levels) == 1:
        whole |= {name: levels[0].values[name] for name in ("kl", "tau_defect", "information")}
    return whole


def _first_level(exact: Exact, realisations: Sequence[Answered]) -> Level:
    constants = (
        term.coefficient * weight
        for term in exact.hamiltonian.terms
        for weight, spins in term.products
        if not spins
    )
    constant = exact_number(sum(constants) / len(exact.lattice.basis))
    operators = together([answer.operators for answer in realisations])
    couplings = named_couplings(exact.hamiltonian)
    return Level(0, as_written(exact.lattice).cells, couplings, operators, {"constant": constant})


def _further(realisations: Sequence[Answered]) -> Iterator[Level]:
    for k, first in enumerate(realisations[0].levels):
        same = [answer.levels[k] for answer in realisations]
        couplings = together([level.couplings.values if level.couplings else {} for level in same])
        averages = together([level.averages for level in same])
        values = together([level.values for level in same])
        if len(same) == 1:
            noted = {name: replace(values[name], note=note) for name, note in first.notes.items()}
            values |= noted
        yield Level(
            first.level, as_written(first.cluster.lattice).cells, couplings, averages, values
        )


def _terms(asked: Enumeration, answer: Answered) -> dict[str, str]:
    """The sums that the couplings which the spec does not name multiply."""
    spec = asked.exact.spec
    return {
        coupled.name: sum_text([(1.0, spins) for spins in coupled.products], spec)
        for level in answer.levels
        for coupled in level.coupled
        if coupled.products
    }


def _parameters(exact: Exact, arrays: Mapping[str, Floats]) -> dict[str, Estimate]:
    """`block.p`: the parameter of kadanoff, given or found.

    If there are several it is the mean over blocks and realisations.
    """
    if exact.free:
        means = arrays["p"].mean(axis=1)
        note = "the mean over blocks" if exact.free == "block" else ""
        if len(means) == 1:
            return {"block.p": Estimate(float(means[0]), 0.0, "exact", note=note)}
        return {"block.p": over_draws(means, note)}
    p = exact.steps[0].block.p if exact.steps else None
    return {} if p is None else {"block.p": exact_number(p)}


def _parameter_table(arrays: Mapping[str, Floats]) -> dict[str, Floats]:
    """`block_p`[realisation, block] and `kl_reconstruction`[realisation, own or uniform]."""
    return {"block_p": arrays["p"], "kl_reconstruction": arrays["learned"]} if "p" in arrays else {}


def _tables(exact: Exact, arrays: Mapping[str, Floats], answer: Answered) -> dict[str, Floats]:
    """`correlators`[A] of two-state spins, and `log_weights_<level>`[state] and
    `spectrum_<level>`[A] of the coarse lattices.

    Spin k (row-major: cells, letters, species) is bit n-1-k of A.
    """
    out = _parameter_table(arrays)
    if "correlators" in arrays and not exact.steps:
        out["correlators"] = arrays["correlators"]
    for level in answer.levels:
        if len(level.log_weights) <= 1 << KEPT:
            out[f"log_weights_{level.level}"] = level.log_weights
            if level.spectrum is not None:
                out[f"spectrum_{level.level}"] = level.spectrum
    return out


def _warnings(realisations: Sequence[Answered]) -> Iterator[str]:
    for level in realisations[0].levels:
        if level.couplings is None:
            yield (
                f"some configurations of level {level.level} cannot occur: "
                "its Hamiltonian is infinite there, and has no couplings"
            )
