"""A rule as data: a list of instructions on buffers of words, so that one compiled function carries
out any rule."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from rgc.program.lattice.nodes import Bernoulli, Bit, Count, Equals, Load, Store, Tally
from rgc.program.lattice.outlining import Body

AND, OR, XOR, NOT, NOTHING, DRAW, STORE, TALLY = range(8)
"""Operations. NOTHING: all bits 0. TALLY + 2 n adds to tally array n, TALLY + 2 n + 1 does so with
an XOR that it carries out first."""

UNUSED = -1
"""The buffer of a word that is added up and not read again."""

_OPERATION = {"and": AND, "or": OR, "xor": XOR}

Instruction = tuple[int, int, int, int, int]
"""An operation and up to four numbers:

- AND, OR, XOR: the buffer that is filled, and the two that are read.
- NOT: the buffer that is filled, and the one that is read.
- NOTHING: the buffer that is filled.
- DRAW: the buffer that is filled, and the number of the draw.
- STORE: the buffer that is read, the field, and the number of the store.
- TALLY: the buffer that is read, and the row; with an XOR the buffer that is filled, or `UNUSED`,
  the two that are read, and the row.
"""

Classes = tuple[tuple[int, int], ...]
"""Of a draw: the buffer of each mask, and its threshold slot."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """`fields[k]`: where load k comes from, whose words are in buffer k before the first
    instruction. `draws`: key and classes of each draw. `buffers`: how many are used."""

    fields: tuple[int, ...]
    steps: tuple[Instruction, ...]
    draws: tuple[tuple[int, Classes], ...]
    buffers: int


def instructions(body: Body, draws: int = 0, sums: Collection[int] = ()) -> Instructions:
    """The instructions of a body, with draws numbered from `draws` on. Tally arrays of `sums` add
    up words as they are made. Raises `ValueError` for a body that weighs."""
    loads = {node.offset[0]: node.field for node in body.nodes if isinstance(node, Load)}
    code = _Code(len(loads), draws)
    for number, node in enumerate(body.nodes):
        code.node(number, node)
    return _placed(tuple(loads[k] for k in range(len(loads))), code, list(_ordered(code, sums)))


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation on values. `numbers` are those of its instruction that are no buffers."""

    operation: int
    reads: tuple[int, ...]
    numbers: tuple[int, ...] = ()


@dataclass(slots=True)
class _Code:
    """Values are numbered: first the loads, then one for each of `made`. `values[node]`: that of a
    word, or those of the planes of a count, lowest first. `draws`: the key and the threshold slots
    of each draw, of which the first is number `first`."""

    loads: int
    first: int
    made: list[_Step] = field(default_factory=list)
    values: dict[int, tuple[int, ...]] = field(default_factory=dict)
    draws: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def node(self, number: int, node: object) -> None:
        match node:
            case Load(_, (column,)):
                self.values[number] = (column,)
            case Bit("not", (word,)):
                self.values[number] = (self.add(NOT, self.word(word)),)
            case Bit(op, words):
                self.values[number] = (
                    self.fold(_OPERATION[op], [self.word(each) for each in words]),
                )
            case Count(words):
                self.values[number] = self.count([self.word(each) for each in words])
            case Equals(count, wanted):
                self.values[number] = (self.equal(self.values[count], wanted),)
            case Bernoulli():
                self.values[number] = (self.draw(node),)
            case Store(target, word, store):
                self.add(STORE, self.word(word), numbers=(target, store))
            case Tally(array, row, word):
                self.add(TALLY + 2 * array, self.word(word), numbers=(row,))
            case _:
                raise ValueError(f"{type(node).__name__} is no operation on words")

    def word(self, number: int) -> int:
        return self.values[number][0]

    def add(self, operation: int, *reads: int, numbers: tuple[int, ...] = ()) -> int:
        self.made.append(_Step(operation, reads, numbers))
        return self.loads + len(self.made) - 1

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
                total, carry = self.adder(level[:3])
                level = [*level[3:], total]
                carries.append(carry)
            planes += level
            level = carries
        return tuple(planes)

    def adder(self, words: Sequence[int]) -> tuple[int, int]:
        """words = sum + 2 carry."""
        a, b, *third = words
        half, carry = self.add(XOR, a, b), self.add(AND, a, b)
        if not third:
            return half, carry
        return self.add(XOR, half, *third), self.add(OR, carry, self.add(AND, half, *third))

    def equal(self, planes: Sequence[int], number: int) -> int:
        if number >> len(planes):
            return self.add(NOTHING)
        bits = [
            plane if number >> k & 1 else self.add(NOT, plane) for k, plane in enumerate(planes)
        ]
        return self.fold(AND, bits)

    def draw(self, node: Bernoulli) -> int:
        masks = [self.word(mask) for mask, _ in node.classes]
        slots = [slot for _, slot in node.classes]
        if node.otherwise is not None:
            masks.append(self.add(NOT, self.fold(OR, masks) if masks else self.add(NOTHING)))
            slots.append(node.otherwise)
        self.draws.append((node.draw, tuple(slots)))
        return self.add(DRAW, *masks, numbers=(self.first + len(self.draws) - 1,))


def _ordered(code: _Code, sums: Collection[int]) -> Iterator[tuple[int, _Step]]:
    """The steps and the numbers of the values they make: each tally comes right behind the step
    that makes its word, which is in the nearest cache then, and the first tally of an XOR in `sums`
    together with it."""
    tallies: dict[int, list[tuple[int, _Step]]] = {
        value: [] for value in range(code.loads + len(code.made))
    }
    others = []
    for value, step in enumerate(code.made, code.loads):
        if step.operation >= TALLY:
            tallies[step.reads[0]].append((value, step))
        else:
            others.append((value, step))
    for value in range(code.loads):
        yield from tallies[value]
    for value, step in others:
        mine = tallies[value]
        if step.operation == XOR and mine and (mine[0][1].operation - TALLY) // 2 in sums:
            first = mine.pop(0)[1]
            yield value, _Step(first.operation + 1, step.reads, first.numbers)
        else:
            yield value, step
        yield from mine


def _placed(
    fields: tuple[int, ...], code: _Code, ordered: Sequence[tuple[int, _Step]]
) -> Instructions:
    """Values in buffers. One whose value is not read again is used anew, the last one first: it is
    still in the nearest cache."""
    last = {value: at for at, (_, step) in enumerate(ordered) for value in step.reads}
    where = {value: value for value in range(code.loads)}
    free: list[int] = []
    used = code.loads
    steps: list[Instruction] = []
    draws: list[tuple[int, Classes]] = []
    for at, (value, step) in enumerate(ordered):
        read = [where[each] for each in step.reads]
        into, adds = [], step.operation >= TALLY and (step.operation - TALLY) % 2
        if adds and value not in last:
            into = [UNUSED]
        elif adds or step.operation <= DRAW:
            into = [free.pop() if free else used]
            used = max(used, into[0] + 1)
            where[value] = into[0]
        if step.operation == DRAW:
            key, slots = code.draws[step.numbers[0] - code.first]
            draws.append((key, tuple(zip(read, slots, strict=True))))
            read = []
        a, b, c, d, *_ = (*into, *read, *step.numbers, 0, 0, 0)
        steps.append((step.operation, a, b, c, d))
        free += [where[each] for each in sorted(set(step.reads)) if last[each] == at]
    return Instructions(fields, tuple(steps), tuple(draws), used)
