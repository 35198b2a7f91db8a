"""A rule interpreted with probabilities: for each configuration the probability that a stored bit
is 1.

Every word is a probability for each configuration and the set of draws on which it depends. Words
of disjoint draws are independent, so that the probability of a gate follows from those of its
operands. What is certain has the probability 0 or 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.model.lattice import Cell
from rgc.model.sites import flatten
from rgc.program.exponentials import COARSE, exponentials
from rgc.program.lattice.nodes import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Couple,
    Drawn,
    Equals,
    Load,
    Logistic,
    Store,
    Weigh,
)
from rgc.program.lattice.program import Program, Rule
from rgc.program.units import binary

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RandomBit:
    """A bit that is 1 with the probability `chance` float64[configuration] (bool where it is
    certain).

    `draws` are the draws on which it depends.
    """

    chance: Any
    draws: frozenset[int] = frozenset()


class Entangled(ValueError):
    """Words depend on the same draw, or decisions depend on any, so that their probabilities do not
    multiply.
    """


def stored(
    program: Program, rule: Rule, cell: Cell, arguments: Arguments, fields: Sequence[Any]
) -> Iterator[tuple[Store, RandomBit]]:
    """What the rule stores at a cell, given `fields[n]` bool[plane, *shape, letter, configuration].

    Raises `Entangled`.
    """
    values: list[Any] = []
    for node in rule.nodes:
        if isinstance(node, Store):
            yield node, values[node.word]
            values.append(None)
        else:
            values.append(
                _value(program, rule, node, values, cell=cell, arguments=arguments, fields=fields)
            )


def outcomes(
    program: Program, rule: Rule, cell: Cell, arguments: Arguments, fields: Sequence[Any]
) -> tuple[list[Store], Floats]:
    """What the rule stores, and the joint chance float64[2^stores, configuration] of all bits of it
    at a cell, the first the highest. Every draw of the rule is taken to be 0 and 1 in turn. Raises
    `Entangled` where two words share one draw.
    """
    draws = [node.draw for node in rule.nodes if isinstance(node, Drawn)]
    stores = [node for node in rule.nodes if isinstance(node, Store)]
    if len(set(draws)) < len(draws):
        raise Entangled("two words hang on one draw")
    joint = np.zeros((1 << len(stores), fields[0].shape[-1]))

    def follow(values: list[Any], weight: Any) -> None:
        """The nodes from the next one on, once for each outcome of a draw that can be."""
        while len(values) < len(rule.nodes):
            node = rule.nodes[len(values)]
            value = _value(
                program, rule, node, values, cell=cell, arguments=arguments, fields=fields
            )
            if isinstance(node, Drawn):
                for bit, chance in ((False, 1 - value.chance), (True, value.chance)):
                    if np.any(chance):
                        assumed = RandomBit(np.full(joint.shape[1], bit))
                        follow([*values, assumed], weight * chance)
                return
            values.append(value)
        bits = [values[store.word].chance.astype(int) for store in stores]
        number = sum(bit << k for k, bit in enumerate(reversed(bits)))
        joint[number, np.arange(joint.shape[1])] += weight

    follow([], np.ones(joint.shape[1]))
    return stores, joint


def _value(
    program: Program,
    rule: Rule,
    node: Any,
    values: list[Any],
    *,
    cell: Cell,
    arguments: Arguments,
    fields: Sequence[Any],
) -> Any:
    match node:
        case Load(field, offset, letter, plane, stride):
            axes = zip(
                cell, offset, stride or (1,) * len(cell), program.fields[field].shape, strict=True
            )
            return RandomBit(
                fields[field][(plane, *((x * f + y) % n for x, y, f, n in axes), letter)]
            )
        case Bit("not", (operand,)):
            word = values[operand]
            return RandomBit(
                ~word.chance if word.chance.dtype == bool else 1 - word.chance, word.draws
            )
        case Bit(op, operands):
            return reduce(_GATES[op], (values[k] for k in operands))
        case Count(words):
            return np.sum([_certain(values[k]) for k in words], axis=0)
        case Equals(count, number):
            return RandomBit(values[count] == number)
        case Bernoulli(classes, otherwise, draw):
            chosen = [(_certain(values[mask]), slot) for mask, slot in classes]
            return RandomBit(
                _bernoulli(chosen, otherwise, arguments, program.planes), frozenset([draw])
            )
        case Weigh(masks, slots, base):
            table = arguments["weights"].astype(np.int64)[:, 0]
            return table[base] + sum(
                _certain(values[m]) * table[s] for m, s in zip(masks, slots, strict=True)
            )
        case Couple(lanes, field, matrix, mask, plane):
            site = flatten(cell, program.shape) * program.letters + rule.letter
            couplings = arguments["couplings"][matrix, site]
            own = 64 * arguments["blocks"][0] if couplings.shape[-1] > 1 else 0
            row = couplings[:, own].astype(np.int64)
            bits = fields[field][plane].reshape(len(row), -1)
            turned = False if mask is None else _certain(values[mask])
            return values[lanes] + row @ (2 * (bits ^ turned).astype(np.int64) - 1)
        case Accept(lanes, draw):
            distinct, where = np.unique(np.asarray(values[lanes]), return_inverse=True)
            return RandomBit(
                (np.array([accepted(int(x)) for x in distinct]) / 2**32)[where], frozenset([draw])
            )
        case Logistic(lanes, draw):
            distinct, where = np.unique(np.asarray(values[lanes]), return_inverse=True)
            return RandomBit(logistic(distinct)[where], frozenset([draw]))
    return None


def _certain(word: RandomBit) -> Any:
    if word.draws:
        raise Entangled("a decision hangs on a draw")
    return word.chance


def _gate(certain: Any, likely: Any) -> Any:
    def gate(a: RandomBit, b: RandomBit) -> RandomBit:
        if a.draws & b.draws:
            raise Entangled("two words hang on one draw")
        if not a.draws | b.draws:
            return RandomBit(certain(a.chance, b.chance))
        return RandomBit(likely(a.chance * 1.0, b.chance * 1.0), a.draws | b.draws)

    return gate


_GATES = {
    "and": _gate(np.logical_and, lambda p, q: p * q),
    "or": _gate(np.logical_or, lambda p, q: p + q - p * q),
    "xor": _gate(np.logical_xor, lambda p, q: p * (1 - q) + q * (1 - p)),
}


def _bernoulli(
    classes: Sequence[tuple[Any, int]], otherwise: int | None, arguments: Arguments, planes: int
) -> Floats:
    if not classes:
        return np.asarray(_probability(arguments, otherwise, planes))
    total = np.zeros(np.broadcast_shapes(*(mask.shape for mask, _ in classes)))
    rest = np.ones(total.shape, dtype=bool)
    for mask, slot in classes:
        total = np.where(mask, _probability(arguments, slot, planes), total)
        rest &= ~mask
    return np.where(rest, _probability(arguments, otherwise, planes), total)


def _probability(arguments: Arguments, slot: int | None, planes: int) -> float:
    return 0.0 if slot is None else threshold(arguments, slot, planes) / 2**planes


def threshold(arguments: Arguments, slot: int, planes: int, replica: int = 0) -> int:
    """T of a slot, read back from its bit planes."""
    bits = arguments["thresholds"][slot, :, replica // 64] >> np.uint64(replica % 64) & np.uint64(1)
    return (
        1 << planes
        if bits[0]
        else sum(int(bit) << (planes - 1 - k) for k, bit in enumerate(bits[1:]))
    )


def accepted(x: int) -> int:
    """The number of the 2^32 uniforms that are accepted at lanes x."""
    if x <= 0:
        return 1 << 32
    coarse, fine = exponentials()
    return int(coarse[x >> 10]) * int(fine[x & 1023]) >> 32 if x >> 10 < COARSE else 0


def logistic(x: NDArray[np.int64]) -> Floats:
    """The share of the 2^32 uniforms that take `Logistic` to 1 at lanes x.

    A unit decides for all uniforms below some number as for 0, which bisection finds, and the other
    way from there on.
    """
    low, high = np.zeros(x.shape, dtype=np.uint64), np.full(x.shape, 1 << 32, dtype=np.uint64)
    first = binary(x, low)
    for _ in range(32):
        middle = (low + high) >> np.uint64(1)
        same = binary(x, middle) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    share = high / 2.0**32
    return np.where(first, 1 - share, share)
