"""States of units as JAX arrays: fields of words, features, and words of bits of chains."""

from __future__ import annotations

from functools import reduce
from operator import add

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rgc.program.dense import Field, Units
from rgc_jax.dense.arithmetic import exact

Array = jax.Array


def chains_of(field: Array, source: Field) -> Array:
    """The bits of states by chains, uint8[chain, plane, unit], of a field."""
    lanes = jnp.arange(64, dtype=jnp.uint64)
    bits = ((field[:, :, None] >> lanes) & np.uint64(1)).astype(jnp.uint8)
    return jnp.moveaxis(bits.reshape(source.units.planes, source.units.number, -1), 2, 0)


def features(bits: Array, units: Units) -> Array:
    """int8[chain, feature] of the bits [chain, plane, unit] of states."""
    if units.kind != "softmax":
        return features_of(bits[:, 0] == 0, units)
    weights = (1 << np.arange(units.planes, dtype=np.int32))[:, None]
    return features_of((bits.astype(jnp.int32) * weights).sum(axis=1), units)


def features_of(drawn: Array, units: Units) -> Array:
    """int8[chain, feature] of what units drew: whether they are 1 or +1, or their states; values
    of real units stay int32."""
    if units.kind == "softmax":
        return one_hot(drawn, units)
    if units.kind == "gaussian":
        return drawn.astype(jnp.int32)
    high = drawn.astype(jnp.int8)
    return high if units.kind == "binary" else 2 * high - 1


def one_hot(states: Array, units: Units) -> Array:
    found = states[..., None] == jnp.arange(units.states)
    return found.reshape(len(states), units.features).astype(jnp.int8)


def packed(x: Array, units: Units, words: int) -> Array:
    """u64[planes * units, word] of features [chain, feature]."""
    if units.kind == "softmax":
        states = by_unit(x, units).argmax(axis=-1).T
        bits = (states >> np.arange(units.planes)[:, None, None]) & 1
    else:
        bits = (x.T <= 0)[None]
    flat = bits.reshape(units.planes * units.number, -1).astype(jnp.uint64)
    spare = 64 * words - flat.shape[1]
    lanes = jnp.pad(flat, [(0, 0), (0, spare)]).reshape(len(flat), words, 64)
    return (lanes << jnp.arange(64, dtype=jnp.uint64)).sum(axis=-1, dtype=jnp.uint64)


def by_unit(x: Array, units: Units) -> Array:
    return x.reshape(len(x), units.number, units.states) if units.letters > 1 else x


def bits_of(x: Array) -> Array:
    """The bits of states by features, u64[word, feature] with a lane for each chain. Float32 adds
    up 16 lanes exactly."""
    chains, parts = np.arange(len(x)), 4 * -(-len(x) // 64)
    lanes = np.where(chains // 16 == np.arange(parts)[:, None], 2.0 ** (chains % 16), 0)
    sums = exact(jnp.asarray(lanes), x > 0, jnp.float32).astype(jnp.uint64)
    shifts = 16 * jnp.arange(4, dtype=jnp.uint64)[:, None]
    return (sums.reshape(-1, 4, x.shape[1]) << shifts).sum(axis=1, dtype=jnp.uint64)


def of_bits(units: Units | None) -> tuple[int, int]:
    """s and t where a feature is s a - t of its bit a."""
    return (2, 1) if units is not None and units.kind == "ising" else (1, 0)


def unpacked(bits: Array, units: Units, chains: int) -> Array:
    """Features int8[chain, feature] of their bits."""
    s, t = of_bits(units)
    lanes = jnp.arange(64, dtype=jnp.uint64)[:, None]
    found = ((bits[:, None] >> lanes) & np.uint64(1)).astype(jnp.int8)
    return s * found.reshape(-1, bits.shape[1])[:chains] - t


def ones(bits: Array) -> Array:
    """In how many chains a bit is 1, int64[feature]."""
    return lax.population_count(bits).sum(axis=0).astype(jnp.int64)


def counted(a: Array, b: Array, chains: int, one: Units | None, other: Units | None) -> Array:
    """Sums of x_i y_j over chains, of states with the bits a and b: what two bits have in common is
    counted by AND."""
    (s, t), (u, v) = of_bits(one), of_bits(other)
    both = reduce(add, (lax.population_count(p[:, None] & q) for p, q in zip(a, b, strict=True)))
    found = s * u * both.astype(jnp.int64) + t * v * chains
    return jnp.asarray(found - s * v * ones(a)[:, None] - t * u * ones(b))
