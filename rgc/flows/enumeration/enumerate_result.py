"""From the sums over all states to an answer: averages, levels, couplings, and how exact and how
informative the block maps are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.block_step import Step, information
from rgc.flows.enumeration.census import averages
from rgc.flows.enumeration.cluster import Cluster
from rgc.flows.enumeration.coarse_couplings import (
    Coupled,
    Couplings,
    coefficients,
    couplings_of,
    largest,
    named,
    operator_places,
    project,
    read_couplings,
)
from rgc.flows.enumeration.realisations import exact_number, over_draws, together
from rgc.flows.enumeration.rounding import settled, without_rounding
from rgc.flows.sampling.sample import couplings as named_couplings
from rgc.flows.study.coupling_flow import provenance
from rgc.flows.study.coupling_result import coupling_result
from rgc.model.graphs import PLACELESS
from rgc.model.supercells import as_written
from rgc.passes.find_turns import Turn, find_turns
from rgc.passes.fold_operators import fold_operators
from rgc.passes.generate_operators import generate_operators
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
class CoarseLevel:
    """One level beyond the first.

    - `values` are numbers that have names of their own.
    - `averages` holds the average of one product of each operator.
    - `log_weights` are those of its states.
    - For two-state spins there are also their `spectrum` and the `coupled` sets of spins.
    - `notes` say of values what else there is to know.
    """

    level: int
    cluster: Cluster
    couplings: Couplings | None
    values: Mapping[str, float]
    log_weights: Floats
    averages: Mapping[str, float] = field(default_factory=dict)
    spectrum: Floats | None = None
    coupled: tuple[Coupled, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


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
            levels = tuple(_levels(exact, steps, partial, extras, fwht=fwht, xp=xp))
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


# -- levels ----------------------------------------------------------------------------------------


def _levels(
    exact: Exact, steps: Sequence[Step], partial: Floats, extras: Floats, *, fwht: Any, xp: Any
) -> Iterator[CoarseLevel]:
    """Level 1 from what the chunks left, every further one from all states of the one before."""
    turns = turns_of(exact)
    log_weights = steps[0].coarse(xp.reshape(xp.asarray(partial), (-1,)), xp, 0, exact.first)
    for number, step in enumerate(steps, 1):
        if number > 1:
            before = steps[number - 2].blocked.coarse
            order = [before.number[spin] for spin in step.blocked.fine.spins]
            fine = contraction.reordered(log_weights, before.radices, order, xp)
            extras = _mean_extras(step, np.asarray(fine))
            log_weights = step.coarse(fine, xp)
        yield _coarse_level(
            exact, step, number, np.asarray(log_weights), extras, turns=turns, fwht=fwht, xp=xp
        )


def _mean_extras(step: Step, log_weights: Floats) -> Floats:
    """The averages of `Step.extras` over the states of a coarse lattice."""
    share = np.exp(log_weights - log_weights.max())
    return np.array([(share * extra).sum() for extra in step.extras(0, ())]) / float(share.sum())


def _coarse_level(
    exact: Exact,
    step: Step,
    number: int,
    log_weights: Floats,
    extras: Floats,
    *,
    turns: Sequence[Turn],
    fwht: Any,
    xp: Any,
) -> CoarseLevel:
    cluster, sites = step.blocked.coarse, exact.lattice.sites
    exactness = step.exactness(extras)
    log_z = float(contraction.log_sum(log_weights, 0, np))
    values = {
        "log_z": log_z,
        "dF": exactness.dF,
        "kl": exactness.kl,
        "tau_defect": exactness.tau_defect,
        "information": information(log_weights, log_z, exactness.noise),
    }
    if not np.isfinite(log_weights).all():
        return CoarseLevel(number, cluster, None, values, log_weights)
    if not cluster.two_states:
        couplings = project(cluster, exact.hamiltonian, log_weights, fwht, xp)
        values |= {"constant": -couplings.constant / sites, "rest": couplings.rest}
        return CoarseLevel(number, cluster, couplings, values, log_weights)
    every = couplings_of(cluster, exact.hamiltonian, turns)
    coupled = named(every)
    c = coefficients(cluster, log_weights, fwht, xp)
    couplings = read_couplings(cluster, coupled, c)
    values |= {"constant": -couplings.constant / sites, "rest": couplings.rest}
    values["largest_coupling"], generated = largest(every, couplings.values, c)
    correlators = np.asarray(fwht(xp.asarray(np.exp(log_weights - log_z))))
    return CoarseLevel(
        level=number,
        cluster=cluster,
        couplings=couplings,
        values=values,
        log_weights=log_weights,
        averages=averages_of(coupled, correlators),
        spectrum=c,
        coupled=coupled,
        notes={"largest_coupling": generated} if generated else {},
    )


def turns_of(exact: Exact) -> tuple[Turn, ...]:
    """The symmetries by which couplings are classed.

    None are needed where couplings are projected on the terms of the spec.
    """
    if not exact.cluster.two_states:
        return ()
    blocks = tuple(dict.fromkeys(step.block for step in exact.steps))
    return find_turns(exact.lattice, exact.species, exact.hamiltonian, blocks)


# -- averages --------------------------------------------------------------------------------------


def operators_of(exact: Exact) -> tuple[Coupled, ...]:
    """The operators of range 2 with up to 4 spins, as far as the lattice tells them apart.

    There are none where couplings are random or a lattice has no distances.
    """
    if exact.lattice.name in PLACELESS or any(
        term.inhomogeneous for term in exact.hamiltonian.terms
    ):
        return ()
    blocks = tuple(dict.fromkeys(step.block for step in exact.steps))
    operators = generate_operators(
        exact.lattice, exact.species, exact.hamiltonian, zero=exact.hamiltonian.zero, blocks=blocks
    )
    kept = [
        folded.operator for folded in fold_operators(operators, exact.lattice) if not folded.flag
    ]
    placed = (operator_places(exact.cluster, operator) for operator in kept)
    return tuple(coupling for coupling in placed if coupling.places)


def averages_of(coupled: Sequence[Coupled], correlators: Floats) -> dict[str, float]:
    """The average of one product of each, in the signs of the spins; 0 where symmetry leaves no
    more than rounding.
    """
    return {
        coupling.name: without_rounding(
            float(sum(abs(n) * correlators[mask] for mask, n in coupling.places.items()))
            / sum(map(abs, coupling.places.values())),
            1.0,
        )
        for coupling in coupled
    }


# -- the answer ------------------------------------------------------------------------------------


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
