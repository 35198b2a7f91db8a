"""Part b of exchanges of clusters between two copies: one of them as a Markov chain of pairs of
configurations.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from rgc.flows.sampling.copies import Copies, make_copies
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.energies import UNIT, coefficients, hamiltonian, rounding
from rgc.verification.instances import Instance
from rgc.verification.matrix import flows_of
from rgc.verification.quenched import realised
from rgc.verification.states import States, every_state
from rgc.verification.subject import Subject
from rgc.verification.turns import MOST, Outcomes, TooMany

FIRST = 64
"""Pairs that are followed first, where there are too many to follow them all."""


def check_copies(subject: Subject) -> Iterator[Finding]:
    """Check that an exchange of clusters between two copies leaves the sum of their energies as it
    is, that it is in detailed balance with exp(-H(a) - H(b)), and that it forgets the last one.
    Nothing for other updates.
    """
    if not isinstance(subject.sampler.clusters, Copies):
        return
    instance = subject.followed
    claim = "an exchange of clusters is in detailed balance with exp(-H(a) - H(b))"
    if isinstance(instance, str):
        yield unchecked("b", "clusters", claim, "L3", instance)
        return
    small = _Small(subject, instance)
    try:
        after, chances = small.transitions()
        again = small.transitions(full=True)
    except TooMany as error:
        yield unchecked("b", "clusters", claim, "L3", str(error))
        return
    where = f"{instance.name}, {len(small.numbers)} pairs of {small.single} states"
    sums = small.energies(small.numbers)
    matrix = np.zeros((len(sums), len(sums)))
    origin, places = after[0], np.searchsorted(small.numbers, after[1])
    inside = small.numbers[np.minimum(places, len(sums) - 1)] == after[1]
    np.add.at(matrix, (origin[inside], places[inside]), chances[inside])
    flows = flows_of(sums, matrix)
    rounded = 2 * small.rounded
    yield within(
        "b",
        "clusters",
        claim,
        where,
        difference=float(np.abs(flows - flows.T).sum() / 2),
        bound=rounded + 16 * UNIT * len(sums),
        turned=float(1 - np.trace(flows)),
    )
    yield within(
        "b",
        "clusters",
        "an exchange of clusters leaves H(a) + H(b) as it is",
        where,
        difference=float(np.abs(small.energies(after[1]) - sums[origin]).max()),
        bound=rounded,
    )
    same = all(
        np.array_equal(a, b) for a, b in zip((*after, chances), (*again[0], again[1]), strict=True)
    )
    complaint = ""
    if not inside.all():
        complaint = "pairs are reached that do not lead back"
    elif not same:
        complaint = "an exchange hangs on what the last one has left in fields of its own"
    elif np.trace(flows) > 1 - 1e-9:
        complaint = "nothing is ever exchanged"
    elif (np.diag(matrix) <= 0).any():
        complaint = "no pair may stay as it is: all clusters are exchanged together"
    claim = "exchanges of clusters forget each other, and lead back in one step"
    yield judged("b", "clusters", claim, where, level="L4", complaint=complaint)


class _Small:
    """The pairs of states of an instance that are followed, by number: a + (number of states) b."""

    def __init__(self, subject: Subject, instance: Instance) -> None:
        self.subject, self.instance = subject, instance
        model = instance.sampler.model
        self.copies: Copies = make_copies(
            model, subject.reference, words=2, word0=0, specialise=False
        )
        self.states = every_state(model.lattice, model.species)
        self.single = self.states.number
        of_term, cells = coefficients(instance.sampler), prod(model.lattice.cells)
        self.rounded = rounding(model.merged, of_term, cells)
        self.each = hamiltonian(subject, realised(instance.sampler, self.states))
        pairs = self.single**2
        if pairs << instance.spins <= MOST:
            self.numbers: Any = np.arange(pairs)
            return
        first = np.random.default_rng(subject.seed).integers(0, pairs, FIRST)
        self.numbers = np.unique(first)
        (_, reached), _ = self.transitions()
        self.numbers = np.unique(np.concatenate([first, reached]))

    def energies(self, numbers: Any) -> Any:
        """H(a) + H(b)."""
        return self.each[numbers % self.single] + self.each[numbers // self.single]

    def transitions(self, full: bool = False) -> tuple[tuple[Any, Any], Any]:
        """The place among `numbers` that each outcome began at with the number that it has led to,
        and its chance. Raises `TooMany`.
        """
        one = self.states
        parts = self.numbers % self.single, self.numbers // self.single
        codes = np.concatenate([one.codes[..., part] for part in parts])
        pairs = States(one.lattice, (*one.species, *one.species), codes, False)
        found = Outcomes(self.copies.update.program, self.copies.arguments, pairs, full)
        found.run()
        keys = found.origin * self.single**2 + found.after()
        distinct, which = np.unique(keys, return_inverse=True)
        chances = np.bincount(which, found.chance)
        return (distinct // self.single**2, distinct % self.single**2), chances
