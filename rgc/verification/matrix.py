"""Part b: the update as a Markov chain. The compiled thresholds act on the Boltzmann weight of the
syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rgc.flows.sampling.sampler import Sampler
from rgc.program.family import ProgramError
from rgc.program.lattice.program import Program
from rgc.program.lattice.verify import verify
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.differences import Flips, move_chances, places
from rgc.verification.energies import hamiltonian
from rgc.verification.instances import Instance, describe
from rgc.verification.quenched import realised
from rgc.verification.schedule import conflict, writes
from rgc.verification.states import States, codes_of, every_state
from rgc.verification.subject import Subject
from rgc.verification.trace import stations


def check_programs(subject: Subject) -> Iterator[Finding]:
    """Check that every program of the run obeys the invariants of programs, and that a sweep visits
    every spin once, in sets of independent spins.
    """
    programs = {"sweep": subject.sampler.update.program}
    if subject.sampler.clusters is not None:
        programs["clusters"] = subject.sampler.clusters.update.program
    for level, station in enumerate(stations(subject.own)):
        programs[f"record of level {level}"] = station.recorder.record.program
        if station.blocking is not None:
            programs[f"block map of level {level}"] = station.blocking.map.program
    complaints = (
        f"{name}: {broken(program)}" for name, program in programs.items() if broken(program)
    )
    where, sweep = describe(subject.model.lattice), subject.sampler.update.program
    claim = "every program keeps the rules of programs"
    yield judged(
        "b",
        "programs",
        claim,
        where,
        level="L2",
        complaint=next(complaints, ""),
        programs=len(programs),
    )
    moving = writes(sweep)[: len(subject.model.species)]
    visited = np.concatenate([counts.ravel() for counts in moving])
    complaint = conflict(sweep)
    if (visited != 1).any():
        complaint = (
            f"a sweep writes between {visited.min()} and {visited.max()} times each of "
            f"{visited.size} bits of spins"
        )
    claim = "a sweep visits every spin once, in sets that do not read themselves"
    yield judged(
        "b",
        "schedule",
        claim,
        where,
        level="L1",
        complaint=complaint,
        spins=sum(counts[0].size for counts in moving),
        site_sets=len(sweep.schedule),
    )


def broken(program: Program) -> str:
    """The first invariant that a program breaks."""
    try:
        verify(program)
    except ProgramError as error:
        return str(error)
    return ""


def check_balance(subject: Subject) -> Iterator[Finding]:
    """Check that exp(-H) is stationary.

    Each site step must be in detailed balance and the sweep in global balance, with a deviation
    that thresholds and rounding allow. On the tiny instance the sweep is also written out as a
    matrix, which must reach every state.
    """
    for name, instance in (("tiny", subject.tiny), ("small", subject.small)):
        if isinstance(instance, str):
            yield unchecked(
                "b",
                "balance",
                f"the Boltzmann weight is stationary ({name} instance)",
                "L3",
                instance,
            )
        elif name == "tiny" or instance.name != getattr(subject.tiny, "name", ""):
            yield from _balance(subject, instance, written_out=name == "tiny")


def _balance(subject: Subject, instance: Instance, written_out: bool) -> Iterator[Finding]:
    sampler = instance.sampler
    states = realised(sampler, every_state(instance.lattice, instance.spec.species))
    energies = hamiltonian(subject, states)
    weight = np.exp(energies.min() - energies)
    weight /= weight.sum()
    chain = Chain(sampler, weight, np.eye(states.number) if written_out else None)
    for site in places(sampler.update.program):
        chances = move_chances(sampler, site, states)
        chain.step(chances, {step: states.moved(site[2], step) for step in chances})
        chain.allowed += Flips(sampler).resolution(site[0], instance.lattice.cells)
    where = f"{instance.name}, {states.number} states"
    claim = "each site step is in detailed balance with exp(-H)"
    yield within(
        "b",
        "detailed balance",
        claim,
        where,
        difference=chain.detailed,
        bound=chain.allowed / max(1, chain.steps),
        steps=chain.steps,
    )
    claim = "a sweep leaves exp(-H) as it is (total variation)"
    moved = float(abs(chain.weight - weight).sum() / 2)
    yield within("b", "global balance", claim, where, difference=moved, bound=chain.allowed)
    if chain.matrix is not None:
        yield _irreducible(subject, chain, where)


class Chain:
    """A sweep, site by site.

    `weight` is transformed by each step, and so is `matrix` P[from, to] where it is wanted.
    """

    def __init__(self, sampler: Sampler, weight: Any, matrix: Any) -> None:
        self.start, self.weight, self.matrix = weight, weight, matrix
        self.steps, self.detailed, self.allowed = 0, 0.0, 0.0

    def step(self, chances: Mapping[int, Any], other: Mapping[int, Any]) -> None:
        """One site: each state becomes another with a probability. chances[n] is that of the state
        other[n], from which `back` is the way to the state.
        """
        back = {n: len(chances) + 1 - n for n in chances}
        flows = {n: self.start * chance for n, chance in chances.items()}
        moved = sum(abs(flow - flows[back[n]][other[n]]).sum() for n, flow in flows.items())
        self.detailed = max(self.detailed, float(moved) / 2)
        self.weight = self._after(self.weight, chances, other, back)
        if self.matrix is not None:
            self.matrix = self._after(self.matrix, chances, other, back)
        self.steps += 1

    def _after(
        self, weight: Any, chances: Mapping[int, Any], other: Any, back: Mapping[int, int]
    ) -> Any:
        """Weights [..., state] after a step."""
        stays = weight * (1 - sum(chances.values()))
        arrives = [(weight * chances[back[n]])[..., other[n]] for n in chances]
        return sum(arrives, stays)


# -- does it reach every state ---------------------------------------------------------------------


def _irreducible(subject: Subject, chain: Chain, where: str) -> Finding:
    """Check which states communicate.

    Metropolis flips a spin with certainty where that costs nothing. States in which no flip ever
    costs anything are then left only for each other. If there are any, no replica of the run may
    start in one.
    """
    largest, aperiodic = communicating(chain.matrix, int(np.argmax(chain.start)))
    apart = ~largest
    figures = {
        "states": len(largest),
        "apart": int(apart.sum()),
        "weight_apart": float(chain.start[apart].sum()),
    }
    claim = "sweeps reach every state from every state, in no fixed rhythm"
    complaint = "" if aperiodic else "the sweep has a fixed rhythm"
    if apart.any():
        claim = (
            "sweeps reach every state from every state, but those where every flip is free and "
            "taken; no replica starts there"
        )
        free = started_free(subject)
        if (chain.matrix[apart].max(axis=1) < 1).any():
            weight = figures["weight_apart"]
            complaint = (
                f"{apart.sum()} states of weight {weight:.2g} are never reached from the "
                f"others{_advice(subject)}"
            )
        elif free:
            complaint = (
                f"{free} replicas of the run start where every flip is free, and stay "
                f"there{_advice(subject)}"
            )
    return judged("b", "irreducible", claim, where, level="L4", complaint=complaint, **figures)


def _advice(subject: Subject) -> str:
    return ": use update=heat_bath" if subject.sampler.choice.update == "metropolis" else ""


def flows_of(energies: Any, chances: Any) -> Any:
    """The probabilities [from, to] of a step in equilibrium, which detailed balance makes equal
    both ways."""
    weight = np.exp(energies.min() - energies)
    return (weight / weight.sum())[:, None] * chances


def communicating(matrix: Any, state: int) -> tuple[Any, bool]:
    """The states that communicate with a state, and whether sweeps among them are aperiodic.

    Powers of n - 1 decide the first, and powers of n^2 the second (Wielandt 1950).
    """
    steps = (matrix > 0).astype(np.float32)
    reached = _power(np.maximum(steps, np.eye(len(steps), dtype=np.float32)), len(steps))
    largest = (reached[state] > 0) & (reached[:, state] > 0)
    inside = steps[np.ix_(largest, largest)]
    return largest, bool((_power(inside, len(inside) ** 2) > 0).all())


def _power(steps: Any, least: int) -> Any:
    """The states that are joined by 2^k steps, where 2^k is the first power of two not below
    `least`.
    """
    for _ in range((least - 1).bit_length()):
        before, steps = steps, (steps @ steps > 0).astype(np.float32)
        if np.array_equal(before, steps):
            break
    return steps


def started_free(subject: Subject) -> int:
    """The number of replicas of the run that start in a state from which a sweep takes every flip
    for certain.
    """
    sampler = subject.sampler
    codes = np.stack([codes_of(field) for field in sampler.start()])
    for site in places(sampler.update.program):
        states = States(sampler.model.lattice, sampler.model.species, codes, False)
        states = realised(sampler, states)
        free = move_chances(sampler, site, states)[1] == 1
        with states.turned(site[2]):
            codes = codes[..., free]
        if not codes.size:
            break
    return int(codes.shape[-1])
