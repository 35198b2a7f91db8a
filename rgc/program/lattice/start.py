"""Random fields to start from."""

from __future__ import annotations

import numpy as np

from rgc.program.draws import Generator, Key, Words, counters, word
from rgc.program.lattice.program import Field


def random_field(
    key: Key, field: Field, words: int, word0: int = 0, generator: Generator = "splitmix"
) -> Words:
    """A field u64[planes, *shape, letters, words] of fair, independent bits: the hot start. Plane k
    of canonical site i in word w is `word(key, w * 2^40 + i * 2^6 + k)`, so a share of the words
    holds the same spins anywhere."""
    sites = int(np.prod(field.shape)) * field.letters
    base = counters(np.arange(sites)[:, None], np.arange(word0, word0 + words)[None, :])
    planes = [word(key, base + np.uint64(plane), generator) for plane in range(field.planes)]
    return np.stack(planes).reshape(field.planes, *field.shape, field.letters, words)
