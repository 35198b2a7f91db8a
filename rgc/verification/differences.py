"""Part a: the acceptance that the compiled program implies for every flip, or move to another
state, against energy differences of the syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from rgc.flows.sampling.sampler import Sampler
from rgc.model.lattice import Cell, Lattice
from rgc.program.lattice.nodes import Accept, Bernoulli, Logistic, Store
from rgc.program.lattice.program import Program
from rgc.syntax import ast
from rgc.verification.certificate import Finding, unchecked, within
from rgc.verification.chances import outcomes, stored
from rgc.verification.energies import UNIT, coefficients, hamiltonian, rounding
from rgc.verification.evaluator import Evaluator
from rgc.verification.instances import describe
from rgc.verification.quenched import realised
from rgc.verification.schedule import sites
from rgc.verification.states import States, every_state
from rgc.verification.subject import Subject

PLACES = 48
"""The number of sites of the user's lattice that are checked, spread over all site sets."""

Site = tuple[int, Cell, tuple[int, ...]]
"""The rule of a site, its cell, and the position of its spin in codes[species, *cells, letter,
configuration].
"""

FREE, LAZY = 0.01, 7 / 8
"""In kT. Metropolis flips a spin for which H changes by less only 7/8 as often, unless it weighs
its energies.
"""


def claimed(update: str, form: str, change: Any, nearly: float = 1.0) -> Any:
    """The probability of a flip that changes H by `change`, according to the description of the
    update.

    With `nearly` the limit below which flips are free is multiplied by it.
    """
    if update == "heat_bath":
        return np.exp(-np.logaddexp(0, change))
    slow = (
        LAZY
        if update == "lazy"
        else np.where((form != "weigh") & (abs(change) * nearly < FREE), LAZY, 1)
    )
    return slow * np.exp(-np.maximum(change, 0))


def check_differences(subject: Subject) -> Iterator[Finding]:
    """Compare every flip of every configuration of the small instance, and flips at some sites of
    every site set of the user's lattice.

    The probabilities must obey p(there) = p(back) exp(-dE), and be those that the update claims.
    Thresholds are read back from their bit planes.
    """
    small = subject.small
    if isinstance(small, str):
        yield unchecked("a", "energy differences", "every flip of every configuration", "L3", small)
    else:
        sampler = small.sampler
        states = realised(sampler, every_state(small.lattice, small.spec.species))
        energies, flips = hamiltonian(subject, states), Flips(small.sampler)
        for site in places(sampler.update.program):
            chances = move_chances(sampler, site, states)
            for step, there in chances.items():
                other, back = states.moved(site[2], step), chances[len(chances) + 1 - step]
                change = energies[other] - energies
                flips.look(site, there, back[other], change, small.lattice.cells)
        yield flips.finding(f"{small.name}, all {states.number} configurations")
    if not subject.model.pairs:  # the check of pairs looks at them
        yield _own(subject)


def _own(subject: Subject) -> Finding:
    sampler, lattice = subject.sampler, subject.model.lattice
    states, flips = realised(sampler, subject.random(lattice)), Flips(sampler)
    reach = _reach(subject)
    chosen = list(places(sampler.update.program, PLACES))
    for site in chosen:
        window = _window(site[1], reach, lattice)
        there, before = move_chances(sampler, site, states), hamiltonian(subject, states, window)
        for step in states.steps(site[2]):
            with states.turned(site[2], step):
                back, after = (
                    move_chances(sampler, site, states)[len(there) + 1 - step],
                    hamiltonian(subject, states, window),
                )
            flips.look(site, there[step], back, after - before, window)
    return flips.finding(
        f"{describe(lattice)}, {len(chosen)} sites in {states.number} random configurations"
    )


def places(program: Program, most: int | None = None) -> Iterator[Site]:
    """The sites of a sweep, or about `most` of them."""
    for rule, number, cell in sites(program, most):
        (field,) = {node.field for node in rule.nodes if isinstance(node, Store)}
        yield number, cell, (field, *cell, rule.letter)


def move_chances(sampler: Sampler, site: Site, states: States) -> dict[int, Any]:
    """By how many codes the spin of a site can move, and the probability that an update moves it by
    so many, in each configuration. Raises `Entangled`.
    """
    program, (number, cell, place) = sampler.update.program, site
    rule, before = program.rules[number], states.codes[place].astype(int)
    if len(states.steps(place)) == 1:
        ((_, word),) = stored(program, rule, cell, sampler.arguments, states.planes)
        down = word.chance + np.zeros(states.number)
        return {1: np.where(before == 1, 1 - down, down)}
    stores, joint = outcomes(program, rule, cell, sampler.arguments, states.planes)
    planes = [store.plane for store in reversed(stores)]
    codes = [
        sum((k >> n & 1) << plane for n, plane in enumerate(planes)) for k in range(len(joint))
    ]
    of_code = joint[np.argsort(codes)]
    count, at = len(states.steps(place)) + 1, np.arange(states.number)
    return {step: of_code[(before + step) % count, at] for step in states.steps(place)}


