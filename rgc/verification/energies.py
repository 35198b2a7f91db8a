"""Part a: energies of the compiler's Hamiltonian against the syntax tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from rgc.flows.sampling.sampler import Sampler
from rgc.model.groups import Merged
from rgc.model.lattice import Cell, Lattice
from rgc.model.observables import Tally
from rgc.verification.certificate import Finding, unchecked, within
from rgc.verification.evaluator import Evaluator
from rgc.verification.instances import describe
from rgc.verification.quenched import realised, sums_of
from rgc.verification.states import States, every_state
from rgc.verification.subject import Subject

UNIT = 2.0**-53
"""The unit roundoff of float64."""

MOST_SITES = 2**15
"""Sites of the largest lattice on which the whole energy is evaluated."""


def check_energies(subject: Subject) -> Iterator[Finding]:
    """Compare H of the syntax tree with H = sum_g c_g S_g + constants of the compiler.

    The reference backend tallies the sums S_g.
    """
    small = subject.small
    if isinstance(small, str):
        yield unchecked("a", "energies", "H of every configuration", "L3", small)
    else:
        yield _energies(
            subject, small.sampler, every_state(small.lattice, small.spec.species), "all"
        )
    model = subject.model
    if model.pairs:
        return  # the check of pairs looks at them
    if model.lattice.sites > MOST_SITES:
        reason = (
            f"it has {model.lattice.sites} sites; the whole energy is evaluated up to {MOST_SITES}"
        )
        yield unchecked("a", "energies", f"H of the whole {describe(model.lattice)}", "L3", reason)
    else:
        yield _energies(subject, subject.sampler, subject.random(model.lattice), "random")


def _energies(subject: Subject, sampler: Sampler, states: States, which: str) -> Finding:
    model, states = sampler.model, realised(sampler, states)
    groups, of_term = (*model.merged.groups, *model.merged.constants), coefficients(sampler)
    sums = sums_of(sampler, [Tally(group) for group in groups], states, subject.reference)
    lowered = sum((float(g.coefficient(of_term)) * sums[Tally(g)] for g in groups), np.zeros(1))
    exact = hamiltonian(subject, states)
    bound = rounding(model.merged, of_term, prod(model.lattice.cells))
    where = f"{describe(model.lattice)}, {which} {states.number} configurations"
    claim = "H of the text = the compiler's groups of products, tallied"
    span = float(np.ptp(exact))
    return within(
        "a",
        "energies",
        claim,
        where,
        difference=float(abs(lowered - exact).max()),
        bound=bound,
        span_of_H=span,
    )


def hamiltonian(subject: Subject, states: States, cells: Sequence[Cell] = ()) -> Any:
    """H of each configuration from the syntax tree, or the part of it that its sums have at some
    cells.
    """
    section = subject.document.section("hamiltonian")
    written = states.as_written
    evaluator = Evaluator(
        subject.document,
        written.lattice,
        written.values,
        _small(cells, states.lattice),
        states.drawn,
    )
    return evaluator(section.body if section else None) + np.zeros(states.number)


def _small(cells: Sequence[Cell], lattice: Lattice) -> list[Cell]:
    """The cells that the spec writes which some cells of the lattice hold."""
    multiple = lattice.supercell.multiple if lattice.supercell else (1,) * lattice.dimension
    return [
        tuple(m * x + y for x, m, y in zip(cell, multiple, inside, strict=True))
        for cell in cells
        for inside in product(*map(range, multiple))
    ]


def coefficients(sampler: Sampler) -> dict[str, float]:
    """What multiplies the sum of each term."""
    return {term.name: term.coefficient for term in sampler.model.hamiltonian.terms}


def rounding(merged: Merged[Any], of_term: Mapping[str, float], cells: int) -> float:
    """A bound on the error of a float64 sum of H over so many cells, computed in two ways.

    It is 2 (n + 8) u sum |c| for n summands, where 8 allows for the roundings within a summand.
    """
    groups = (*merged.groups, *merged.constants)
    number = cells * sum(len(group.products) for group in groups)
    size = cells * sum(abs(float(g.coefficient(of_term))) * len(g.products) for g in groups)
    return float(2 * (number + 8) * UNIT * size)
