"""Exchanges of configurations between neighbouring values of a parameter.

Replica r at one value and replica r at the next exchange their configurations a and b with the
probability min(1, exp(-dH)), where dH = sum_g (c_g - c_g') (S_g(b) - S_g(a)) over the groups of the
Hamiltonian, whose coefficients are c_g at the one value and c_g' at the next (Hukushima and Nemoto
1996). Sums S are integers, or exact sums of random numbers, and coefficients exact. A chance in
double precision decides wherever its rounding cannot matter, and 40 digits elsewhere, so that every
backend and every computer decides alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.sampling.model import Model
from rgc.flows.sampling.random_couplings import Couplings, WeighedSums, make_weighed_sums
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

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

BITS = 64
"""Bits of the uniform number that decides about an exchange."""

ROUNDING = 2.0**-50
"""A few times what double precision rounds off a number of size 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """Exchanges at neighbouring values of a parameter on one backend.

    - `recorder` counts the sums S of the groups whose coefficients differ between values, and
      `weighed` those of the groups that hold random numbers.
    - `tallies` are all of them in order.
    - `species` is the number of those that are exchanged. The signs of random couplings, fields
      beyond them, are the same at all values and stay.
    - `falls[pair]` holds what the coefficient of each loses from one value to the next.
    - `word0` is the number of the first word.
    """

    recorder: Recorder | None
    weighed: WeighedSums | None
    tallies: tuple[Tally, ...]
    species: int
    falls: tuple[tuple[Fraction, ...], ...]
    kernel: Kernel
    key: Key
    generator: Generator
    words: int
    word0: int

    def tried(self, sweep: int) -> range:
        """The pairs that are tried after a sweep: every second one, in turn with the others."""
        return range(sweep % 2, len(self.falls), 2)

    def __call__(
        self, sweep: int, pair: int, first: Sequence[State], second: Sequence[State]
    ) -> tuple[list[State], list[State], Bools]:
        """The fields of both values after an exchange, and in which replicas there was one."""
        (first, mine), (second, theirs) = self.sums(first), self.sums(second)
        accepted = self.decide(sweep, pair, mine, theirs)
        table, nothing = _table(accepted, self.words), np.zeros((1, self.species, 2), np.uint64)
        both = [*first[: self.species], *second[: self.species]]
        fields, _ = self.kernel(both, lattice_arguments(table), nothing, self.word0)
        here, there = fields[: self.species], fields[self.species :]
        return [*here, *first[self.species :]], [*there, *second[self.species :]], accepted

    def sums(self, packed: Sequence[State]) -> tuple[list[State], Floats]:
        """The fields, unchanged, and the sums S, float64[group, replica] without rounding."""
        fields, found = list(packed), dict[Tally, NDArray[Any]]()
        if self.recorder is not None:
            fields, counts = self.recorder(fields)
            found |= self.recorder.by_tally(counts)
        if self.weighed is not None:
            fields, weighed = self.weighed(fields)
            found |= weighed
        return fields, np.array([found[tally] for tally in self.tallies], dtype=np.float64)

    def decide(self, sweep: int, pair: int, here: Floats, there: Floats) -> Bools:
        """Which replicas are exchanged, from the sums of both values."""
        change = there - here
        chances, error = self.chances(pair, change)
        key = step_keys(self.key, sweep, 1, len(self.falls))[0, pair]
        replicas = WORD_REPLICAS * self.word0 + np.arange(WORD_REPLICAS * self.words)
        drawn = word(key, replicas.astype(np.uint64), self.generator)
        uniform = drawn * 2.0**-BITS
        accepted = np.asarray(uniform < chances)
        for replica in np.flatnonzero(abs(uniform - chances) <= error):
            least = self.threshold(pair, change[:, replica].tolist())
            accepted[replica] = int(drawn[replica]) < least
        return accepted

    def chances(self, pair: int, change: Floats) -> tuple[Floats, Floats]:
        """min(1, exp(-dH)) where sums differ by `change`, float64[group, ...], and how far rounding
        may be off.
        """
        falls = np.array(list(map(float, self.falls[pair])))
        energy = np.tensordot(falls, change, axes=1)
        size = np.tensordot(abs(falls), abs(change), axes=1)
        return thresholds.chances(energy), ROUNDING * (1 + len(falls)) * (1 + size)

    def threshold(self, pair: int, change: Sequence[float]) -> int:
        """floor(2^64 min(1, exp(-dH))) where sums differ by so much."""
        terms = zip(self.falls[pair], map(Fraction, change), strict=True)
        return thresholds.plain(sum((fall * by for fall, by in terms), Fraction(0)), BITS)


def _table(accepted: Bools, words: int) -> NDArray[np.uint64]:
    """The threshold of each replica: "always" or 0."""
    octets = np.packbits(accepted.reshape(words, WORD_REPLICAS), axis=-1, bitorder="little")
    table = np.zeros((1, 1 + PLANES, words), dtype=np.uint64)
    table[0, 0] = np.ascontiguousarray(octets).view("<u8")[..., 0]
    return table


def make_exchange(
    models: Sequence[Model],
    backend: Backend,
    *,
    key: Key,
    words: int,
    word0: int,
    couplings: Couplings,
) -> Exchange:
    """The exchanges between the models at neighbouring values. They differ in coefficients alone,
    and have the same random `couplings`.
    """
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
    tallies = tuple(Tally(group) for group in moved)
    numbered = first.numbered(tallies)
    counted = [tally for tally in tallies if tally not in numbered]
    recorder = None
    if counted:
        recorder = make_recorder(first.lattice, first.kinds, counted, backend, words)
    program = exchange_to_program(first.lattice, first.species, generator=first.generator)
    return Exchange(
        recorder=recorder,
        weighed=_weighed(first, numbered, couplings, backend),
        tallies=tallies,
        species=len(first.species),
        falls=falls,
        kernel=backend.compile(program),
        key=key,
        generator=first.generator,
        words=words,
        word0=word0,
    )


def _weighed(
    model: Model, tallies: Sequence[Tally], couplings: Couplings, backend: Backend
) -> WeighedSums | None:
    """The sums that hold random numbers, rounded so that no order of adding matters."""
    if not tallies:
        return None
    made = make_weighed_sums(
        tallies,
        model.lattice,
        model.species,
        first=model.first,
        couplings=couplings,
        backend=backend,
    )
    return made.exact()
