"""Truth tables of the words of a rule, as Python integers: bit p is the value under input pattern
p."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from operator import and_, or_, xor

from rgc.program.lattice.nodes import Bit, Count, Drawn, Equals, Load, Value
from rgc.program.lattice.program import Rule

_FOLD = {"and": and_, "or": or_, "xor": xor}


def variables(number: int) -> list[int]:
    """The tables of `number` independent words over their 2^number patterns."""
    patterns = 1 << number
    tables = []
    for k in range(number):
        block = ((1 << (1 << k)) - 1) << (1 << k)
        repeat = ((1 << patterns) - 1) // ((1 << (2 << k)) - 1)
        tables.append(block * repeat)
    return tables


def counted(words: Iterable[int]) -> list[int]:
    """The planes of the sum of words."""
    planes: list[int] = []
    for carry in words:
        for k, plane in enumerate(planes):
            planes[k], carry = plane ^ carry, plane & carry
        if carry:
            planes.append(carry)
    return planes


def equal(planes: Sequence[int], number: int, everything: int) -> int:
    """Where a count is `number`."""
    if number >> len(planes):
        return 0
    masks = (plane if number >> k & 1 else plane ^ everything for k, plane in enumerate(planes))
    return reduce(and_, masks, everything)


def behind(rule: Rule, words: Iterable[Value]) -> frozenset[Value]:
    """The words and counts that some words are made of, themselves among them, down to loads and
    random words."""
    found: set[Value] = set()
    left = [*words]
    while left:
        k = left.pop()
        found.add(k)
        match rule.nodes[k]:
            case Bit(_, operands) | Count(operands):
                left += {*operands} - found
            case Equals(count, _):
                left += {count} - found
            case _:
                pass
    return frozenset(found)


def truth_tables(
    rule: Rule, most: int = 14, of: Collection[Value] | None = None
) -> tuple[list[int | None], int] | None:
    """The table of every word of a rule (None for other values), loads and random words being
    independent inputs, and the table that is 1 everywhere. None where there are more than `most`
    inputs. With `of`, which `behind` gives, the rule has no other nodes than those."""
    used = range(len(rule.nodes)) if of is None else sorted(of)
    inputs = [k for k in used if isinstance(rule.nodes[k], Load | Drawn)]
    if len(inputs) > most:
        return None
    everything = (1 << (1 << len(inputs))) - 1
    given = dict(zip(inputs, variables(len(inputs)), strict=True))
    words: dict[int, int] = {}
    counts: dict[int, list[int]] = {}
    for k in used:
        if k in given:
            words[k] = given[k]
        match rule.nodes[k]:
            case Bit("not", (operand,)):
                words[k] = words[operand] ^ everything
            case Bit(op, operands):
                words[k] = reduce(_FOLD[op], (words[operand] for operand in operands))
            case Count(operands):
                counts[k] = counted(words[operand] for operand in operands)
            case Equals(count, number):
                words[k] = equal(counts[count], number, everything)
            case _:
                pass
    return [words.get(k) for k in range(len(rule.nodes))], everything
