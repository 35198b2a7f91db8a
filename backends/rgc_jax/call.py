"""What one call of a kernel is handed, as the traced values that one device sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np

from rgc.program.draws import SITE_SHIFT, WORD_SHIFT
from rgc.program.lattice.program import Program
from rgc_jax.draws import Baked, Given, Limits, Stream

Fields = list[jax.Array]
Totals = list[jax.Array]
"""What each tally array has counted so far."""

Pick = Callable[[jax.Array], jax.Array]
"""Takes an array with an entry for each word of the device, on its last axis, to one with an entry
for each word of a place."""


Entry = tuple[int, int]
"""A walk, and the number of an entry in it."""

Turn = tuple[bool, list[Entry]]
"""Entries, and whether they are repeated until nothing changes."""


def turns(program: Program, order: Sequence[tuple[int, Entry]]) -> list[Turn]:
    """What a step does: the entries of the stages of `order` that are run once, as many in one turn
    as follow each other, and those of each closure in a turn of its own."""
    found: list[Turn] = []
    for stages in program.turns:
        repeated = program.schedule[stages.start].until is not None
        if repeated or not found or found[-1][0]:
            found.append((repeated, []))
        found[-1][1].extend(entry for stage, entry in order if stage in stages)
    return [turn for turn in found if turn[1]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Call:
    """What one device is handed for one call.

    - `words` is how many words there are here, and `word0` the absolute number of the first.
    - `keys` u64[draw, 2] are those of the running step.
    - `thresholds` are the integers T where they are baked in, else u64[slot, 1 + planes], with a
      third axis of words where replicas differ. `weights` are int32[weight, word, 64], and
      `couplings` int32[matrix, site, site, block, 64], or [..., 1, 1] where replicas are equal.
      `blocks` int64[word] are those of the words here.
    - `held` is explained in `rgc_jax.compaction`; `first`, `patch` and `slab` in `rgc_jax.devices`.
    """

    program: Program
    words: int
    word0: jax.Array
    keys: jax.Array
    thresholds: jax.Array | tuple[int, ...]
    weights: jax.Array
    couplings: jax.Array
    blocks: jax.Array
    held: jax.Array | None
    first: int
    patch: int
    slab: int

    def at_step(self, keys: jax.Array) -> Call:
        return replace(self, keys=keys)

    def limits(self, pick: Pick) -> Limits:
        """The thresholds, for the words of a place."""
        if isinstance(self.thresholds, tuple):
            return Baked(self.thresholds, self.program.planes)
        return Given(pick(self.thresholds) if self.thresholds.ndim == 3 else self.thresholds)

    def stream(self, draw: int, counter: jax.Array) -> Stream:
        return Stream(self.program.generator, self.keys[draw], counter)

    def counter(self, site: jax.Array | np.uint64, word: jax.Array) -> jax.Array:
        """The counters of canonical sites u64[...] in words u64[...] of this device."""
        return ((self.word0 + word) << np.uint64(WORD_SHIFT)) | (site << np.uint64(SITE_SHIFT))
