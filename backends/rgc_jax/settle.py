"""Draws in two passes: a few planes of every word without a branch, then all planes of the words that are still undecided.

On CPUs XLA fuses a value into each of its users, which then compute it again. `held` keeps it from that: what a conditional
yields is computed once. A word and its undecided replicas leave one fusion together as the two halves of a complex number.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from rgc.program.bodies import Body, tallied
from rgc.program.nodes import Below, Store
from rgc_jax.rule import Outcome, Place, evaluate

BLOCK = 64
"""Words of a block; each block with undecided words names one of them, and those are decided together."""

Value = list[jax.Array]


def settle(
    body: Body,
    whole: Place,
    at: Callable[[jax.Array], Place],
    *,
    first: int,
    planes: int,
    held: jax.Array | None,
) -> Outcome:
    """What a rule does on the sites of `whole`; `at` is the place of some of its words, by their row-major positions.

    `held`: a true value that XLA cannot know, where values must be held; None where they need not be.
    """
    stores = sum(isinstance(node, Store) for node in body.nodes)
    draws = any(isinstance(node, Below) for node in body.nodes)
    if held is None or not stores:
        return evaluate(body, whole, planes)
    if first < planes and draws and stores == 1 and not tallied(body):
        return Outcome([_in_two_passes(body, whole, at, first, planes, held)])
    values = hold(lambda: _paired(evaluate(body, whole, planes)), held)
    return Outcome(*_parted(values, stores, len(tallied(body))))


def hold(make: Callable[[], Value], held: jax.Array) -> Value:
    """The values of `make`, each computed once, apart from what uses them."""
    shapes = jax.eval_shape(make)
    found: Value = lax.cond(held, make, lambda: [jnp.zeros(each.shape, each.dtype) for each in shapes])
    return found


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


def _paired(outcome: Outcome) -> Value:
    words = outcome.stores + outcome.tallies
    pairs = [pair(*words[n : n + 2]) for n in range(0, len(words) - 1, 2)]
    return pairs + words[len(words) - len(words) % 2 :]


def _parted(values: Value, stores: int, tallies: int) -> tuple[Value, Value]:
    words: Value = []
    for value in values:
        words += halves(value) if jnp.iscomplexobj(value) else [value]
    return words[:stores], words[stores : stores + tallies]


def _in_two_passes(
    body: Body, whole: Place, at: Callable[[jax.Array], Place], first: int, planes: int, held: jax.Array
) -> jax.Array:
    def begin() -> Value:
        outcome = evaluate(body, whole, first)
        assert outcome.undecided is not None  # noqa: S101
        return [pair(outcome.stores[0].reshape(-1), outcome.undecided.reshape(-1))]

    (begun,) = hold(begin, held)
    size = begun.size
    block = max(n for n in range(1, BLOCK + 1) if size % n == 0)
    starts = jnp.arange(0, size, block, dtype=jnp.int32)

    def named(value: jax.Array) -> jax.Array:
        """In each block 1 + the place of an undecided word, or 0."""
        undecided = halves(value)[1].reshape(-1, block)
        return jnp.max(jnp.where(undecided != 0, jnp.arange(1, block + 1, dtype=jnp.int32), 0), axis=1)

    def decide(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        value, name = state
        positions = starts + jnp.maximum(name - 1, 0)
        word = evaluate(body, at(positions), planes).stores[0]
        where = jnp.where(name > 0, positions, size + starts)  # beyond the end: dropped
        value = value.at[where].set(pair(word, jnp.zeros_like(word)), mode="drop", unique_indices=True)
        return value, named(value)

    value, _ = lax.while_loop(lambda state: jnp.any(state[1] > 0), decide, (begun, named(begun)))
    return halves(value)[0].reshape(whole.shape)
