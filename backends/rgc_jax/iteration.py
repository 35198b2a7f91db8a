"""Iteration of a map as a jitted loop, some steps of it written out for XLA to fuse.

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

WRITTEN = 96
"""Nodes of the steps that are written out, about: longer chains of a fusion are slower again."""


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
    columns, zero = tuple(points[k, :] for k in range(program.inputs)), jnp.float64(-0.0)
    before = _advance(program, steps - kept)(constants, columns, zero)
    return _record(program, kept)(constants, before, zero)


@lru_cache(maxsize=64)
def _advance(program: Arithmetic, steps: int) -> Any:
    return jax.jit(partial(_many, program, steps=steps))


@lru_cache(maxsize=64)
def _record(program: Arithmetic, kept: int) -> Any:
    return jax.jit(partial(_each, program, kept=kept))


def _step(
    program: Arithmetic, constants: Any, columns: tuple[Any, ...], zero: jax.Array
) -> tuple[Any, ...]:
    values = evaluate(program, columns, constants, Rounded(zero))
    return tuple(jnp.broadcast_to(value, columns[0].shape) for value in values)


def _many(
    program: Arithmetic, constants: Any, columns: tuple[Any, ...], zero: jax.Array, steps: int
) -> tuple[Any, ...]:
    """The columns after some steps."""
    unroll = max(1, min(steps, WRITTEN // len(program.nodes)))
    return jax.lax.fori_loop(
        0,
        steps,
        lambda _, now: _step(program, constants, now, zero),
        columns,
        unroll=unroll if steps else None,
    )


def _each(
    program: Arithmetic, constants: Any, columns: tuple[Any, ...], zero: jax.Array, kept: int
) -> Any:
    """The points [kept, n, k] after each of some steps."""

    def move(now: tuple[Any, ...], _: None) -> tuple[tuple[Any, ...], Any]:
        after = _step(program, constants, now, zero)
        return after, jnp.stack(after)

    return jax.lax.scan(move, columns, None, length=kept)[1]