class Flips:
    """The largest deviation among the flips of a sampler, in units of its bound."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self.difference, self.bound, self.worst, self.seen = 0.0, 0.0, "", set[float]()

    def look(self, site: Site, there: Any, back: Any, change: Any, window: Sequence[Any]) -> None:
        """Record the flips at one site.

        `there` is their probability, `back` that of the reverse flips, and `change` the change of
        H, whose sums ran over `window`.
        """
        rule, cell, _ = site
        rise = np.where(change > 0, change, 0), np.where(change < 0, -change, 0)
        balance = abs(there * np.exp(-rise[1]) - back * np.exp(-rise[0]))
        update, form = self.sampler.choice.update, self.sampler.forms[rule]
        if form != "factorised":
            either = (
                abs(there - claimed(update, form, change, nearly) / self.proposed(rule))
                for nearly in (1 - 1e-9, 1 + 1e-9)
            )
            balance = np.maximum(balance, np.minimum(*either))
        bound = self.resolution(rule, window)
        worst = int(np.argmax(balance))
        if balance[worst] * self.bound >= self.difference * bound:
            self.difference, self.bound = float(balance[worst]), bound
            self.worst = (
                f"at {cell} a flip with dE = {change[worst]:.6g} has probability "
                f"{there[worst]:.6g}, the way back {back[worst]:.6g}"
            )
        self.seen |= set(np.unique(np.round(change, 9)).tolist())

    def proposed(self, rule: int) -> int:
        """The number of states that a spin proposes alike."""
        program = self.sampler.update.program
        (field,) = {node.field for node in program.rules[rule].nodes if isinstance(node, Store)}
        return len(self.sampler.model.species[field].codes) - 1

    def resolution(self, rule: int, window: Sequence[Any]) -> float:
        """The deviation that rounding allows.

        It counts 2^-P for each threshold, 3 * 2^-32 for the tables of `Accept` and `Logistic`,
        2^-20 kT for each weight, both ways, and the rounding of two energies.
        """
        program, model = self.sampler.update.program, self.sampler.model
        nodes = program.rules[rule].nodes
        drawn = sum(isinstance(node, Bernoulli) for node in nodes) * 2.0**-program.planes
        lanes = any(isinstance(node, Accept | Logistic) for node in nodes)
        weighed = lanes * (3 * 2.0**-32 + sum(self.sampler.update.sizes[rule]) * 2.0**-20)
        cells = int(np.prod(window)) if np.ndim(window) == 1 else len(window)
        return (
            2 * (drawn + weighed + rounding(model.merged, coefficients(self.sampler), cells))
            + 16 * UNIT
        )

    def finding(self, where: str) -> Finding:
        claim = (
            "flips obey p(there) = p(back) exp(-dE), as "
            f"{self.sampler.choice.update.replace('_', ' ')} says"
        )
        figures = {"values_of_dE": len(self.seen), "largest_dE": max(self.seen, default=0.0)}
        finding = within(
            "a",
            "energy differences",
            claim,
            where,
            difference=self.difference,
            bound=self.bound,
            **figures,
        )
        return (
            finding
            if finding.verdict == "passed"
            else finding.saying(f"{finding.detail}: {self.worst}")
        )


# -- the part of H that one spin can change --------------------------------------------------------


class _Probe(Evaluator):
    """An evaluator that records which cells a sum reads."""

    seen: list[Cell]

    def folded(self, site: Any) -> tuple[int, ...]:
        self.seen.append(site.cell)
        return super().folded(site)


def _reach(subject: Subject) -> tuple[int, ...]:
    """How far along each axis the summands of one cell read."""
    lattice = subject.model.lattice
    middle = tuple(size // 2 for size in lattice.cells)
    one = States(
        lattice,
        subject.spec.species,
        np.zeros((len(subject.spec.species), *lattice.cells, len(lattice.basis), 1), np.uint8),
        False,
    )
    drawn = realised(subject.sampler, one).drawn
    probe = _Probe(subject.document, lattice, one.values, [middle], drawn)
    probe.seen = [middle]
    section = subject.document.section("hamiltonian")
    probe(section.body if section else ast.Number("0"))
    return tuple(int(x) for x in abs(np.array(probe.seen) - middle).max(axis=0))


def _window(cell: Cell, reach: tuple[int, ...], lattice: Lattice) -> list[Cell]:
    """The cells whose summands read a cell."""
    axes = [
        sorted(
            {
                y % size if edge != "open" else y
                for y in range(x - r, x + r + 1)
                if edge != "open" or 0 <= y < size
            }
        )
        for x, r, size, edge in zip(cell, reach, lattice.cells, lattice.boundary, strict=True)
    ]
    return list(product(*axes))
