"""Part b of a cluster update: a turn of clusters as a Markov chain.

The program is followed, site by site and with the probability of every outcome of its draws, from
each state of a tiny instance. What is repeated until nothing changes is repeated here in order of
the schedule.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from rgc.backend import Arguments
from rgc.flows.sampling.clusters import Clusters
from rgc.flows.sampling.labels import Labels
from rgc.flows.sampling.sampler import Sampler
from rgc.model_to_program.clusters_to_program import around
from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.nodes import Bernoulli
from rgc.program.lattice.program import Program
from rgc.routines import routine
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.chances import outcomes
from rgc.verification.energies import UNIT, coefficients, hamiltonian, rounding
from rgc.verification.instances import Instance, describe
from rgc.verification.matrix import communicating, flows_of
from rgc.verification.schedule import writes
from rgc.verification.states import States, every_state, pack, unpack
from rgc.verification.subject import Subject

MOST = 1 << 21
"""Outcomes that are followed at one time."""


class TooMany(ValueError):
    """There are more than `MOST` outcomes."""


def check_turns(subject: Subject) -> Iterator[Finding]:
    """Check that a turn of clusters draws every bond and reflects every spin once, that it is in
    detailed balance with exp(-H), up to what thresholds and rounding allow, and that turns reach
    every state. Nothing for other updates.
    """
    turned = subject.sampler.clusters
    if not isinstance(turned, Clusters):
        return
    yield _schedule(subject.sampler, turned)
    instance, claim = (
        subject.followed,
        "a turn of clusters is in detailed balance with exp(-H)",
    )
    if isinstance(instance, str):
        yield unchecked("b", "clusters", claim, "L3", instance)
        return
    states, clusters = (
        every_state(instance.lattice, instance.spec.species),
        instance.sampler.clusters,
    )
    if not isinstance(clusters, Clusters):
        raise ValueError("an instance updates as its spec does")
    try:
        chances, again = (transitions(clusters, states, full) for full in (False, True))
    except TooMany as error:
        yield unchecked("b", "clusters", claim, "L3", str(error))
        return
    energies = hamiltonian(subject, states)
    flows = flows_of(energies, chances)
    where = f"{instance.name}, {states.number} states"
    yield within(
        "b",
        "clusters",
        claim,
        where,
        difference=float(np.abs(flows - flows.T).sum() / 2),
        bound=_allowed(instance, clusters.update.program) + 16 * UNIT * states.number,
        turned=float(1 - np.trace(flows)),
    )
    reached, _ = communicating(chances, int(np.argmin(energies)))
    apart = int((~reached).sum())
    complaint = f"{apart} states are never reached from the others" if apart else ""
    if not np.array_equal(chances, again):
        complaint = "a turn hangs on what the last one has left in fields of its own"
    claim = "turns of clusters forget each other, and reach every state from every state"
    yield judged("b", "clusters", claim, where, level="L4", complaint=complaint, apart=apart)


def _schedule(sampler: Sampler, clusters: Clusters) -> Finding:
    """Count what a turn on the user's lattice writes: bonds against pairs of the Hamiltonian."""
    lattice, kinds = sampler.model.lattice, len(sampler.model.species)
    *spins, bonds = writes(clusters.update.program)[: kinds + 1]
    pairs = {
        tuple(sorted(spin.shifted(tuple(-x for x in product[0].cell)) for spin in product)): reach
        for group in sampler.model.merged.groups
        for product, reach in zip(group.products, group.reaches, strict=True)
        if len(product) == 2
    }
    expected = sum(
        prod(
            size - (high - low if edge == "open" else 0)
            for size, (low, high), edge in zip(lattice.cells, reach, lattice.boundary, strict=True)
        )
        for reach in pairs.values()
    )
    drawn, complaint = int(bonds.sum()), ""
    if drawn != expected or bonds.max(initial=0) > 1:
        complaint = f"{drawn} bonds are drawn for {expected} pairs of spins"
    elif any((counts != 1).any() for counts in spins):
        complaint = "a turn does not write every spin once"
    claim = "a turn of clusters draws every bond and writes every spin once"
    where = describe(lattice)
    return judged("b", "clusters", claim, where, level="L1", complaint=complaint, bonds=drawn)


