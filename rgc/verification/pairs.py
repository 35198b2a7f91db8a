"""Part a, on large complete graphs: what a spin costs to flip, by the chances of the compiled
program and by the energies that are measured, against couplings that are drawn once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Any

import numpy as np

from rgc.flows.sampling.pair_couplings import make_pair_totals
from rgc.flows.sampling.sampler import Sampler
from rgc.model.hamiltonian import Term
from rgc.model.observables import Tally
from rgc.syntax import ast
from rgc.verification.certificate import Finding, within
from rgc.verification.differences import Site, claimed, move_chances, places
from rgc.verification.energies import UNIT
from rgc.verification.instances import describe
from rgc.verification.quenched import realised
from rgc.verification.states import States
from rgc.verification.subject import Subject

PLACES = 8
"""The number of sites that are looked at."""


def check_pairs(subject: Subject) -> Iterator[Finding]:
    """Compare, at some sites in random configurations, the probability of a flip and the change of
    the measured sums over pairs with the local field of the terms."""
    sampler, model = subject.sampler, subject.model
    if not model.pairs:
        return
    states = realised(sampler, subject.random(model.lattice))
    every = list(places(sampler.update.program, model.lattice.sites))
    chosen = every[:: max(1, len(every) // PLACES)]
    chance, total, scale = 0.0, 0.0, 0.0
    for site in chosen:
        own = 1.0 - 2.0 * states.codes[site[2]]
        felt = [_felt(subject, states, term, site[2][2]) for term in model.hamiltonian.terms]
        change = -2 * own * sum(felt)
        found = move_chances(sampler, site, states)[1]
        chance = max(chance, float(abs(found - claimed("heat_bath", "weigh", change)).max()))
        pairs = zip(model.hamiltonian.terms, felt, strict=True)
        of_pairs = -2 * own * sum((each for term, each in pairs if _bodies(term) == 2), 0.0)
        total = max(total, float(abs(_change(subject, states, site) - of_pairs).max()))
        scale = max(scale, float(abs(of_pairs).max()))
    where = f"{describe(model.lattice)}, {len(chosen)} sites in {states.number} configurations"
    number, bits = model.lattice.sites, 2.0**-20
    yield within(
        "a",
        "pairs",
        "flips of a spin that all others feel have the chances of the local field",
        where,
        difference=chance,
        bound=_resolution(sampler, number * bits),
    )
    yield within(
        "a",
        "pairs",
        "measured sums over pairs change by the local field when a spin is flipped",
        where,
        difference=total,
        bound=number**2 * (number + 8) * UNIT * max(scale, 1 / sqrt(number)),
    )


def _resolution(sampler: Sampler, weighed: float) -> float:
    """The deviation of a chance that rounding allows: 2^-20 kT for each other site, of which it
    takes a quarter, 3 * 2^-32 of the tables of `Logistic`, and that of the energy itself."""
    worst = float(np.abs(sampler.arguments["couplings"]).sum(axis=-2).max()) * 2.0**-20
    return weighed / 4 + 3 * 2.0**-32 + 64 * UNIT * (1 + worst)


def _bodies(term: Term) -> int:
    return max((len(product) for _, product in term.products), default=0)


def _felt(subject: Subject, states: States, term: Term, site: int) -> Any:
    """The derivative of a term by the spin of a site, in each configuration."""
    signs = 1.0 - 2.0 * states.codes[0, 0]
    weights = sum(weight for weight, product in term.products if product)
    if term.name in subject.zero or not term.of_spins:
        return 0.0
    if _bodies(term) == 1:
        return term.coefficient * weights * _number(subject, states, term, {site})
    others = [j for j in range(len(signs)) if j != site]
    row = np.array([_number(subject, states, term, {site, j}) for j in others])
    return term.coefficient * weights * (row @ signs[others])


def _number(subject: Subject, states: States, term: Term, sites: set[int]) -> float:
    """The coupling at some sites, drawn from the text once more."""
    if term.inhomogeneous is None:
        return 1.0
    name, drawn = term.inhomogeneous, states.drawn
    assert drawn is not None  # noqa: S101  # there are random couplings
    call, given = _distribution(subject, name)
    return drawn.value(name, call, given, [(0, site) for site in sorted(sites)])


def _distribution(subject: Subject, name: str) -> tuple[Any, list[float]]:
    """How a coupling is drawn, as the independent evaluator takes it; of a file it is not asked."""
    found = subject.spec.draws.get(name)
    call = ast.Call(found.distribution if found else "file", ())
    return call, list(found.arguments) if found else []


def _change(subject: Subject, states: States, site: Site) -> Any:
    """How much all sums over pairs, with their coefficients, change when a spin is flipped."""
    model, couplings = subject.model, subject.sampler.couplings.pairs
    assert couplings is not None  # noqa: S101  # there are pairs
    tallies = [Tally(each) for each in model.pairs]
    first = couplings.first_alone(64 * -(-states.number // 64))
    totals = make_pair_totals(tallies, model.pairs, first, subject.reference)
    assert totals is not None  # noqa: S101  # there are pairs

    def energy() -> Any:
        found = totals([subject.reference.pack(states.fields[0])])
        values = zip(tallies, model.pair_coefficients, strict=True)
        return sum(float(c) * found[tally][: states.number] for tally, c in values)

    before = energy()
    with states.turned(site[2], 1):
        return energy() - before
