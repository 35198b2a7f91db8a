"""From the sums over all states to an answer: averages, levels, couplings, how exact and how informative the block maps are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows import contraction
from rgc.flows.block_step import Step, information
from rgc.flows.census import averages
from rgc.flows.cluster import Cluster
from rgc.flows.coarse_couplings import (
    Coupled,
    Couplings,
    coefficients,
    couplings_of,
    operator_places,
    project,
    read_couplings,
)
from rgc.flows.sample import couplings as named_couplings
from rgc.model.symmetry import Symmetry
from rgc.passes.find_symmetries import find_symmetries
from rgc.passes.fold_operators import fold_operators
from rgc.passes.generate_operators import generate_operators
from rgc.results.result import Estimate, FreeEnergy, Level, Result
from rgc.routines import routine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.enumerate import Enumerate, Exact

    Floats = NDArray[np.float64]

KEPT = 16  # spins up to which all correlators are kept as a table


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """One level beyond the first: `values` that have names of their own, `averages` of one product of each operator, `log_weights` of its
    states, and of two-state spins their `spectrum`."""

    level: int
    cluster: Cluster
    couplings: Couplings | None
    values: Mapping[str, float]
    log_weights: Floats
    averages: Mapping[str, float] = field(default_factory=dict)
    spectrum: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What one system gives, as plain numbers."""

    known: Mapping[str, float]
    measured: Mapping[str, float]
    levels: tuple[Coarse, ...] = ()
    operators: Mapping[str, float] = field(default_factory=dict)


def exact_number(value: float) -> Estimate:
    """A number without an error; null where it is not finite."""
    if not np.isfinite(value):
        return Estimate(None, None, "exact", note="not a finite number")
    return Estimate(float(value) + 0.0, 0.0, "exact")  # + 0.0: no negative zero


def enumerate_result(flow: Enumerate, arrays: Mapping[str, Floats]) -> Result:
    """The answer of one system."""
    exact, found = flow.exact, answered(flow, arrays)
    sites, log_z = exact.lattice.sites, found.known["log_z"]
    observables = {name: exact_number(value) for name, value in {**found.known, **found.measured}.items()}
    return Result(
        "enumerate",
        levels=(_first_level(exact, found), *(_level(each) for each in found.levels)),
        free_energy=(FreeEnergy("enumerate", -log_z / sites, 0.0, "exact"),),
        observables={name: each for name, each in observables.items() if name != "free_energy"},
        tables=_tables(exact, arrays, found),
        warnings=tuple(_warnings(found)),
        provenance=flow.provenance,
    )


def answered(flow: Enumerate, arrays: Mapping[str, Floats]) -> Answered:
    """Averages, then level by level what the block maps make of the weights."""
    exact, leaves = flow.exact, flow.census.leaves
    log_z, means = averages(arrays["largest"], arrays["sums"])
    known = {"log_z": log_z, "free_energy": -log_z / exact.lattice.sites}
    levels: tuple[Coarse, ...] = ()
    if exact.steps:
        with flow.backend.arrays() as xp:
            fwht = routine(flow.backend, "fwht")
            levels = tuple(_levels(exact, arrays["coarse"], means[len(leaves) :], fwht, xp))
        known |= _of_all_steps(levels)
    of_leaf = {leaf.name: means[k : k + 1] for k, leaf in enumerate(leaves)}
    of_leaf |= {name: np.array([known.get(name, np.nan)]) for name in KNOWN}
    with np.errstate(all="ignore"):
        measured = {
            each.name: float(np.ravel(each.combine(*(of_leaf[leaf.name] for leaf in each.leaves)))[0])
            for each in flow.quantities
        }
    operators = _averages(_operators(exact), arrays["correlators"]) if "correlators" in arrays else {}
    return Answered(known, measured, levels, operators)


KNOWN = ("log_z", "free_energy", "dF", "kl", "tau_defect", "information")
"""Measures that are not averages over configurations: the flow has them once all states are counted."""


def _of_all_steps(levels: Sequence[Coarse]) -> dict[str, float]:
    """dF adds up over the steps; the others belong to one step, and stand beside the measures where there is one only."""
    whole = {"dF": float(sum(each.values["dF"] for each in levels))}
    if len(levels) == 1:
        whole |= {name: levels[0].values[name] for name in ("kl", "tau_defect", "information")}
    return whole


# -- levels ------------------------------------------------------------------------------------------------------------