def _allowed(instance: Instance, program: Program) -> float:
    """The flow that rounding may leave without its way back: 2^-P for each threshold that a turn
    decides by, and the rounding of energies, both ways."""
    drawn = sum(
        len(cell_table(stage.cells, program.shape))
        * sum(isinstance(node, Bernoulli) for node in program.rules[stage.rule].nodes)
        for stage in program.schedule
    )
    sampler, cells = instance.sampler, prod(instance.lattice.cells)
    rounded = rounding(sampler.model.merged, coefficients(sampler), cells)
    return 2 * (drawn * 2.0**-program.planes + rounded)


def transitions(clusters: Clusters, states: States, full: bool = False) -> Any:
    """P[from, to] of a turn, float64[state, state], where fields besides the spins begin empty or
    full of ones. Raises `TooMany`.
    """
    program, labels = clusters.update.program, clusters.labels
    found, cut = Outcomes(program, clusters.arguments, states, full), -1
    if labels is not None:
        cut = len(around(program, clusters.species)[0].schedule)
    for turn in program.turns:
        if labels is not None and turn.start == cut:
            found.choose(labels, clusters)
        found.turn(turn)
    matrix = np.zeros((states.number, states.number))
    np.add.at(matrix, (found.origin, found.after()), found.chance)
    return matrix


class Outcomes:
    """What has happened so far: the fields bool[plane, *shape, letter, outcome], from which state
    each began, and how likely it was."""

    def __init__(self, program: Program, arguments: Arguments, states: States, full: bool) -> None:
        self.program, self.arguments, self.states = program, arguments, states
        spins = states.planes
        self.fields = [
            *spins,
            *(
                np.full((each.planes, *each.shape, each.letters, states.number), full)
                for each in program.fields[len(spins) :]
            ),
        ]
        self.origin, self.chance = np.arange(states.number), np.ones(states.number)

    def run(self) -> None:
        """Run the whole schedule."""
        for turn in self.program.turns:
            self.turn(turn)

    def turn(self, turn: range) -> None:
        """Run a stage, or several together until nothing changes."""
        changed = True
        while changed:
            changed = max([self.stage(number) for number in turn])
            changed &= bool(self.program.schedule[turn.start].until)

    def stage(self, number: int) -> bool:
        """Run a stage, and say whether it changed a bit."""
        stage, changed = self.program.schedule[number], False
        for cell in cell_table(stage.cells, self.program.shape).tolist():
            changed |= self._site(stage.rule, tuple(cell))
        return changed

    def _site(self, number: int, cell: tuple[int, ...]) -> bool:
        rule = self.program.rules[number]
        stores, joint = outcomes(self.program, rule, cell, self.arguments, self.fields)
        which, before = np.nonzero(joint)
        if len(before) > MOST:
            raise TooMany(f"the draws of a turn have more than {MOST} outcomes")
        self.chance = self.chance[before] * joint[which, before]
        self.origin, changed = self.origin[before], False
        fields = [field[..., before] for field in self.fields]
        for k, store in enumerate(reversed(stores)):
            _, plane, letter = store.place(rule.letter)
            place = (plane, *cell, letter)
            bits = which >> k & 1 == 1
            changed |= bool((fields[store.field][place] != bits).any())
            fields[store.field][place] = bits
        self.fields = fields
        return changed

    def choose(self, labels: Labels, clusters: Clusters) -> None:
        """Put the coin of its cluster in the place of that of each spin."""
        bound, reached = clusters.species, clusters.species + 1
        coins, bonds = (np.stack(pack(self.fields[number])) for number in (reached, bound))
        chosen = labels.chosen(coins, bonds, routine(clusters.backend, "clusters"))
        self.fields[reached] = unpack(chosen)[..., : len(self.origin)]

    def after(self) -> Any:
        """The number of the state of each outcome."""
        digits, radices = [], []
        for spin, planes in zip(self.states.species, self.fields, strict=False):
            codes = sum(plane.astype(np.int64) << k for k, plane in enumerate(planes))
            digits += list(codes.reshape(-1, codes.shape[-1]))
            radices += [len(spin.codes)] * (codes.size // codes.shape[-1])
        return sum(digit * prod(radices[:k]) for k, digit in enumerate(digits))
