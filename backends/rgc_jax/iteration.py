"""Iteration of a map as a jitted loop, with two steps of it written out for XLA to fuse.

XLA contracts a product and a sum into one operation that rounds once, and divides by a number by
multiplying with its inverse. `Rounded` keeps it from both, so that a rational map has the bits of
its nodes.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp

from rgc.program.arithmetic import Arithmetic, evaluate

Columns = tuple[jax.Array, ...]

WRITTEN = 2
"""Steps that are written out. XLA repeats in one fusion what several outputs of a step have in
common, so that more of them cost time, and many of them have no end.
"""


class Rounded:
    """The namespace `jax.numpy` with every operation rounded by itself.

    A product is a b + zero with a `zero` that XLA does not know to be -0: one contracted operation
    that rounds as a product does, and takes no part in another.
    """

    def __init__(self, zero: jax.Array) -> None:
        self._zero = zero

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)

    def multiply(self, a: Any, b: Any) -> jax.Array:
        return jnp.multiply(a, b) + self._zero

    def divide(self, a: Any, b: Any) -> jax.Array:
        """The quotient, by an array of equal numbers where b is one number."""
        if jnp.ndim(b) == 0 and jnp.ndim(a):
            b = jax.lax.optimization_barrier(jnp.broadcast_to(b, jnp.shape(a)))
        return jnp.divide(a, b)

    def arctanh(self, a: Any) -> jax.Array:
        """asinh(a / sqrt(1 - a^2)), since `jax.numpy.arctanh` loses two digits."""
        return jnp.arcsinh(a / jnp.sqrt((1 - a) * (1 + a)))


def iterate_map(
    program: Arithmetic, constants: Any, points: Any, steps: int, kept: int = 1
) -> jax.Array:
    """See `rgc.routines.iteration.iterate_map`."""
    return _jitted(program, steps, kept)(constants, points, jnp.float64(-0.0))


@lru_cache(maxsize=64)
def _jitted(program: Arithmetic, steps: int, kept: int) -> Any:
    return jax.jit(partial(_iterated, program, steps, kept))


def _iterated(
    program: Arithmetic,
    steps: int,
    kept: int,
    constants: jax.Array,
    points: jax.Array,
    zero: jax.Array,
) -> jax.Array:
    """The steps that are not kept as a loop, and the others as a scan."""
    space = Rounded(zero)

    def step(now: Columns) -> Columns:
        values = evaluate(program, now, constants, space)
        return tuple(jnp.broadcast_to(value, now[0].shape) for value in values)

    def recorded(now: Columns, _: None) -> tuple[Columns, jax.Array]:
        after = step(now)
        return after, jnp.stack(after)

    columns = tuple(points[k, :] for k in range(program.inputs))
    before = steps - kept
    if before:
        unroll = min(before, WRITTEN)
        columns = jax.lax.fori_loop(0, before, lambda _, now: step(now), columns, unroll=unroll)
    if kept == 1:
        return jnp.stack(step(columns))[None]
    return jax.lax.scan(recorded, columns, None, length=kept)[1]
