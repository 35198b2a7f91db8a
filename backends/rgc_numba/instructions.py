"""A rule that only measures, as data: a list of instructions on buffers, so that one compiled function carries out any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rgc.program.bodies import Body
from rgc.program.nodes import Bit, Count, Is, Load, Tally

AND, OR, XOR, NOT, TALLY = range(5)
"""Operations. TALLY + n adds to tally array n."""

_OPERATION = {"and": AND, "or": OR, "xor": XOR}

Instruction = tuple[int, int, int, int]
"""An operation, then the buffer that it fills and two that it reads (`not` reads the first); of a tally the buffer, the row, 0."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """`fields[k]`: where load k comes from, whose words are in buffer k before the first instruction; `buffers`: how many are used."""

    fields: tuple[int, ...]
    steps: tuple[Instruction, ...]
    buffers: int


def instructions(body: Body) -> Instructions:
    """The instructions of a body. Raises `ValueError` if it draws, stores or weighs."""
    loads = {node.offset[0]: node.field for node in body.nodes if isinstance(node, Load)}
    code = _Code([loads[k] for k in range(len(loads))])
    for number, node in enumerate(body.nodes):
        match node:
            case Load(_, (column,)):
                code.values[number] = (column,)
            case Bit("not", (word,)):
                code.values[number] = (code.add(NOT, code.values[word][0], 0),)
            case Bit(op, words):
                code.values[number] = (code.fold(_OPERATION[op], [code.values[each][0] for each in words]),)
            case Count(words):
                code.values[number] = code.count([code.values[each][0] for each in words])
            case Is(count, wanted):
                code.values[number] = (code.equal(code.values[count], wanted),)
            case Tally(array, row, word):
                code.made.append((TALLY + array, code.values[word][0], row))
            case _:
                raise ValueError(f"{type(node).__name__} does not measure")
    return _placed(code)


@dataclass(slots=True)
class _Code:
    """Values are numbered: first the loads, then the results of `made`, (operation, a, b); a tally has no result but a number all
    the same. `values[node]`: the value of a word, or those of the planes of a count, lowest first."""

    fields: Sequence[int]
    made: list[tuple[int, int, int]] = field(default_factory=list)
    values: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def add(self, operation: int, a: int, b: int) -> int:
        self.made.append((operation, a, b))
        return len(self.fields) + len(self.made) - 1

    def fold(self, operation: int, values: Sequence[int]) -> int:
        result, *others = values
        for each in others:
            result = self.add(operation, result, each)
        return result

    def count(self, words: Sequence[int]) -> tuple[int, ...]:
        """The planes of the number of ones, by full adders."""
        planes: list[int] = []
        level = list(words)
        while level:
            carries = []
            while len(level) > 1:
                total, carry = self._adder(level[:3])
                level = [*level[3:], total]
                carries.append(carry)
            planes += level
            level = carries
        return tuple(planes)

    def _adder(self, words: Sequence[int]) -> tuple[int, int]:
        a, b, *third = words
        half, carry = self.add(XOR, a, b), self.add(AND, a, b)
        if not third:
            return half, carry
        return self.add(XOR, half, *third), self.add(OR, carry, self.add(AND, half, *third))

    def equal(self, planes: Sequence[int], number: int) -> int:
        if number >> len(planes):
            return self.add(XOR, planes[0], planes[0])
        bits = [plane if number >> k & 1 else self.add(NOT, plane, 0) for k, plane in enumerate(planes)]
        return self.fold(AND, bits)


def _placed(code: _Code) -> Instructions:
    """Values in buffers. One whose value is not read again is used anew, the last one first: it is still in the nearest cache."""
    loads = len(code.fields)
    last = {value: at for at, step in enumerate(code.made) for value in _read(step)}
    where = {value: value for value in range(loads)}
    free: list[int] = []
    used = loads
    steps: list[Instruction] = []
    for at, (operation, a, b) in enumerate(code.made):
        if operation >= TALLY:
            steps.append((operation, where[a], b, 0))
        else:
            into = free.pop() if free else used
            used = max(used, into + 1)
            where[loads + at] = into
            steps.append((operation, into, where[a], where[b] if operation != NOT else 0))
        free += [where[value] for value in sorted(_read(code.made[at])) if last[value] == at]
    return Instructions(tuple(code.fields), tuple(steps), used)


def _read(step: tuple[int, int, int]) -> set[int]:
    operation, a, b = step
    return {a} if operation >= NOT else {a, b}
