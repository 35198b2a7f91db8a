"""The sum over the states of a small side of a machine, as one jitted scan."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp

from rgc_jax.devices import find_platform


def log_z_small_side(first: Any, second: Any, x: Any, y: Any) -> float:
    """See `rgc.routines.log_z.log_z_small_side`."""
    return float(_summed()(first, second, x, y))


@lru_cache(maxsize=1)
def _summed() -> Any:
    return find_platform().jit(_sum)


def _sum(first: jax.Array, second: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    """Over the states of the first half one by one; a factor is split into its exponent and a
    number near 1, so that products of any length hold."""
    weights = jnp.exp(y)

    def row(carry: None, one: tuple[jax.Array, jax.Array]) -> tuple[None, jax.Array]:
        own, fields = one
        factors = 1.0 + jnp.sum(jnp.exp(fields) * weights, axis=2)
        mantissas, exponents = jnp.frexp(factors)
        logs = jnp.sum(jnp.log(_products(mantissas)), axis=1)
        logs = logs + jnp.sum(exponents, axis=1) * jnp.log(2.0)
        return carry, own + jax.nn.logsumexp(second + logs)

    _, parts = jax.lax.scan(row, None, (first, x))
    return jax.nn.logsumexp(parts)


def _products(mantissas: jax.Array) -> jax.Array:
    """Products of 512 numbers between 1/2 and 1 at a time, which do not underflow."""
    states, units = mantissas.shape
    padded = jnp.pad(mantissas, ((0, 0), (0, -units % 512)), constant_values=1.0)
    return jnp.prod(padded.reshape(states, -1, 512), axis=2)
