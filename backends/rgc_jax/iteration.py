"""Iteration of a map as a jitted loop, with a few steps of it written out for XLA to fuse.

XLA gives every array that a step returns a loop of its own, which repeats what they have in common.
So quantities travel in pairs, as the two parts of complex numbers: half the loops, and for two
quantities nothing is done twice.

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
from rgc_jax.devices import find_platform

Columns = tuple[jax.Array, ...]

WRITTEN = 4
"""Steps that are written out, between which no point goes through memory. More of them take longer
to compile and save little.
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
    return find_platform().jit(partial(_iterated, program, steps, kept))


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

    def step(pairs: Columns) -> Columns:
        now = _apart(pairs)
        values = evaluate(program, now, constants, space)
        return _in_pairs(tuple(jnp.broadcast_to(value, now[0].shape) for value in values))

    def recorded(pairs: Columns, _: None) -> tuple[Columns, jax.Array]:
        after = step(pairs)
        return after, jnp.stack(_apart(after))

    pairs = _in_pairs(tuple(points[k, :] for k in range(program.inputs)))
    before = steps - kept
    if before:
        unroll = min(before, WRITTEN)
        pairs = jax.lax.fori_loop(0, before, lambda _, now: step(now), pairs, unroll=unroll)
    if kept == 1:
        return jnp.stack(_apart(step(pairs)))[None]
    return jax.lax.scan(recorded, pairs, None, length=kept)[1]


def _in_pairs(columns: Columns) -> Columns:
    """Two columns at a time as complex numbers, and a last one by itself."""
    pairs = zip(columns[::2], columns[1::2], strict=False)
    odd = len(columns) // 2 * 2
    return (*(jax.lax.complex(one, other) for one, other in pairs), *columns[odd:])


def _apart(pairs: Columns) -> Columns:
    """The columns of `_in_pairs`."""
    return tuple(
        column
        for pair in pairs
        for column in ((pair.real, pair.imag) if jnp.iscomplexobj(pair) else (pair,))
    )
