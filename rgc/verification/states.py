"""Configurations of a lattice: all of them, or some at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.program.draws import SLOT, Key, fold
from rgc.program.lattice.program import Field
from rgc.program.lattice.start import random_field

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Configurations as `bits` bool[species, *cells, letter, configuration], where True means the
    lower of a spin's two values.

    If `whole`, the spins of configuration n, in the order of the axes, are the bits of n with the
    first one the lowest.
    """

    lattice: Lattice
    species: tuple[Species, ...]
    bits: Bits
    whole: bool

    @property
    def number(self) -> int:
        return int(self.bits.shape[-1])

    @property
    def values(self) -> dict[str, Values]:
        """The spins as declared, for an `Evaluator`."""
        return {
            spin.name: Values(bits, *spin.values)
            for spin, bits in zip(self.species, self.bits, strict=True)
        }

    @property
    def fields(self) -> list[Words]:
        """Canonical fields u64[1, *cells, letter, word], in which configuration n is replica n.

        The last word is filled up with the first configurations.
        """
        return pack(self.bits[:, None])

    @contextmanager
    def turned(self, place: tuple[int, ...]) -> Iterator[None]:
        """A context in which the spin bits[place] of every configuration is flipped."""
        self.bits[place] ^= True
        yield
        self.bits[place] ^= True


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Numbers for bits bool[*cells, letter, configuration], made on demand: `low` where a bit is 1,
    else `high`.
    """

    bits: Bits
    low: int
    high: int

    def __getitem__(self, place: Any) -> Floats:
        return np.where(self.bits[place], float(self.low), float(self.high))


def every_state(lattice: Lattice, species: Sequence[Species]) -> States:
    """All 2^n configurations."""
    shape = (len(species), *lattice.cells, len(lattice.basis))
    spins = int(np.prod(shape))
    numbers = np.arange(1 << spins, dtype=np.uint32)
    bits = (numbers >> np.arange(spins, dtype=np.uint32)[:, None]) & np.uint32(1) == 1
    return States(lattice, tuple(species), bits.reshape(*shape, -1), True)


def random_states(lattice: Lattice, species: Sequence[Species], words: int, key: Key) -> States:
    """64 * words configurations, drawn with the key.

    A spin is -1 with probability 1/2, 1/4, 3/4, 1/8 or 7/8, the same for all spins of a
    configuration, so that aligned neighbours also occur.
    """
    field = Field(
        "", lattice.cells, letters=len(lattice.basis), periodic=(True,) * lattice.dimension
    )
    bits = np.concatenate([_densities(field, words, key, k) for k in range(len(species))])
    return States(lattice, tuple(species), bits, False)


def _densities(field: Field, words: int, key: Key, number: int) -> Bits:
    keys = fold(
        np.array(key, dtype=np.uint64), SLOT, np.arange(3 * number, 3 * number + 3, dtype=np.uint64)
    )
    a, b, c = (random_field((int(one[0]), int(one[1])), field, words) for one in keys)
    bits = unpack(np.stack([a, a & b, a | b, a & b & c, a | b | c]))
    return np.concatenate([bits[k, ..., k::5] for k in range(5)], axis=-1)


def pack(bits: Bits) -> list[Words]:
    """Words u64[..., word] of each bool[..., replica] along the first axis."""
    replicas = bits.shape[-1]
    padded = (
        bits if replicas % 64 == 0 else bits[..., np.arange(-(-replicas // 64) * 64) % replicas]
    )
    octets = np.ascontiguousarray(np.packbits(padded, axis=-1, bitorder="little"))
    return list(octets.view("<u8").astype(np.uint64))


def unpack(field: Words) -> Bits:
    """bool[..., 64 * word] of words u64[..., word]."""
    octets = np.ascontiguousarray(field.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=-1, bitorder="little").astype(bool)
