"""Draws in two passes: a few planes of every word without a branch, then all planes of the words
that are still undecided, which are compacted.

`held` keeps a value from being fused into its users: what a conditional yields is computed once,
and before its operands change.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from rgc.program.lattice.nodes import Bernoulli, Store
from rgc.program.lattice.outlining import Body, tallied
from rgc_jax.draws import Draw, at_once, halves, in_groups, pair
from rgc_jax.rule import Outcome, Place, evaluate

BLOCK = 64
"""Words of a block. Each block with undecided words names one of them, and those are decided
together."""

Value = list[jax.Array]


def evaluate_compacted(
    body: Body,
    whole: Place,
    at: Callable[[jax.Array], Place],
    *,
    first: int,
    planes: int,
    held: jax.Array | None,
) -> Outcome:
    """What a rule does on the sites of `whole`. `at` yields the place of some of its words, given
    their row-major positions.

    `held` is a true value that XLA cannot know, where values must be held, and None where they need
    not be.
    """
    stores = sum(isinstance(node, Store) for node in body.nodes)
    draws = any(isinstance(node, Bernoulli) for node in body.nodes)
    if held is None:
        return evaluate(body, whole, partial(at_once, planes=planes))

    def grouped(draw: Draw) -> tuple[jax.Array, None]:
        return in_groups(draw, planes), None

    if not stores:
        return evaluate(body, whole, grouped)
    if draws and stores == 1 and not tallied(body):

        def begin() -> Value:
            outcome = evaluate(body, whole, partial(at_once, planes=min(first, planes)))
            assert outcome.undecided is not None  # noqa: S101
            return [pair(outcome.stores[0].reshape(-1), outcome.undecided.reshape(-1))]

        def again(positions: jax.Array) -> jax.Array:
            return evaluate(body, at(positions), grouped).stores[0]

        return Outcome([_completed(hold(begin, held)[0], again).reshape(whole.shape)])
    values = hold(lambda: _paired(evaluate(body, whole, grouped)), held)
    return Outcome(*_parted(values, stores, len(tallied(body))))


def hold(make: Callable[[], Value], held: jax.Array) -> Value:
    """The values of `make`, each computed once, apart from what uses them."""
    shapes = jax.eval_shape(make)
    found: Value = lax.cond(
        held, make, lambda: [jnp.zeros(each.shape, each.dtype) for each in shapes]
    )
    return found


def _paired(outcome: Outcome) -> Value:
    words = outcome.stores + outcome.tallies
    pairs = [pair(*words[n : n + 2]) for n in range(0, len(words) - 1, 2)]
    return pairs + words[len(words) - len(words) % 2 :]


def _parted(values: Value, stores: int, tallies: int) -> tuple[Value, Value]:
    words: Value = []
    for value in values:
        words += halves(value) if jnp.iscomplexobj(value) else [value]
    return words[:stores], words[stores : stores + tallies]


def _completed(begun: jax.Array, again: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """The words of pairs with their undecided replicas, when those at the positions of undecided
    words have been computed again."""
    size = begun.size
    block = max(n for n in range(1, BLOCK + 1) if size % n == 0)
    starts = jnp.arange(0, size, block, dtype=jnp.int32)

    def named(value: jax.Array) -> jax.Array:
        """In each block 1 + the place of an undecided word, or 0."""
        undecided = halves(value)[1].reshape(-1, block)
        return jnp.max(
            jnp.where(undecided != 0, jnp.arange(1, block + 1, dtype=jnp.int32), 0), axis=1
        )

    def decide(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        value, name = state
        positions = starts + jnp.maximum(name - 1, 0)
        where = jnp.where(name > 0, positions, size + starts)  # beyond the end: dropped
        word = again(positions)
        value = value.at[where].set(
            pair(word, jnp.zeros_like(word)), mode="drop", unique_indices=True
        )
        return value, named(value)

    value, _ = lax.while_loop(lambda state: jnp.any(state[1] > 0), decide, (begun, named(begun)))
    return halves(value)[0]
