"""Random fields to start from."""

from __future__ import annotations

import numpy as np

from rgc.program.draws import Generator, Key, Words, counters, word
from rgc.program.lattice.program import Field


def random_field(
    key: Key, field: Field, words: int, word0: int = 0, generator: Generator = "splitmix"
) -> Words:
    """A field u64[planes, *shape, letters, words] of independent spins, each state as likely as any
    other: the hot start.

    Plane k of canonical site i in word w is `word(key, w * 2^40 + i * 2^6 + k)`, so a share of the
    words holds the same spins anywhere. A replica whose code is no state takes the next planes of
    the site, from k + planes on, until it is one. Of up to eight states, fewer than one replica in
    10^8 is left after the 64 planes of a site, and is in state 0.
    """
    sites = int(np.prod(field.shape)) * field.letters
    base = counters(np.arange(sites)[:, None], np.arange(word0, word0 + words)[None, :])
    shape = (field.planes, *field.shape, field.letters, words)
    found = np.zeros((field.planes, sites, words), dtype=np.uint64)
    left = ~np.zeros((sites, words), dtype=np.uint64)
    for first in range(0, 64 - field.planes + 1, field.planes):
        drawn = [word(key, base + np.uint64(first + k), generator) for k in range(field.planes)]
        found |= np.stack(drawn) & left
        left &= no_state(found, field)
        found &= ~left
        if not left.any():
            break
    return found.reshape(shape)


def no_state(planes: Words, field: Field) -> Words:
    """The replicas u64[...] whose code in u64[planes, ...] is no state."""
    beyond = np.zeros(planes.shape[1:], dtype=np.uint64)
    for code in range(field.states or 1 << field.planes, 1 << field.planes):
        bits = [plane if code >> k & 1 else ~plane for k, plane in enumerate(planes)]
        beyond |= np.bitwise_and.reduce(bits)
    return beyond
