"""The random words of `rgc.program.draws`, and Bernoulli words made of them, as JAX computes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

from rgc.program.program import Generator

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
LOW = np.uint64(0xFFFFFFFF)
GOLDEN = 0x9E3779B97F4A7C15
_32 = np.uint64(32)

Bit = bool | jax.Array
"""Where thresholds have a bit set: everywhere, nowhere, or a mask."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """The words of key `key` u64[2] at the counters of some sites; `counter` u64[...] is that of plane 0."""

    generator: Generator
    key: jax.Array
    counter: jax.Array

    def word(self, plane: int | jax.Array) -> jax.Array:
        a, b = self.key[0], self.key[1]
        if self.generator == "philox":
            return _philox(a, b, self.counter + jnp.uint64(plane))
        step = jnp.uint64(plane) * np.uint64(GOLDEN) if isinstance(plane, jax.Array) else _times_golden(plane)
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
    """The threshold table of a program; entry 0 of a slot is "always", entry 1 + k its bit of plane k."""

    def bit(self, slot: int, entry: int) -> Bit: ...


@dataclass(frozen=True, slots=True)
class Baked:
    """Thresholds that are part of the code: the integer T of every slot."""

    values: tuple[int, ...]
    planes: int

    def bit(self, slot: int, entry: int) -> Bit:
        return bool(self.values[slot] >> self.planes - entry & 1)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Thresholds that are arguments: u64[slot, 1 + planes] where all replicas have the same, else u64[slot, 1 + planes, word] with
    an entry for each word that the last axis of values counts."""

    table: jax.Array

    def bit(self, slot: int, entry: int) -> Bit:
        return self.table[slot, entry]


def below(
    masks: Sequence[tuple[jax.Array, int]], limits: Limits, uniform: Callable[[int], jax.Array], planes: int
) -> tuple[jax.Array, jax.Array]:
    """The Bernoulli word of disjoint masks and their slots after so many planes, and the replicas that they leave undecided.

    A replica is decided at the first plane, from the top, where its uniform and its threshold differ: 1 where the uniform has the 0.
    """
    zero = jnp.zeros_like(masks[0][0])
    word = _union(masks, [limits.bit(slot, 0) for _, slot in masks], zero)
    undecided = reduce(or_, (mask for mask, _ in masks)) & ~word
    for plane in range(planes):
        limit = _union(masks, [limits.bit(slot, 1 + plane) for _, slot in masks], zero)
        differ = limit ^ uniform(plane)
        word = word | (undecided & limit & differ)
        undecided = undecided & ~differ
    return word, undecided


def _union(masks: Sequence[tuple[jax.Array, int]], bits: Sequence[Bit], zero: jax.Array) -> jax.Array:
    """The replicas in a class whose threshold has the bit."""
    parts = [
        mask if bit is True else mask & bit
        for (mask, _), bit in zip(masks, bits, strict=True)
        if bit is not False
    ]
    return reduce(or_, parts) if parts else zero
