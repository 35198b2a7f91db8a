"""Arithmetic of integers in JAX arrays, exact on CPUs and GPUs."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Array = jax.Array

LIMB = 12
"""Bits of the lower of two limbs of a mean."""


def exact(x: Array, y: Array, dtype: Any, turned: bool = False, sums: Any = None) -> Array:
    """A product of matrices of integers, the second transposed where it is `turned`, that floats of
    this kind hold, and those of the kind `sums` (the same if None) with all partial sums."""
    axes = ((1,), (1 if turned else 0,)), ((), ())
    found: Array = lax.dot_general(
        x.astype(dtype),
        y.astype(dtype),
        axes,
        precision=lax.Precision.HIGHEST,
        preferred_element_type=sums or dtype,
    )
    return found.astype(jnp.int64)


def limbs(x: Array, y: Array) -> Array:
    """The same product where float64 holds those of two limbs of x and no more."""
    high = x >> LIMB
    return (exact(high, y, jnp.float64) << LIMB) + exact(x - (high << LIMB), y, jnp.float64)


def largest(x: Array) -> Array:
    """The largest absolute value. A CPU compares halves entry by entry with vectors. It does so in
    branches, which are handed x and do not compute it once more."""

    def folded(x: Array) -> Array:
        most = jnp.abs(x.astype(jnp.int64))
        while len(most) % 2 == 0:
            most = jnp.maximum(*jnp.split(most, 2))
        return most.max()

    return jnp.asarray(lax.cond(x.reshape(-1)[0] < 0, folded, folded, x))


def tied(step: Array, ties: Array, classes: int) -> Array:
    """Entries of one class share the sum of theirs; those of class -1 get 0."""
    place = jnp.where(ties < 0, classes, ties)
    sums = jnp.zeros(classes + 1, jnp.int64).at[place].add(step)
    return jnp.where(ties < 0, 0, sums[place])


def cut(x: Array, number: Array, shift: int) -> Array:
    """number x / 2^shift, cut towards 0."""
    return jnp.sign(x) * ((jnp.abs(x) * number) >> shift)


def normed(matrix: Array, norm: Array) -> Array:
    squares = ((jnp.abs(matrix) >> 10) ** 2).sum(axis=0)
    root = jnp.maximum(jnp.ceil(jnp.sqrt(squares.astype(jnp.float64))).astype(jnp.int64), 1)
    smaller = jnp.sign(matrix) * (jnp.abs(matrix) * norm // root)
    return jnp.where(root > norm, smaller, matrix)
