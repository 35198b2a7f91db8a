"""Part a: what is computed from the law of a block map, against every state of a cell.

The states are evaluated from the text of the spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations, product
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.block_kernel import log_kernel
from rgc.flows.machines.learned_maps import with_laws
from rgc.model.block import Block
from rgc.model.block_rule import BlockRule
from rgc.model.lattice import Lattice
from rgc.verification.blocks import Map, cell_states
from rgc.verification.certificate import Finding, judged, unchecked
from rgc.verification.evaluator import Unreadable
from rgc.verification.learned import read_maps
from rgc.verification.subject import Subject

Floats = NDArray[np.float64]

MOST_STATES = 2**16
"""The largest number of states of a cell that are visited."""

MOST_FLIPPED = 8
"""The largest number of spins of a cell all of whose flips are visited.

In larger cells only flips of one spin, of one species and of all spins are visited.
"""

MOST_RULES = 4
"""The number of rules whose facts are checked of a map that differs from place to place. Its laws
are compared with the text in all places.
"""

CLOSE = 1e-9
"""The relative difference of weights up to which they count as equal."""


def check_block_rules(subject: Subject) -> Iterator[Finding]:
    """Check the facts about block maps that a run relies on.

    They say which flips a map turns with, which sites and species it treats alike, whether it is
    normalised and whether it is deterministic. A fact that is claimed must hold.
    """
    spec = with_laws(subject.spec)
    lattice, blocks = spec.lattice, spec.blocks
    if not blocks or not isinstance(lattice, Lattice):
        return
    claim = "what follows from the law of a block map holds for every state of a cell"
    spins = max(len(cell) for block in blocks for cell in block.cells)
    states = prod(len(kind.values) for kind in subject.spec.species) ** spins
    try:
        if states > MOST_STATES:
            raise Unreadable(f"a cell has {states} states; they are visited up to {MOST_STATES}")
        written = read_maps(subject, lattice)
    except Unreadable as reason:
        yield unchecked("a", "block rules", claim, "L3", str(reason))
        return
    pairs = zip(blocks, written, strict=True)
    reported = [
        complaint for block, made in pairs for complaint in _of_map(subject, lattice, block, made)
    ]
    where, first = f"cells of up to {states} states", reported[0] if reported else ""
    yield judged("a", "block rules", claim, where, level="L3", complaint=first, maps=len(blocks))


def _of_map(subject: Subject, lattice: Lattice, block: Block, made: Map) -> Iterator[str]:
    used = block.drawn if subject.sampled_by_programs else block
    for number, rule in enumerate(used.rules):
        letter, here = number % len(block.cells), made.at(number)
        states = cell_states(here, lattice, subject.spec.species, letter)
        table = (here.chances if subject.sampled_by_programs else here.weights)(
            states, (0,) * lattice.dimension, letter
        ).T
        if not _close(np.exp(log_kernel(used, number)), table):
            yield f"the law of '{block.name}' is not that of the text"
        if number < MOST_RULES:
            yield from (f"'{block.name}' {complaint}" for complaint in complaints(rule, table))


def complaints(rule: BlockRule, table: Floats) -> Iterator[str]:
    """The facts that a rule claims and that do not hold for its weights.

    The weights are an array [state of the cell, state of the block spins]. The digits of a state
    are the spins, the first one the highest.
    """
    size, counts = rule.laws[0].size, _counts(rule)
    radices = [*np.repeat(counts, size).tolist(), *counts]
    split = table.reshape(radices)
    if rule.normalised and not _close(table.sum(axis=1), np.ones(len(table))):
        yield "is said to be normalised, and is not"
    if rule.deterministic and not ((table == 0) | (table == 1)).all():
        yield "is said to be deterministic, and is not"
    yield from _flips(rule, split, size)
    if len({*counts}) == 1:
        yield from _renamings(rule, split, counts[0])
    for i, j in combinations(range(size), 2):
        order = [j if k == i else i if k == j else k for k in range(size)]
        if rule.moved(order).same(rule):
            spins = [kind * size + site for kind in range(rule.species) for site in order]
            if not _close(_permuted(split, spins, range(rule.species)), split):
                yield f"is said to treat sites {i + 1} and {j + 1} of its cell alike, and does not"
    for kinds in permutations(range(rule.species)):
        if [counts[kind] for kind in kinds] == counts and rule.exchanged(kinds).same(rule):
            spins = [kind * size + site for kind in kinds for site in range(size)]
            if not _close(_permuted(split, spins, kinds), split):
                yield f"is said to treat species {kinds} alike, and does not"


def _counts(rule: BlockRule) -> list[int]:
    """The number of states of each species."""
    each = [law.states if isinstance(law.states, tuple) else (law.states,) for law in rule.laws]
    return [states for law in each for states in law]


def _renamings(rule: BlockRule, split: Floats, states: int) -> Iterator[str]:
    """Renamings of the states of all spins."""
    for image in permutations(range(states)):
        if rule.turns(image):
            renamed = split
            for axis in range(split.ndim):
                renamed = np.take(renamed, image, axis)
            if not _close(renamed, split):
                yield f"is said to stay the same with states {image}, and does not"


def _flips(rule: BlockRule, split: Floats, size: int) -> Iterator[str]:
    spins = [(kind, site) for kind in range(rule.species) for site in range(size)]
    for chosen in _chosen(len(spins), size):
        flipped = frozenset(spin for spin, one in zip(spins, chosen, strict=True) if one)
        for block in product((False, True), repeat=rule.species):
            if rule.keeps(flipped, [kind for kind, one in enumerate(block) if one]):
                axes = [axis for axis, one in enumerate([*chosen, *block]) if one]
                if not _close(np.flip(split, tuple(axes)), split):
                    number = f"{len(flipped)} of its {len(spins)} spins"
                    yield f"is said to turn with a flip of {number}, and does not"


def _chosen(spins: int, size: int) -> Iterator[Sequence[bool]]:
    """The sets of spins that are flipped: all sets of a few spins; of many, all, a species, or one
    spin.
    """
    if spins <= MOST_FLIPPED:
        yield from product((False, True), repeat=spins)
        return
    groups = [range(spins), *(range(k, k + size) for k in range(0, spins, size))]
    groups += [range(k, k + 1) for k in range(spins)]
    yield from ([k in group for k in range(spins)] for group in groups)


def _permuted(split: Floats, spins: Sequence[int], kinds: Sequence[int]) -> Floats:
    """The table in which spin k of the cell has become `spins[k]`, and block spin k `kinds[k]`."""
    axes = [*spins, *(len(spins) + kind for kind in kinds)]
    return np.transpose(split, np.argsort(axes))


def _close(a: Floats, b: Floats) -> bool:
    return bool(np.abs(a - b).max() <= CLOSE * np.abs(b).max())
