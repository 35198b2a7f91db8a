"""Tables of thresholds, packed on the host once for every backend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

_ALL = (1 << 64) - 1


def pack_thresholds(thresholds: Sequence[int | Sequence[int]], planes: int, words: int) -> Words:
    """The threshold table u64[slot, 1 + planes, word] of integers T, 0 <= T <= 2^planes, one for
    each slot or, in a slot, one for each of the 64 * words replicas. Raises `ValueError` for a
    threshold out of range or a wrong number of replicas."""
    table = np.zeros((len(thresholds), 1 + planes, words), dtype=np.uint64)
    for row, entry in zip(table, thresholds, strict=True):
        if isinstance(entry, int):
            row[:] = _masks(_planes_of(entry, planes))[:, None]
        else:
            row[:] = _transpose([_planes_of(each, planes) for each in entry], words)
    return table


def uniform_thresholds(table: Words) -> tuple[int, ...] | None:
    """The integer T of every slot of a table u64[slot, 1 + planes, word], or None where replicas
    differ."""
    if table.shape[-1] == 0 or not (table == table[..., :1]).all():
        return None
    bits = table[..., 0]
    if not ((bits == 0) | (bits == np.uint64(_ALL))).all():
        return None
    planes = table.shape[1] - 1
    weights = [1 << planes - k for k in range(planes + 1)]
    return tuple(
        sum(weight for weight, bit in zip(weights, entry, strict=True) if bit) for entry in bits
    )


def _planes_of(threshold: int, planes: int) -> tuple[bool, ...]:
    """Whether T is 2^planes ("always"), then the bits of T, most significant first (all 0 for
    "always")."""
    if not 0 <= threshold <= 1 << planes:
        raise ValueError(f"threshold {threshold} is not between 0 and 2^{planes}")
    always = threshold == 1 << planes
    return (
        always,
        *(not always and bool(threshold >> (planes - 1 - k) & 1) for k in range(planes)),
    )


def _masks(bits: Sequence[bool]) -> Words:
    return np.array([_ALL if bit else 0 for bit in bits], dtype=np.uint64)


def _transpose(replicas: Sequence[Sequence[bool]], words: int) -> Words:
    if len(replicas) != 64 * words:
        raise ValueError(f"{len(replicas)} thresholds for {64 * words} replicas")
    bits = np.array(replicas, dtype=np.uint8).T.reshape(len(replicas[0]), words, 64)
    octets = np.ascontiguousarray(np.packbits(bits, axis=-1, bitorder="little"))
    return octets.view("<u8")[..., 0].astype(np.uint64)
