"""Exchanges of configurations between neighbouring values of a parameter.

Replica r at one value and replica r at the next exchange their configurations a and b with the
probability min(1, exp(-dH)), where dH = sum_g (c_g - c_g') (S_g(b) - S_g(a)) over the groups of the
Hamiltonian, whose coefficients are c_g at the one value and c_g' at the next (Hukushima and Nemoto
1996). Sums S are integers and coefficients exact, so that every backend decides alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.sampling.model import Model
from rgc.flows.sampling.recorder import Recorder, make_recorder
from rgc.model.observables import Tally
from rgc.model_to_program import thresholds
from rgc.model_to_program.exchange_to_program import PLANES, exchange_to_program
from rgc.program.draws import Key, step_keys, word
from rgc.program.lattice.arguments import lattice_arguments
from rgc.schemes.options import WORD_REPLICAS

if TYPE_CHECKING:
    from rgc.backend import Backend, Kernel, State
    from rgc.program.draws import Generator

MOST_KNOWN = 1 << 16
"""Thresholds that are kept."""

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

BITS = 64
"""Bits of the uniform number that decides about an exchange."""


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """Exchanges at neighbouring values of a parameter on one backend.

    - `recorder` counts the sums S of the groups whose coefficients differ between values.
    - `species` is the number of those that are exchanged. The signs of random couplings, fields
      beyond them, are the same at all values and stay.
    - `falls[pair]` holds what the coefficient of each loses from one value to the next.
    - `word0` is the number of the first word.
    """

    recorder: Recorder
    species: int
    falls: tuple[tuple[Fraction, ...], ...]
    kernel: Kernel
    key: Key
    generator: Generator
    words: int
    word0: int
    known: dict[tuple[int, tuple[int, ...]], int] = field(default_factory=dict)

    def tried(self, sweep: int) -> range:
        """The pairs that are tried after a sweep: every second one, in turn with the others."""
        return range(sweep % 2, len(self.falls), 2)

    def __call__(
        self, sweep: int, pair: int, first: Sequence[State], second: Sequence[State]
    ) -> tuple[list[State], list[State], Bools]:
        """The fields of both values after an exchange, and in which replicas there was one."""
        (first, mine), (second, theirs) = self.recorder(first), self.recorder(second)
        accepted = self.decide(sweep, pair, mine[0], theirs[0])
        table, nothing = _table(accepted, self.words), np.zeros((1, self.species, 2), np.uint64)
        both = [*first[: self.species], *second[: self.species]]
        fields, _ = self.kernel(both, lattice_arguments(table), nothing, self.word0)
        here, there = fields[: self.species], fields[self.species :]
        return [*here, *first[self.species :]], [*there, *second[self.species :]], accepted

    def decide(self, sweep: int, pair: int, here: Ints, there: Ints) -> Bools:
        """Which replicas are exchanged, from the sums int64[group, replica] of both values."""
        changes = zip(*(there - here).tolist(), strict=True)
        most = [self.threshold(pair, change) for change in changes]
        last = np.array([max(each - 1, 0) for each in most], dtype=np.uint64)
        ever = np.array([each > 0 for each in most])
        key = step_keys(self.key, sweep, 1, len(self.falls))[0, pair]
        replicas = WORD_REPLICAS * self.word0 + np.arange(WORD_REPLICAS * self.words)
        drawn = word(key, replicas.astype(np.uint64), self.generator)
        return np.asarray(ever & (drawn <= last))

    def threshold(self, pair: int, change: tuple[int, ...]) -> int:
        """floor(2^64 min(1, exp(-dH))) where sums differ by so much."""
        if (pair, change) not in self.known:
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            terms = zip(self.falls[pair], change, strict=True)
            energy = sum((fall * n for fall, n in terms), Fraction(0))
            self.known[pair, change] = thresholds.plain(energy, BITS)
        return self.known[pair, change]


def _table(accepted: Bools, words: int) -> NDArray[np.uint64]:
    """The threshold of each replica: "always" or 0."""
    octets = np.packbits(accepted.reshape(words, WORD_REPLICAS), axis=-1, bitorder="little")
    table = np.zeros((1, 1 + PLANES, words), dtype=np.uint64)
    table[0, 0] = np.ascontiguousarray(octets).view("<u8")[..., 0]
    return table


def make_exchange(
    models: Sequence[Model], backend: Backend, *, key: Key, words: int, word0: int
) -> Exchange:
    """The exchanges between the models at neighbouring values. They differ in couplings alone."""
    first = models[0]
    found: list[dict[Any, Fraction]] = [
        dict(zip(model.merged.groups, model.coefficients, strict=True)) for model in models
    ]
    every = dict.fromkeys(group for of_model in found for group in of_model)
    none = Fraction(0)
    moved = [group for group in every if len({each.get(group, none) for each in found}) > 1]
    falls = tuple(
        tuple(here.get(group, none) - there.get(group, none) for group in moved)
        for here, there in pairwise(found)
    )
    tallies = [Tally(group) for group in moved]
    program = exchange_to_program(first.lattice, first.species, generator=first.generator)
    return Exchange(
        recorder=make_recorder(first.lattice, first.kinds, tallies, backend, words),
        species=len(first.species),
        falls=falls,
        kernel=backend.compile(program),
        key=key,
        generator=first.generator,
        words=words,
        word0=word0,
    )