def _levels(exact: Exact, partial: Floats, extras: Floats, fwht: Any, xp: Any) -> Iterator[Coarse]:
    """Level 1 from what the chunks left, every further one from all states of the one before."""
    symmetries = _symmetries(exact)
    log_weights = exact.steps[0].coarse(xp.reshape(xp.asarray(partial), (-1,)), xp, 0, exact.first)
    for number, step in enumerate(exact.steps, 1):
        if number > 1:
            before = exact.steps[number - 2].blocked.coarse
            order = [before.number[spin] for spin in step.blocked.fine.spins]
            fine = contraction.reordered(log_weights, before.radices, order, xp)
            extras = _mean_extras(step, np.asarray(fine))
            log_weights = step.coarse(fine, xp)
        yield _coarse(exact, step, number, np.asarray(log_weights), extras, symmetries, fwht, xp)


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
    symmetries: Sequence[Symmetry],
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
    if not cluster.binary:
        found = project(cluster, exact.hamiltonian, log_weights, fwht, xp)
        values |= {"constant": -found.constant / sites, "rest": found.rest}
        return Coarse(number, cluster, found, values, log_weights)
    coupled = couplings_of(cluster, exact.hamiltonian, symmetries)
    c = coefficients(cluster, log_weights, fwht, xp)
    found = read_couplings(coupled, c)
    values |= {"constant": -found.constant / sites, "rest": found.rest}
    correlators = np.asarray(fwht(xp.asarray(np.exp(log_weights - log_z))))
    return Coarse(number, cluster, found, values, log_weights, _averages(coupled, correlators), c)


def _symmetries(exact: Exact) -> tuple[Symmetry, ...]:
    """Those of lattice, block maps and Hamiltonian; of random couplings those of their distribution."""
    if not exact.cluster.binary:
        return ()
    kinds = [
        [spins for weight, spins in term.products if weight == each]
        for term in exact.hamiltonian.terms
        if term.coefficient
        for each in {weight for weight, _ in term.products}
    ]
    blocks = tuple(dict.fromkeys(step.block for step in exact.steps))
    return find_symmetries(exact.lattice, blocks, kinds)


# -- averages ----------------------------------------------------------------------------------------------------------


def _operators(exact: Exact) -> tuple[Coupled, ...]:
    """The operators of range 2 with up to 4 spins, as far as the lattice tells them apart; none where couplings are random."""
    if any(term.inhomogeneous for term in exact.hamiltonian.terms):
        return ()
    blocks = tuple(dict.fromkeys(step.block for step in exact.steps))
    operators = generate_operators(
        exact.lattice, exact.species, exact.hamiltonian, zero=exact.hamiltonian.zero, blocks=blocks
    )
    kept = [each.operator for each in fold_operators(operators, exact.lattice) if not each.flag]
    return tuple(operator_places(exact.cluster, operator) for operator in kept)


def _averages(coupled: Sequence[Coupled], correlators: Floats) -> dict[str, float]:
    """The average of one product of each, in the signs of the spins."""
    return {
        each.name: float(sum(abs(n) * correlators[mask] for mask, n in each.places.items()))
        / sum(map(abs, each.places.values()))
        for each in coupled
        if each.places
    }


# -- the answer --------------------------------------------------------------------------------------------------------


def _first_level(exact: Exact, found: Answered) -> Level:
    constants = (
        term.coefficient * weight
        for term in exact.hamiltonian.terms
        for weight, spins in term.products
        if not spins
    )
    cells = exact.lattice.sites / len(exact.lattice.basis)
    constant = sum(constants) * cells / exact.lattice.sites
    observables = {
        name: exact_number(value) for name, value in {**found.operators, "constant": constant}.items()
    }
    return Level(0, exact.lattice.cells, named_couplings(exact.hamiltonian), observables)


def _level(coarse: Coarse) -> Level:
    couplings = coarse.couplings.values if coarse.couplings is not None else {}
    named = {name: exact_number(value) for name, value in couplings.items()}
    observables = {name: exact_number(value) for name, value in {**coarse.averages, **coarse.values}.items()}
    return Level(coarse.level, coarse.cluster.lattice.cells, named, observables)


def _tables(exact: Exact, arrays: Mapping[str, Floats], found: Answered) -> dict[str, Floats]:
    """`correlators`[A] of two-state spins, spin k (row-major: cells, letters, species) being bit n-1-k of A; `log_weights_<level>`[state]
    and `spectrum_<level>`[A] of the coarse lattices."""
    out: dict[str, Floats] = {}
    if "correlators" in arrays and not exact.steps and len(exact.cluster.spins) <= KEPT:
        out["correlators"] = arrays["correlators"]
    for each in found.levels:
        if len(each.log_weights) <= 1 << KEPT:
            out[f"log_weights_{each.level}"] = each.log_weights
            if each.spectrum is not None:
                out[f"spectrum_{each.level}"] = each.spectrum
    return out


def _warnings(found: Answered) -> Iterator[str]:
    for each in found.levels:
        if each.couplings is None:
            yield f"some configurations of level {each.level} cannot occur: its Hamiltonian is infinite there, and has no couplings"
