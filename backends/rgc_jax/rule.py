"""The nodes of a rule as jax.numpy, on whole sets of sites at once: words u64[...], the same shape
for every value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_, xor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rgc.program.exponentials import COARSE, exponentials
from rgc.program.lattice.nodes import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Couple,
    Equals,
    Load,
    Logistic,
    Node,
    Store,
    Tally,
    Weigh,
)
from rgc.program.lattice.outlining import Body
from rgc_jax.dense.units import binary
from rgc_jax.draws import ALL, LOW, Draw, Limits, Stream

FOLD = {"and": and_, "or": or_, "xor": xor}
LANES = np.arange(64, dtype=np.uint64)

MANY_WORDS = 32
"""Words beyond which their adders are arrays. XLA copies a sum into each of its users, so that the
171 words of every spin of `complete(20)` with triples took more than 22 GiB to compile, one by one,
and 1.7 in layers. Up to twelve words layers take up to twice the time to run.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Some sites, and all that a rule asks of them, with the axes of `shape`.

    `load(n)` yields the words of load n of the body, `stream(draw)` the random words, and
    `weights(slot)` int32[..., 64] where there are lanes. `couple(node)` yields the words
    u64[..., site] of all sites of a field, and what couples the own site to each, int32[..., site,
    64] or [..., site, 1].
    """

    shape: tuple[int, ...]
    load: Callable[[int], jax.Array]
    stream: Callable[[int], Stream]
    limits: Limits
    weights: Callable[[int], jax.Array] | None = None
    couple: Callable[[Couple], tuple[jax.Array, jax.Array]] | None = None


@dataclass(slots=True, eq=False)
class Outcome:
    """What a rule does: the words it stores, the words it tallies, in the order of its nodes, and
    the replicas for which that is not decided yet."""

    stores: list[jax.Array] = field(default_factory=list)
    tallies: list[jax.Array] = field(default_factory=list)
    undecided: jax.Array | None = None


Decide = Callable[[Draw], tuple[jax.Array, jax.Array | None]]
"""The word of a draw, and the replicas left undecided if there may be any."""


def evaluate(body: Body, place: Place, decide: Decide) -> Outcome:
    """A rule on some sites."""
    outcome, values = Outcome(), list[Any]()
    for node in body.nodes:
        values.append(_value(node, values, place, decide, outcome))
    return outcome


def _value(
    node: Node, values: Sequence[Any], place: Place, decide: Decide, outcome: Outcome
) -> Any:
    match node:
        case Load(_, (number,)):
            return place.load(number)
        case Bit("not", (operand,)):
            return ~values[operand]
        case Bit(op, operands):
            return reduce(FOLD[op], (values[n] for n in operands))
        case Count(words):
            return counted([values[n] for n in words])
        case Equals(count, number):
            return equal(values[count], number)
        case Bernoulli():
            return _bernoulli(node, values, place, decide, outcome)
        case Weigh():
            return _weigh(node, values, place)
        case Couple():
            return _couple(node, values, place)
        case Accept(lanes, draw):
            return _accept(values[lanes], place.stream(draw))
        case Logistic(lanes, draw):
            field = values[lanes].astype(jnp.int64)
            return _packed(~binary(field, _uniforms(place.stream(draw))))
        case Store(word=word):
            outcome.stores.append(values[word])
        case Tally(word=word):
            outcome.tallies.append(values[word])


def counted(words: list[jax.Array]) -> list[jax.Array]:
    """The planes of the sum of words, lowest first: a tree of full and half adders."""
    if len(words) > MANY_WORDS:
        return _counted_in_layers(jnp.stack(words))
    planes = []
    while words:
        carries = []
        while len(words) > 1:
            total, carry = _added(*words[:3])
            words = [*words[3:], total]
            carries.append(carry)
        planes.append(words[0])
        words = carries
    return planes


def _counted_in_layers(column: jax.Array) -> list[jax.Array]:
    """The same of u64[word, ...], where all adders of a layer of the tree are one operation."""
    planes = []
    while len(column):
        carries = []
        while len(column) > 1:
            adders, operands = max(len(column) // 3, 1), min(len(column), 3)
            parts = [column[k * adders : (k + 1) * adders] for k in range(operands)]
            total, carry = _added(*parts)
            column = jnp.concatenate([column[operands * adders :], total])
            carries.append(carry)
        planes.append(column[0])
        column = jnp.concatenate(carries) if carries else column[:0]
    return planes


def _added(a: jax.Array, b: jax.Array, c: jax.Array | None = None) -> tuple[jax.Array, jax.Array]:
    half = a ^ b
    return (half, a & b) if c is None else (half ^ c, (a & b) | (half & c))


def equal(planes: Sequence[jax.Array], number: int) -> jax.Array:
    if number >> len(planes):
        return jnp.zeros_like(planes[0])
    return reduce(and_, (plane if number >> k & 1 else ~plane for k, plane in enumerate(planes)))


def _bernoulli(
    node: Bernoulli, values: Sequence[Any], place: Place, decide: Decide, outcome: Outcome
) -> jax.Array:
    masks = [(values[mask], slot) for mask, slot in node.classes]
    if node.otherwise is not None:
        rest = ~reduce(or_, (mask for mask, _ in masks)) if masks else jnp.full(place.shape, ALL)
        masks.append((rest, node.otherwise))
    if not masks:
        return jnp.zeros(place.shape, jnp.uint64)
    word, undecided = decide(Draw(masks, place.limits, place.stream(node.draw).word))
    if undecided is not None:
        outcome.undecided = (
            undecided if outcome.undecided is None else outcome.undecided | undecided
        )
    return word


def _weigh(node: Weigh, values: Sequence[Any], place: Place) -> jax.Array:
    assert place.weights is not None  # noqa: S101
    total = jnp.broadcast_to(place.weights(node.base), (*place.shape, 64))
    for mask, slot in zip(node.masks, node.slots, strict=True):
        total = total + lanes(values[mask]).astype(jnp.int32) * place.weights(slot)
    return total


def _couple(node: Couple, values: Sequence[Any], place: Place) -> jax.Array:
    assert place.couple is not None  # noqa: S101
    words, couplings = place.couple(node)
    signs = 2 * lanes(words).astype(jnp.int32) - 1
    total = jnp.sum(signs * couplings, axis=-2, dtype=jnp.int32)
    if node.mask is not None:
        total = total * (1 - 2 * lanes(values[node.mask]).astype(jnp.int32))
    return values[node.lanes] + total


def _accept(energy: jax.Array, stream: Stream) -> jax.Array:
    coarse, fine = exponentials()
    high = jnp.clip(energy >> 10, 0, COARSE)
    limit = (
        jnp.append(coarse, np.uint64(0))[high] * jnp.asarray(fine)[energy & 1023]
    ) >> np.uint64(32)
    return _packed((energy <= 0) | (_uniforms(stream) < limit))


def _uniforms(stream: Stream) -> jax.Array:
    """The 32 bits of each lane: lane r takes half r & 1 of plane r >> 1."""
    each = Stream(stream.generator, stream.key, stream.counter[..., None])
    return (each.word(jnp.asarray(LANES >> np.uint64(1))) >> (LANES % 2 * 32)) & LOW


def _packed(bits: jax.Array) -> jax.Array:
    """Words u64[...] of bool[..., 64]."""
    return jnp.sum(bits.astype(jnp.uint64) << LANES, axis=-1, dtype=jnp.uint64)


def lanes(words: jax.Array) -> jax.Array:
    """The bits of words u64[...] as u64[..., 64]."""
    return (words[..., None] >> LANES) & np.uint64(1)
