"""Configurations of a lattice: all of them, or some at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.model.supercells import array_as_written, as_written
from rgc.program.draws import LEVEL, SLOT, Key, fold
from rgc.program.lattice.program import Field
from rgc.program.lattice.start import random_field

Bits = NDArray[np.bool_]
Codes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Configurations as `codes` uint8[species, *cells, letter, configuration], in which 0, 1, ...
    stand for the values `Species.codes`: 1 is the lower of two values.

    If `whole`, the codes of configuration n, in the order of the axes, are the digits of n with the
    first one the lowest. `signs` bool[1, *cells, letter] are the fields of quenched spins, the same
    in all configurations, and `drawn` the random couplings that they are the signs of.
    """

    lattice: Lattice
    species: tuple[Species, ...]
    codes: Codes
    whole: bool
    signs: tuple[Bits, ...] = ()
    drawn: Any = None

    def with_quenched(self, signs: tuple[Bits, ...], drawn: Any) -> States:
        """The same configurations with these quenched spins."""
        return replace(self, signs=signs, drawn=drawn)

    @property
    def number(self) -> int:
        return int(self.codes.shape[-1])

    @property
    def bits(self) -> Bits:
        """The codes of two-state spins, where True means the lower value."""
        return self.codes.astype(bool)

    @property
    def values(self) -> dict[str, Values]:
        """The spins as declared, for an `Evaluator`."""
        return {
            spin.name: Values(codes, spin.codes)
            for spin, codes in zip(self.species, self.codes, strict=True)
        }

    @property
    def planes(self) -> list[Bits]:
        """The bits of the codes of each species, bool[plane, *cells, letter, configuration], and
        those of quenched spins.
        """
        moving = [
            np.stack([codes >> k & 1 == 1 for k in range(spin.bits)])
            for spin, codes in zip(self.species, self.codes, strict=True)
        ]
        still = [np.broadcast_to(s[..., None], (*s.shape, self.number)) for s in self.signs]
        return [*moving, *still]

    @property
    def fields(self) -> list[Words]:
        """Canonical fields u64[plane, *cells, letter, word], in which configuration n is replica n.

        The last word is filled up with the first configurations.
        """
        return [np.stack(pack(planes)) for planes in self.planes]

    def steps(self, place: tuple[int, ...]) -> range:
        """By how many codes the spin codes[place] can move, around: 1 to q - 1."""
        return range(1, len(self.species[place[0]].codes))

    def moved(self, place: tuple[int, ...], step: int) -> NDArray[np.int64]:
        """The number of each configuration of a whole set after the spin codes[place] has moved by
        `step` codes.
        """
        counts = [len(spin.codes) for spin in self.species]
        radices = np.repeat(counts, self.codes[0, ..., 0].size).tolist()
        spin = int(np.ravel_multi_index(place, self.codes.shape[:-1]))
        before = self.codes[place].astype(np.int64)
        after = (before + step) % counts[place[0]]
        return np.asarray(np.arange(self.number) + (after - before) * prod(radices[:spin]))

    @property
    def as_written(self) -> States:
        """The same configurations on the lattice that the spec writes."""
        if self.lattice.supercell is None:
            return self
        codes = array_as_written(self.codes, self.lattice, 1)
        return replace(self, lattice=as_written(self.lattice), codes=codes, whole=False)

    @contextmanager
    def turned(self, place: tuple[int, ...], step: int = 1) -> Iterator[None]:
        """A context in which the spin codes[place] of every configuration has moved by `step`
        codes, which flips one of two states.
        """
        before, count = self.codes[place].copy(), len(self.species[place[0]].codes)
        self.codes[place] = (before + step) % count
        yield
        self.codes[place] = before


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Numbers for codes uint8[*cells, letter, configuration], made on demand."""

    codes: Codes
    values: tuple[int, ...]

    def __getitem__(self, place: Any) -> Floats:
        return np.asarray(np.take(np.array(self.values, dtype=np.float64), self.codes[place]))


def every_state(lattice: Lattice, species: Sequence[Species]) -> States:
    """All configurations."""
    shape = (len(species), *lattice.cells, len(lattice.basis))
    radices = np.repeat([len(spin.codes) for spin in species], prod(shape[1:])).tolist()
    numbers = np.arange(prod(radices), dtype=np.uint32)
    strides = [prod(radices[:k]) for k in range(len(radices))]
    codes = [numbers // stride % radix for stride, radix in zip(strides, radices, strict=True)]
    whole = np.array(codes, dtype=np.uint8).reshape(*shape, -1)
    return States(lattice, tuple(species), whole, True)


def random_states(lattice: Lattice, species: Sequence[Species], words: int, key: Key) -> States:
    """64 * words configurations, drawn with the key.

    A two-state spin is -1 with probability 1/2, 1/4, 3/4, 1/8 or 7/8, the same for all spins of a
    configuration, so that aligned neighbours also occur. Another spin has a common state with this
    probability, else any state.
    """
    field = Field(
        "", lattice.cells, letters=len(lattice.basis), periodic=(True,) * lattice.dimension
    )
    codes = [
        _codes(spin, replace(field, planes=spin.bits, states=len(spin.codes)), words, key, number)
        for number, spin in enumerate(species)
    ]
    return States(lattice, tuple(species), np.stack(codes), False)


def _codes(spin: Species, field: Field, words: int, key: Key, number: int) -> Codes:
    bits = _densities(replace(field, planes=1, states=None), words, key, number)[0]
    if spin.two_states:
        return np.asarray(bits, dtype=np.uint8)
    high, low = fold(np.array(key, dtype=np.uint64), LEVEL, number)
    any_state = codes_of(random_field((int(high), int(low)), field, words))
    common = any_state.reshape(-1, any_state.shape[-1])[0]
    return np.asarray(np.where(bits, common, any_state))


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


def codes_of(field: Words) -> Codes:
    """The codes uint8[..., 64 * word] of a canonical field u64[plane, ..., word]."""
    planes = unpack(field)
    return np.tensordot(1 << np.arange(len(planes)), planes, axes=1).astype(np.uint8)
