"""From the sums over all states to an answer: averages, levels, couplings, how exact and how informative the block maps are."""

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
    operator_places,
    project,
    read_couplings,
)
from rgc.flows.enumeration.spin_classes import Turn, find_turns
from rgc.flows.sampling.observables import of_ensemble
from rgc.flows.sampling.sample import couplings as named_couplings
from rgc.flows.study.coupling_flow import provenance
from rgc.flows.study.coupling_result import coupling_result
from rgc.model.complete import COMPLETE
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
"""Measures that are no averages over configurations: the flow has them once all states are counted."""

BETTER = 1e-9
"""By how much, in nats, parameters of their own are better than a common one."""


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """One level beyond the first: `values` that have names of their own, `averages` of one product of each operator, `log_weights` of its
    states, and of two-state spins their `spectrum` and the `coupled` sets of spins."""

    level: int
    cluster: Cluster
    couplings: Couplings | None
    values: Mapping[str, float]
    log_weights: Floats
    averages: Mapping[str, float] = field(default_factory=dict)
    spectrum: Floats | None = None
    coupled: tuple[Coupled, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What one realisation gives, as plain numbers."""

    known: Mapping[str, float]
    measured: Mapping[str, float]
    levels: tuple[Coarse, ...] = ()
    operators: Mapping[str, float] = field(default_factory=dict)


def enumerate_result(asked: Enumeration, state: State) -> Result:
    """The answer: exact numbers of one system, averages over realisations of random couplings with their errors."""
    exact, arrays = asked.exact, state.arrays
    every = [answered(asked, arrays, k) for k in range(len(exact.log_weights))]
    found = _together([{**each.known, **each.measured} for each in every])
    free_energy = found.pop("free_energy")
    known = {name: number for name, number in found.items() if name in every[0].known}
    result = Result(
        asked.scheme,
        fixed_point=_parameters(exact, arrays),
        levels=(_first_level(exact, every), *_further(every)),
        free_energy=(
            FreeEnergy(
                asked.scheme, float(free_energy.value or 0.0), free_energy.error, free_energy.kind
            ),
        ),
        averages={name: number for name, number in found.items() if name not in known},
        values=known,
        tables=_tables(exact, arrays, every[0]) if len(every) == 1 else _parameter_table(arrays),
        terms=_terms(asked, every[0]),
        warnings=tuple(_warnings(every)),
        provenance=asked.provenance,
    )
    return result if asked.study is None else _with_study(result, asked, state)


def _with_study(result: Result, asked: Enumeration, state: State) -> Result:
    """Fixed point, spectrum and exponents of the recursion of couplings beside what was counted."""
    assert asked.study is not None  # noqa: S101
    found = coupling_result(asked.study, state, provenance(asked.study))
    return replace(
        result,
        exponents=found.exponents,
        fixed_point={**result.fixed_point, **found.fixed_point},
        eigenvalues=found.eigenvalues,
        values={**result.values, **found.values},
        critical=found.critical,
        tables={**result.tables, **found.tables},
        warnings=(*result.warnings, *found.warnings),
        provenance={**found.provenance, **result.provenance},
    )


def exact_number(value: float) -> Estimate:
    """A number without an error; null where it is not finite."""
    if not np.isfinite(value):
        return Estimate(None, None, "exact", note="not a finite number")
    return Estimate(float(value) + 0.0, 0.0, "exact")  # + 0.0: no negative zero


def _together(every: Sequence[Mapping[str, float]]) -> dict[str, Estimate]:
    """The numbers of one realisation, or the averages over several and their standard errors."""
    if len(every) == 1:
        return {name: exact_number(value) for name, value in every[0].items()}
    found = {}
    for name in every[0]:
        values = np.array([each.get(name, np.nan) for each in every])
        if np.isfinite(values).all():
            error = float(values.std(ddof=1) / np.sqrt(len(values)))
            found[name] = Estimate(float(values.mean()), error, statistical=error)
        else:
            found[name] = Estimate(None, None, note="not a finite number in every realisation")
    return found


def answered(asked: Enumeration, arrays: Mapping[str, Floats], realisation: int) -> Answered:
    """Averages, then level by level what the block maps make of the weights."""
    exact, averaged = asked.exact, asked.census.averages
    log_z, means = averages(arrays["largest"][realisation], arrays["sums"][realisation])
    known = {"log_z": log_z, "free_energy": -log_z / exact.lattice.sites}
    levels: tuple[Coarse, ...] = ()
    if exact.steps:
        steps = asked.steps_of(realisation, arrays)
        with asked.backend.arrays() as xp:
            fwht, partial = routine(asked.backend, "fwht"), arrays["coarse"][realisation]
            levels = tuple(_levels(exact, steps, partial, means[len(averaged) :], fwht, xp))
        known |= _of_all_steps(levels)
    if exact.free:
        own, common = map(float, arrays["learned"][realisation])
        known |= {
            "kl_reconstruction": own,
            "kl_uniform": common,
            "improved": float(own < common - BETTER),
        }
    found = dict(zip(averaged, means, strict=False))
    measured = {each.name: float(of_ensemble(each, found, known)) for each in asked.observables}
    names = [each.name for each in operators_of(exact)] if "operators" in arrays else []
    operators = {name: float(arrays["operators"][k]) for k, name in enumerate(names)}
    return Answered(known, measured, levels, operators)


def _of_all_steps(levels: Sequence[Coarse]) -> dict[str, float]:
    """dF adds up over the steps; the others belong to one step, and stand beside the measures where there is one only."""
    whole = {"dF": float(sum(each.values["dF"] for each in levels))}
    if len(levels) == 1:
        whole |= {name: levels[0].values[name] for name in ("kl", "tau_defect", "information")}
    return whole


# -- levels ------------------------------------------------------------------------------------------------------------


def _levels(
    exact: Exact, steps: Sequence[Step], partial: Floats, extras: Floats, fwht: Any, xp: Any
) -> Iterator[Coarse]:
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
        yield _coarse(exact, step, number, np.asarray(log_weights), extras, turns, fwht, xp)


def _mean_extras(step: Step, log_weights: Floats) -> Floats:
    """The averages of `Step.extras` over the states of a coarse lattice."""
    share = np.exp(log_weights - log_weights.max())
    return np.array([(share * each).sum() for each in step.extras(0, ())]) / float(share.sum())


def _coarse(
    exact: Exact,
    step: Step,
    number: int,
    log_weights: Floats,
    extras: Floats,
    turns: Sequence[Turn],
    fwht: Any,
    xp: Any,
) -> Coarse:
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
        return Coarse(number, cluster, None, values, log_weights)
    if not cluster.two_states:
        found = project(cluster, exact.hamiltonian, log_weights, fwht, xp)
        values |= {"constant": -found.constant / sites, "rest": found.rest}
        return Coarse(number, cluster, found, values, log_weights)
    coupled = couplings_of(cluster, exact.hamiltonian, turns)
    c = coefficients(cluster, log_weights, fwht, xp)
    found = read_couplings(cluster, coupled, c)
    values |= {"constant": -found.constant / sites, "rest": found.rest}
    correlators = np.asarray(fwht(xp.asarray(np.exp(log_weights - log_z))))
    means = averages_of(coupled, correlators)
    return Coarse(number, cluster, found, values, log_weights, means, c, coupled)


def turns_of(exact: Exact) -> tuple[Turn, ...]:
    """The symmetries by which couplings are classed; none are needed where couplings are projected on the terms of the spec."""
    if not exact.cluster.two_states:
        return ()
    blocks = tuple(dict.fromkeys(step.block for step in exact.steps))
    return find_turns(exact.lattice, exact.species, exact.hamiltonian, blocks)


# -- averages ----------------------------------------------------------------------------------------------------------


def operators_of(exact: Exact) -> tuple[Coupled, ...]:
    """The operators of range 2 with up to 4 spins, as far as the lattice tells them apart; none where couplings are random or a lattice
    has no distances."""
    if exact.lattice.name == COMPLETE or any(
        term.inhomogeneous for term in exact.hamiltonian.terms
    ):
        return ()
    blocks = tuple(dict.fromkeys(step.block for step in exact.steps))
    operators = generate_operators(
        exact.lattice, exact.species, exact.hamiltonian, zero=exact.hamiltonian.zero, blocks=blocks
    )
    kept = [each.operator for each in fold_operators(operators, exact.lattice) if not each.flag]
    placed = (operator_places(exact.cluster, operator) for operator in kept)
    return tuple(each for each in placed if each.places)


def averages_of(coupled: Sequence[Coupled], correlators: Floats) -> dict[str, float]:
    """The average of one product of each, in the signs of the spins."""
    return {
        each.name: float(sum(abs(n) * correlators[mask] for mask, n in each.places.items()))
        / sum(map(abs, each.places.values()))
        for each in coupled
    }


# -- the answer --------------------------------------------------------------------------------------------------------


def _first_level(exact: Exact, every: Sequence[Answered]) -> Level:
    constants = (
        term.coefficient * weight
        for term in exact.hamiltonian.terms
        for weight, spins in term.products
        if not spins
    )
    constant = exact_number(sum(constants) / len(exact.lattice.basis))
    operators = _together([each.operators for each in every])
    couplings = named_couplings(exact.hamiltonian)
    return Level(0, exact.lattice.cells, couplings, operators, {"constant": constant})


def _further(every: Sequence[Answered]) -> Iterator[Level]:
    for k, first in enumerate(every[0].levels):
        same = [each.levels[k] for each in every]
        couplings = _together([each.couplings.values if each.couplings else {} for each in same])
        averages = _together([each.averages for each in same])
        values = _together([each.values for each in same])
        yield Level(first.level, first.cluster.lattice.cells, couplings, averages, values)


def _terms(asked: Enumeration, found: Answered) -> dict[str, str]:
    """The sums that the couplings which the spec does not name multiply."""
    spec = asked.exact.spec
    return {
        coupled.name: sum_text([(1.0, spins) for spins in coupled.products], spec)
        for level in found.levels
        for coupled in level.coupled
        if coupled.products
    }


def _parameters(exact: Exact, arrays: Mapping[str, Floats]) -> dict[str, Estimate]:
    """`block.p`: the parameter of kadanoff, given or found; of several the mean over blocks and realisations."""
    if exact.free:
        means = arrays["p"].mean(axis=1)
        note = "the mean over blocks" if exact.free == "block" else ""
        if len(means) == 1:
            return {"block.p": Estimate(float(means[0]), 0.0, "exact", note=note)}
        error = float(means.std(ddof=1) / np.sqrt(len(means)))
        return {"block.p": Estimate(float(means.mean()), error, statistical=error, note=note)}
    p = exact.steps[0].block.p if exact.steps else None
    return {} if p is None else {"block.p": exact_number(p)}


def _parameter_table(arrays: Mapping[str, Floats]) -> dict[str, Floats]:
    """`block_p`[realisation, block] and `kl_reconstruction`[realisation, own or uniform]."""
    return {"block_p": arrays["p"], "kl_reconstruction": arrays["learned"]} if "p" in arrays else {}


def _tables(exact: Exact, arrays: Mapping[str, Floats], found: Answered) -> dict[str, Floats]:
    """`correlators`[A] of two-state spins, spin k (row-major: cells, letters, species) being bit n-1-k of A; `log_weights_<level>`[state]
    and `spectrum_<level>`[A] of the coarse lattices."""
    out = _parameter_table(arrays)
    if "correlators" in arrays and not exact.steps:
        out["correlators"] = arrays["correlators"]
    for each in found.levels:
        if len(each.log_weights) <= 1 << KEPT:
            out[f"log_weights_{each.level}"] = each.log_weights
            if each.spectrum is not None:
                out[f"spectrum_{each.level}"] = each.spectrum
    return out


def _warnings(every: Sequence[Answered]) -> Iterator[str]:
    for each in every[0].levels:
        if each.couplings is None:
            yield f"some configurations of level {each.level} cannot occur: its Hamiltonian is infinite there, and has no couplings"
