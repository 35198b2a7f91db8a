"""Block spins that follow their cells: what the sweep turns, and with what chance, against the text
of the spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows.variational.biased_level import BiasedLevel
from rgc.program.draws import stream, uniforms
from rgc.program.lattice.nodes import Weigh
from rgc.verification.certificate import Finding, judged, unchecked, within
from rgc.verification.chances import outcomes
from rgc.verification.energies import MOST_SITES
from rgc.verification.evaluator import Unreadable
from rgc.verification.instances import describe
from rgc.verification.joint import following, of_text
from rgc.verification.schedule import sites
from rgc.verification.states import States, random_states
from rgc.verification.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TURNED = 24
"""Spins of each level that are turned in random configurations."""

SWEEPS = 3
"""Sweeps after which block spins are those of their cells."""


def check_turning(subject: Subject) -> Iterator[Finding]:
    """Check that a step turns a spin together with the block spins that the text says follow it,
    with the chance 1 / (1 + exp(dE)), dE the change of H and the bias of the text, or nothing.
    """
    claim = "a spin turns with the block spins that follow from it, with chance 1 / (1 + exp(dE))"
    for level in subject.own.levels.levels:
        if not level.unfolded.followers:
            continue
        where = f"level {level.number}, crystal of {describe(level.unfolded.lattice)}"
        if level.unfolded.levels[0].sites > MOST_SITES:
            reason = f"energies are evaluated on up to {MOST_SITES} sites"
            yield unchecked("b", "turning", claim, "L3", reason)
            continue
        key = stream(subject.seed, {}, "data", level.number)
        states = random_states(level.unfolded.lattice, subject.spec.species, 1, key)
        bias = uniforms(stream(subject.seed, {}, "data", 64), len(level.invariant)) - 0.5
        try:
            yield _turning(subject, level, states, bias, claim, where)
            yield _swept(subject, level, bias, where)
        except Unreadable as reason:
            yield unchecked("b", "turning", claim, "L3", str(reason))


def _turning(
    subject: Subject, level: BiasedLevel, states: States, bias: Floats, claim: str, where: str
) -> Finding:
    sampler = level.biased(1.0, bias.tolist())
    program, before = sampler.update.program, following(subject, level, states)
    steps = list(sites(program, TURNED))
    cases = [
        outcomes(program, rule, cell, sampler.arguments, before.planes) for rule, _, cell in steps
    ]
    configurations = [before]
    for (rule, _, cell), (stores, _) in zip(steps, cases, strict=True):
        field, _, place = stores[0].place(rule.letter)
        codes = before.codes.copy()
        codes[(field, *cell, place)] ^= 1
        configurations.append(replace(before, codes=codes))
    every = following(subject, level, _beside(configurations))  # the text is read once for them all
    energies = of_text(subject, level, every, bias).reshape(len(configurations), -1)
    worst, bound = 0.0, 0.0
    for n, ((rule, _, cell), (stores, joint)) in enumerate(zip(steps, cases, strict=True), 1):
        (lanes,) = (node for node in rule.nodes if isinstance(node, Weigh))
        after = _part(every, n, before.number)
        stays, turns = (_chance(stores, joint, rule.letter, cell, each) for each in (before, after))
        turned = _heat_bath(energies[n] - energies[0])
        apart = np.maximum(np.abs(turns - turned), np.abs(stays - (1 - turned)))
        worst = max(worst, float(apart.max()))
        bound = max(bound, (len(lanes.masks) + 1) * 2.0**-20 + 2.0**-30)
    seen = len(steps)
    return within(
        "b",
        "turning",
        claim,
        f"{where}, {seen} spins in {states.number} random configurations",
        difference=worst,
        bound=bound,
        spins=seen,
    )


def _beside(configurations: Sequence[States]) -> States:
    """Configurations one after another, in sets of equal numbers."""
    codes = np.concatenate([each.codes for each in configurations], axis=-1)
    return replace(configurations[0], codes=codes)


def _part(states: States, n: int, number: int) -> States:
    """The n-th `number` of configurations."""
    return replace(states, codes=states.codes[..., n * number : (n + 1) * number])


def _heat_bath(change: Floats) -> Floats:
    return np.asarray(np.where(change > 0, np.exp(-np.abs(change)), 1) / (1 + np.exp(-abs(change))))


def _chance(stores: Any, joint: Floats, letter: int, cell: Any, states: States) -> Floats:
    """The chance that what is stored are the spins of these configurations."""
    number = np.zeros(states.number, dtype=np.int64)
    for store in stores:
        field, _, place = store.place(letter)
        number = 2 * number + states.codes[(field, *cell, place)]
    return np.asarray(joint[number, np.arange(states.number)])


def _swept(subject: Subject, level: BiasedLevel, bias: Floats, where: str) -> Finding:
    """Whether block spins are those of their cells at the start and after some sweeps."""
    sampler, backend = level.biased(1.0, bias.tolist()), subject.reference
    fields = [backend.pack(field) for field in sampler.start()]
    apart, number = 0, 64 * sampler.plan.words
    for count in (0, SWEEPS):
        fields = sampler.sweep(fields, 0, count) if count else fields
        planes = [np.asarray(backend.unpack(field))[0] for field in fields]
        codes = np.stack([_bits(plane)[..., :number] for plane in planes])
        found = States(level.unfolded.lattice, sampler.model.species, codes, False)
        apart += int((following(subject, level, found).codes != codes).sum())
    return judged(
        "b",
        "following",
        f"block spins are those of their cells at the start and after {SWEEPS} sweeps",
        where,
        level="L1",
        complaint=f"{apart} block spins are not" if apart else "",
        spins=codes.size,
    )


def _bits(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The lanes of words u64[..., word] as uint8[..., lane]."""
    octets = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=-1, bitorder="little")
