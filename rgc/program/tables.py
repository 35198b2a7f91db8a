"""Tables that the host makes once and every backend shares: packed thresholds, the exponentials of `Accept`, cell numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rgc.model.lattice import Cell
from rgc.model.sites import Cells, SiteSet

Words = NDArray[np.uint64]

COARSE = 22714
"""Entries of A: A[i] = 0 for i >= COARSE, where 2^32 exp(-i / 2^10) < 1."""

FINE = 1024
"""Entries of B."""

UNIT = 2**20
"""Weights are integers in units of kT / UNIT."""

LIMIT = 2047
"""A site whose weights could sum to this many kT is refused: lanes are int32."""

_ALL = (1 << 64) - 1


@lru_cache(maxsize=1)
def exponentials() -> tuple[Words, Words]:
    """The tables of `Accept`: A[i] = floor(2^32 exp(-i / 2^10)), i < COARSE, and B[j] = floor(2^32 exp(-j / 2^20)), j < FINE.

    Lanes x > 0 are accepted where U32 < (A[x >> 10] * B[x & 1023]) >> 32; for x > 0 the product stays below 2^64.
    """
    coarse = np.array([_floor_exp(i, 2**10) for i in range(COARSE)], dtype=np.uint64)
    fine = np.array([_floor_exp(j, 2**20) for j in range(FINE)], dtype=np.uint64)
    coarse.setflags(write=False)
    fine.setflags(write=False)
    return coarse, fine


def _floor_exp(number: int, scale: int) -> int:
    context = Context(prec=40)
    return int(Decimal(2**32) * context.exp(-Decimal(number) / scale))


def pack_thresholds(thresholds: Sequence[int | Sequence[int]], planes: int, words: int) -> Words:
    """The threshold table u64[slot, 1 + planes, word] of integers T, 0 <= T <= 2^planes, one for each slot or, in a slot, one for
    each of the 64 * words replicas. Raises `ValueError` for a threshold out of range or a wrong number of replicas."""
    table = np.zeros((len(thresholds), 1 + planes, words), dtype=np.uint64)
    for row, entry in zip(table, thresholds, strict=True):
        if isinstance(entry, int):
            row[:] = _masks(_planes_of(entry, planes))[:, None]
        else:
            row[:] = _transpose([_planes_of(each, planes) for each in entry], words)
    return table


def uniform_thresholds(table: Words) -> tuple[int, ...] | None:
    """The integer T of every slot of a table u64[slot, 1 + planes, word], or None where replicas differ."""
    if table.shape[-1] == 0 or not (table == table[..., :1]).all():
        return None
    bits = table[..., 0]
    if not ((bits == 0) | (bits == np.uint64(_ALL))).all():
        return None
    planes = table.shape[1] - 1
    weights = [1 << planes - k for k in range(planes + 1)]
    return tuple(sum(weight for weight, bit in zip(weights, entry, strict=True) if bit) for entry in bits)


def _planes_of(threshold: int, planes: int) -> tuple[bool, ...]:
    """Whether T is 2^planes ("always"), then the bits of T, most significant first (all 0 for "always")."""
    if not 0 <= threshold <= 1 << planes:
        raise ValueError(f"threshold {threshold} is not between 0 and 2^{planes}")
    always = threshold == 1 << planes
    return (always, *(not always and bool(threshold >> (planes - 1 - k) & 1) for k in range(planes)))


def _masks(bits: Sequence[bool]) -> Words:
    return np.array([_ALL if bit else 0 for bit in bits], dtype=np.uint64)


def _transpose(replicas: Sequence[Sequence[bool]], words: int) -> Words:
    if len(replicas) != 64 * words:
        raise ValueError(f"{len(replicas)} thresholds for {64 * words} replicas")
    bits = np.array(replicas, dtype=np.uint8).T.reshape(len(replicas[0]), words, 64)
    octets = np.ascontiguousarray(np.packbits(bits, axis=-1, bitorder="little"))
    return octets.view("<u8")[..., 0].astype(np.uint64)


def cell_table(cells: SiteSet, shape: Cell) -> NDArray[np.int64]:
    """The cells of a set on a lattice of `shape` cells as int64[cell, axis], in row-major order."""
    if not isinstance(cells, Cells):
        numbers = np.array(cells.cells, dtype=np.int64)
        return np.stack(np.unravel_index(numbers, shape), axis=-1).astype(np.int64).reshape(-1, len(shape))
    grid = np.indices([high - low for low, high in zip(cells.lower, cells.upper, strict=True)])
    table = grid.reshape(len(shape), -1).T + np.array(cells.lower)
    residues = np.ravel_multi_index(tuple((table % cells.modulus).T), cells.modulus)
    wanted = np.ravel_multi_index(tuple(np.array(cells.residues).reshape(-1, len(shape)).T), cells.modulus)
    return np.asarray(table[np.isin(residues, wanted)], dtype=np.int64)
