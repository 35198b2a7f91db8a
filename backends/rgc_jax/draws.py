"""The random words of `rgc.program.draws`, and Bernoulli words made of them, as JAX computes them.

XLA fuses a value into each of its users on CPUs, which then compute it again: a word and its
undecided replicas leave one fusion together, as the halves of a complex number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rgc.program.draws import Generator

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
LOW = np.uint64(0xFFFFFFFF)
GOLDEN = 0x9E3779B97F4A7C15
_32 = np.uint64(32)

GROUP = 8
"""Planes of a group. It divides 32."""

Bit = bool | jax.Array
"""Where thresholds have a bit set: everywhere, nowhere, or a mask."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """The words of key `key` u64[2] at the counters of some sites. `counter` u64[...] is that of
    plane 0."""

    generator: Generator
    key: jax.Array
    counter: jax.Array

    def word(self, plane: int | jax.Array) -> jax.Array:
        a, b = self.key[0], self.key[1]
        if self.generator == "philox":
            return _philox(a, b, self.counter + jnp.uint64(plane))
        step = (
            jnp.uint64(plane) * np.uint64(GOLDEN)
            if isinstance(plane, jax.Array)
            else _times_golden(plane)
        )
        return _splitmix(b, a + self.counter * np.uint64(GOLDEN) + step)


def _times_golden(plane: int) -> np.uint64:
    return np.uint64(plane * GOLDEN & int(ALL))


def _splitmix(b: jax.Array, z: jax.Array) -> jax.Array:
    z = z ^ b
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _philox(a: jax.Array, b: jax.Array, counter: jax.Array) -> jax.Array:
    c0, c1, c2, c3 = counter & LOW, counter >> _32, b & LOW, b >> _32
    k0, k1 = a & LOW, a >> _32
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (q >> _32) ^ c1 ^ k0, q & LOW, (p >> _32) ^ c3 ^ k1, p & LOW
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & LOW, (k1 + np.uint64(0xBB67AE85)) & LOW
    return c0 | (c1 << _32)


class Limits(Protocol):
    """The threshold table of a program. Entry 0 of a slot is "always", and entry 1 + k is its bit
    of plane k."""

    def bit(self, slot: int, entry: int | jax.Array) -> Bit: ...


@dataclass(frozen=True, slots=True)
class Baked:
    """Thresholds that are part of the code: the integer T of every slot."""

    values: tuple[int, ...]
    planes: int

    def bit(self, slot: int, entry: int | jax.Array) -> Bit:
        if isinstance(entry, int):
            return bool(self.values[slot] >> self.planes - entry & 1)
        bits = [
            int(ALL) * (self.values[slot] >> self.planes - n & 1) for n in range(1 + self.planes)
        ]
        return jnp.asarray(np.array(bits, dtype=np.uint64))[entry]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Thresholds that are arguments: u64[slot, 1 + planes] where all replicas have the same, else
    u64[slot, 1 + planes, word] with an entry for each word that the last axis of values counts."""

    table: jax.Array

    def bit(self, slot: int, entry: int | jax.Array) -> Bit:
        return self.table[slot, entry]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A Bernoulli variable: disjoint masks with their slots, the thresholds, the random words by
    plane.

    A replica is decided at the first plane, from the top, where its uniform and its threshold
    differ: 1 where the uniform has the 0.
    """

    masks: Sequence[tuple[jax.Array, int]]
    limits: Limits
    uniform: Callable[[int | jax.Array], jax.Array]

    def start(self) -> tuple[jax.Array, jax.Array]:
        """The replicas that are 1 for sure, and those that are undecided."""
        word = self._limit(0)
        return word, reduce(or_, (mask for mask, _ in self.masks)) & ~word

    def decide(
        self, word: jax.Array, undecided: jax.Array, plane: int | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """The same after one more plane."""
        limit = self._limit(1 + plane)
        differ = limit ^ self.uniform(plane)
        return word | (undecided & limit & differ), undecided & ~differ

    def _limit(self, entry: int | jax.Array) -> jax.Array:
        """The replicas whose threshold has the bit of an entry."""
        bits = [(mask, self.limits.bit(slot, entry)) for mask, slot in self.masks]
        parts = [mask if bit is True else mask & bit for mask, bit in bits if bit is not False]
        return reduce(or_, parts) if parts else jnp.zeros_like(self.masks[0][0])


def at_once(draw: Draw, planes: int) -> tuple[jax.Array, jax.Array]:
    """The word after the first planes, in one expression, and the replicas that they leave
    undecided."""
    word, undecided = draw.start()
    for plane in range(planes):
        word, undecided = draw.decide(word, undecided, plane)
    return word, undecided


def in_groups(draw: Draw, planes: int) -> jax.Array:
    """The word after all planes, so many at a time until everything is decided: less code, and less
    work."""

    def more(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        first, value = state
        word, undecided = halves(value)
        for n in range(GROUP):
            word, undecided = draw.decide(word, undecided, first + n)
        return first + GROUP, pair(word, undecided)

    def unfinished(state: tuple[jax.Array, jax.Array]) -> jax.Array:
        return (state[0] < planes) & jnp.any(halves(state[1])[1] != 0)

    _, value = lax.while_loop(unfinished, more, (jnp.int32(0), pair(*draw.start())))
    return halves(value)[0]


def pair(first: jax.Array, second: jax.Array) -> jax.Array:
    """Two words as one complex number with the same bits."""
    parts = (lax.bitcast_convert_type(word, jnp.float64) for word in (first, second))
    return lax.complex(*parts)


def halves(value: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The two words of a pair."""
    return (
        lax.bitcast_convert_type(lax.real(value), jnp.uint64),
        lax.bitcast_convert_type(lax.imag(value), jnp.uint64),
    )
