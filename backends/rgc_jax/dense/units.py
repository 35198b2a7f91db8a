"""Units that draw: `rgc.program.units` in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rgc.program.draws import SITE_SHIFT, WORD_SHIFT
from rgc.program.units import (
    EXP,
    FAR,
    FIELD_BITS,
    FRACTION_BITS,
    LN_2,
    LOG,
    LOG2_E,
    MEAN,
    OCTAVE_BITS,
    QUANTILE_BITS,
    REAL,
    quantiles,
)
from rgc_jax.draws import Stream

Array = jax.Array

LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def exp2neg(distance: Array) -> Array:
    """2^32 exp(-d / 2^20) for int64 d >= 0."""
    t = jnp.minimum(distance, FAR).astype(jnp.uint64) * np.uint64(LOG2_E)
    return _alternating(EXP, (t >> np.uint64(20)) & LOW) >> (t >> np.uint64(52))


def log1p(e: Array) -> Array:
    return (_alternating(LOG, e) * e) >> HALF


def _alternating(coefficients: tuple[int, ...], x: Array) -> Array:
    value = jnp.full_like(x, np.uint64(coefficients[-1]))
    for each in coefficients[-2::-1]:
        value = np.uint64(each) - ((value * x) >> HALF)
    return value


def uniforms(key: Array, units: int, chains: int, word0: Array) -> Array:
    """The U of every chain and unit, u64[chain, unit]. A word holds those of two chains and is made
    once for each of them, since XLA interleaves halves on CPUs entry by entry, without vectors."""
    chain = jnp.arange(chains, dtype=jnp.uint64)
    word, plane = word0 + (chain >> np.uint64(6)), (chain >> np.uint64(1)) & np.uint64(31)
    site = jnp.arange(units, dtype=jnp.uint64) << np.uint64(SITE_SHIFT)
    counter = ((word << np.uint64(WORD_SHIFT)) | plane)[:, None] | site[None, :]
    drawn = Stream("splitmix", key, counter).word(0)
    return (drawn >> (HALF * (chain & np.uint64(1)))[:, None]) & LOW


def binary(x: Array, uniform: Array) -> Array:
    """Where a binary unit is 1, for int64 x."""
    e = exp2neg(jnp.abs(x))
    unlikely = uniform + ((uniform * e) >> HALF) < e
    return (x > 0) ^ unlikely


def ising(x: Array, uniform: Array) -> Array:
    return binary(2 * x, uniform)


def softmax(x: Array, uniform: Array) -> Array:
    """The states of units with the fields x[..., a]."""
    total = jnp.cumsum(weights(x), axis=-1)
    high, low = total[..., -1] >> HALF, total[..., -1] & LOW
    below = uniform * high + ((uniform * low) >> HALF)
    return (total <= below[..., None]).sum(axis=-1)


def weights(x: Array) -> Array:
    return exp2neg(x.max(axis=-1, keepdims=True) - x)


def normal(uniform: Array) -> Array:
    """A normal number of mean 0 and variance 1 in units of 1 / MEAN."""
    w = 2 * (uniform & np.uint64(0x7FFFFFFF)).astype(jnp.int64) + 1
    k = 63 - lax.clz(w)
    f = (w << (31 - k)) & 0x7FFFFFFF
    table, place = jnp.asarray(quantiles()), (k << OCTAVE_BITS) + (f >> FRACTION_BITS)
    low, rest = table[place], f & ((1 << FRACTION_BITS) - 1)
    found = low + (((table[place + 1] - low) * rest) >> FRACTION_BITS)
    found = (found + (1 << QUANTILE_BITS >> 1)) >> QUANTILE_BITS
    return jnp.where(uniform >> np.uint64(31) == 0, found, -found)


def gaussian(x: Array, uniform: Array) -> Array:
    return jnp.clip(gaussian_mean(x) + normal(uniform), -REAL, REAL)


def gaussian_mean(x: Array) -> Array:
    return (x + (1 << FIELD_BITS >> 1)) >> FIELD_BITS


def gaussian_energy(x: Array) -> Array:
    return (x * x + (1 << 20)) >> 21


def binary_mean(x: Array) -> Array:
    own, other = exp2neg(jnp.maximum(-x, 0)), exp2neg(jnp.maximum(x, 0))
    return _share(own, own + other)


def ising_mean(x: Array) -> Array:
    return 2 * binary_mean(2 * x) - MEAN


def softmax_mean(x: Array) -> Array:
    each = weights(x)
    return _share(each, each.sum(axis=-1, keepdims=True))


def _share(part: Array, whole: Array) -> Array:
    twice = (part * np.uint64(2 * MEAN) + whole) // (np.uint64(2) * whole)
    return twice.astype(jnp.int64)


def binary_log(x: Array) -> Array:
    return (jnp.maximum(x, 0) << 12) + log1p(exp2neg(jnp.abs(x))).astype(jnp.int64)


def ising_log(x: Array) -> Array:
    return (jnp.abs(x) << 12) + log1p(exp2neg(2 * jnp.abs(x))).astype(jnp.int64)


def softmax_log(x: Array) -> Array:
    total = weights(x).sum(axis=-1)
    k = jnp.uint64(63) - lax.clz(total)
    e = ((total << (np.uint64(63) - k)) >> np.uint64(31)) & LOW
    log = (k.astype(jnp.int64) - 32) * LN_2 + log1p(e).astype(jnp.int64)
    return (x.max(axis=-1) << 12) + log


def accepted(x: Array, uniform: Array) -> Array:
    return (x <= 0) | (uniform < exp2neg(jnp.maximum(x, 0)))
