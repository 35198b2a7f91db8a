"""The states that persistent chains start in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import key_of
from rgc.flows.machines.streams import CHAINS
from rgc.program.dense import Field
from rgc.program.draws import Key, word
from rgc.program.units import normal


def first_chains(key: Key, field: Field) -> NDArray[Any]:
    """Chains of independent units: fair bits, of softmax units states of equal chances but for
    2^-32, and of real units normal numbers. `key` is that of the training of the layer.
    """
    if field.numbers:
        counters = np.arange(field.shape[0] * field.shape[1], dtype=np.uint64).reshape(field.shape)
        return normal(word(key_of(key, CHAINS), counters) >> np.uint64(32)).astype(np.int32)
    shape = (field.units.number, 64 * field.words)
    counters = np.arange(shape[0] * shape[1], dtype=np.uint64).reshape(shape)
    drawn = word(key_of(key, CHAINS), counters) >> np.uint64(32)
    states = (drawn * np.uint64(field.units.states)) >> np.uint64(32)
    states[:, field.chains :] = 0
    planes = np.arange(field.units.planes, dtype=np.uint64)[:, None, None]
    bits = ((states >> planes) & np.uint64(1)).astype(np.uint8)
    octets = np.packbits(bits, axis=-1, bitorder="little")
    return np.ascontiguousarray(octets).view("<u8").astype(np.uint64)
