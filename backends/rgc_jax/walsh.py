"""Walsh-Hadamard transforms as jitted functions: products with Hadamard matrices, five levels at a
time, which is where XLA is fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from rgc_jax.devices import find_platform

RADIX_BITS = 5


def fwht(values: Any) -> Any:
    """See `rgc.routines.walsh.fwht`. Raises `ValueError` where the length is no power of two."""
    _bits(values.shape[0])
    return _transform()(values)


def walsh_exp(
    masks: Sequence[int], coefficients: Sequence[float], bits: int, xp: Any
) -> tuple[float, jax.Array]:
    """See `rgc.routines.walsh.walsh_exp`."""
    where, values = np.asarray(masks, dtype=np.int64), np.asarray(coefficients, dtype=np.float64)
    log_sum, spectrum = _exponential(bits)(where, values)
    return float(log_sum), spectrum


@lru_cache(maxsize=1)
def _transform() -> Callable[[Any], Any]:
    return find_platform().jit(_levels, donate_argnums=0)


@lru_cache(maxsize=32)
def _exponential(bits: int) -> Callable[[Any, Any], tuple[Any, Any]]:
    return find_platform().jit(partial(_exp, bits))


def _exp(bits: int, masks: jax.Array, coefficients: jax.Array) -> tuple[jax.Array, jax.Array]:
    values = _levels(jnp.zeros(1 << bits).at[masks].add(coefficients))
    largest = jnp.max(values)
    weights = jnp.exp(values - largest)
    total = jnp.sum(weights)
    return largest + jnp.log(total), _levels(weights / total)


def _levels(values: jax.Array) -> jax.Array:
    """All levels: the leading digit of the index becomes the last one, transformed, until every
    digit had its turn."""
    bits = _bits(values.shape[0])
    rest = [bits % RADIX_BITS] if bits % RADIX_BITS else []
    for digit in (*rest, *[RADIX_BITS] * (bits // RADIX_BITS)):
        values = values.reshape(1 << digit, -1).T @ _hadamard(digit)
    return values.reshape(-1)


def _bits(size: int) -> int:
    bits = size.bit_length() - 1
    if size != 1 << bits:
        raise ValueError(f"a Walsh-Hadamard transform has 2^n points, not {size}")
    return bits


@lru_cache
def _hadamard(bits: int) -> NDArray[np.float64]:
    """(-1)^(bits that row and column share)."""
    matrix = np.ones((1, 1))
    for _ in range(bits):
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix
