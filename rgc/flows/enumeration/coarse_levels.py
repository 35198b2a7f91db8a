"""The levels that block maps make of all states: what their weights are, which couplings these come
to, and how exact and how informative the step was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.block_step import Step, information
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
from rgc.flows.enumeration.rounding import without_rounding
from rgc.model.graphs import PLACELESS
from rgc.passes.find_turns import Turn, find_turns
from rgc.passes.fold_operators import fold_operators
from rgc.passes.generate_operators import generate_operators

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.enumeration.enumerate_model import Exact

    Floats = NDArray[np.float64]


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


def coarse_levels(
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
