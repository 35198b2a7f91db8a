"""One automatic mutation of a program for every kind of node and every way in which it can be
wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from rgc.program.lattice import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Drawn,
    Equals,
    Listed,
    Load,
    Logistic,
    Program,
    Rule,
    Stage,
    Store,
    Tally,
    Weigh,
)
from rgc.program.lattice.cells import cell_table

Change = Callable[[Program, Rule, int, Any], Iterator[Any]]
"""What may stand in the place of node k of a rule.

They are other nodes of its kind, of which the first is taken.
"""


@dataclass(frozen=True)
class Mutation:
    """`kind` of node, `what` is wrong with it."""

    kind: str
    what: str
    apply: Callable[[Program], Program | None]

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.what}"


def node(kind: type, what: str, change: Change) -> Mutation:
    """The first node of a kind, in the last rule that has one, for which there is a change."""

    def apply(program: Program) -> Program | None:
        for number, rule in reversed(list(enumerate(program.rules))):
            for k, one in enumerate(rule.nodes):
                if isinstance(one, kind):
                    for changed in change(program, rule, k, one):
                        nodes = (*rule.nodes[:k], changed, *rule.nodes[k + 1 :])
                        rules = (
                            *program.rules[:number],
                            Rule(rule.letter, nodes),
                            *program.rules[number + 1 :],
                        )
                        return replace(program, rules=rules)
        return None

    return Mutation(kind.__name__, what, apply)


# -- nodes -----------------------------------------------------------------------------------------


def shifted(program: Program, rule: Rule, k: int, load: Load) -> Iterator[Load]:
    """The neighbour's neighbour, where no edge forbids it."""
    if load.stride is not None or any(load.offset):
        axis = max(range(len(load.offset)), key=lambda n: abs(load.offset[n]))
        offset = tuple(x + (n == axis) * (1 if x >= 0 else -1) for n, x in enumerate(load.offset))
        yield replace(load, offset=offset)


def doubled(program: Program, rule: Rule, k: int, load: Load) -> Iterator[Load]:
    """Another neighbour in its place, which is then read twice."""
    others = (
        other.offset
        for other in rule.nodes
        if isinstance(other, Load) and other.letter == load.letter
    )
    if any(load.offset):
        yield from (
            replace(load, offset=offset)
            for offset in others
            if any(offset) and offset != load.offset
        )


def other_letter(program: Program, rule: Rule, k: int, load: Load) -> Iterator[Load]:
    if program.fields[load.field].letters > 1:
        yield replace(load, letter=(load.letter + 1) % program.fields[load.field].letters)


def other_field(program: Program, rule: Rule, k: int, load: Load) -> Iterator[Load]:
    field = program.fields[load.field]
    same = (
        n
        for n, other in enumerate(program.fields)
        if n != load.field and other.shape == field.shape
    )
    yield from (replace(load, field=n) for n in same if load.stride is None)


def other_stride(program: Program, rule: Rule, k: int, load: Load) -> Iterator[Load]:
    if load.stride is not None:
        yield replace(load, stride=(1,) * len(load.stride))


SWAP = {"xor": "or", "or": "and", "and": "xor"}


def swapped(program: Program, rule: Rule, k: int, bit: Bit) -> Iterator[Bit]:
    if bit.op != "not":
        yield replace(bit, op=SWAP[bit.op])


def inverted(program: Program, rule: Rule, k: int, bit: Bit) -> Iterator[Bit]:
    """The first operand is left out: of two, what remains is inverted, which for products is a
    wrong sign.
    """
    if len(bit.operands) > 2:
        yield replace(bit, operands=bit.operands[1:])
    elif bit.op != "not":
        yield Bit("not", bit.operands[1:])


def fewer(program: Program, rule: Rule, k: int, count: Count) -> Iterator[Count]:
    if len(count.words) > 1:
        yield replace(count, words=count.words[:-1])


def off_by_one(program: Program, rule: Rule, k: int, node: Equals) -> Iterator[Equals]:
    yield replace(node, number=node.number + 1)


def classes_swapped(program: Program, rule: Rule, k: int, node: Bernoulli) -> Iterator[Bernoulli]:
    if len(node.classes) > 1:
        (a, slot_a), *middle, (b, slot_b) = node.classes
        yield replace(node, classes=((a, slot_b), *middle, (b, slot_a)))


def class_lost(program: Program, rule: Rule, k: int, node: Bernoulli) -> Iterator[Bernoulli]:
    if len(node.classes) > 1:
        yield replace(node, classes=node.classes[1:])


def mask_ignored(program: Program, rule: Rule, k: int, node: Bernoulli) -> Iterator[Bernoulli]:
    """Whoever is in no other class is taken to be in the first."""
    if node.classes and node.otherwise is None:
        yield replace(node, classes=node.classes[1:], otherwise=node.classes[0][1])


def draw_reused(program: Program, rule: Rule, k: int, node: Any) -> Iterator[Any]:
    drawn = (
        other.draw for other in rule.nodes if isinstance(other, Drawn) and other.draw != node.draw
    )
    yield from (replace(node, draw=draw) for draw in drawn)


def draw_of_others(program: Program, rule: Rule, k: int, node: Any) -> Iterator[Any]:
    """The draw of another species: good numbers, but the other spin of the site uses them too."""
    used = {other.draw for other in rule.nodes if isinstance(other, Drawn)}
    yield from (replace(node, draw=draw) for draw in range(program.draws) if draw not in used)


def weights_swapped(program: Program, rule: Rule, k: int, weigh: Weigh) -> Iterator[Weigh]:
    first, *middle, last = weigh.slots
    if first != last:
        yield replace(weigh, slots=(last, *middle, first))


def base_moved(program: Program, rule: Rule, k: int, weigh: Weigh) -> Iterator[Weigh]:
    if program.weights > 1:
        yield replace(weigh, base=(weigh.base + 1) % program.weights)


def mask_lost(program: Program, rule: Rule, k: int, weigh: Weigh) -> Iterator[Weigh]:
    yield replace(weigh, masks=weigh.masks[1:], slots=weigh.slots[1:])


def acceptance(program: Program, rule: Rule, k: int, node: Logistic) -> Iterator[Accept]:
    """exp(-x) where the chance is 1 / (1 + exp(x))."""
    yield Accept(node.lanes, node.draw)


def other_word(program: Program, rule: Rule, k: int, node: Any) -> Iterator[Any]:
    """What stands before the word that is meant."""
    words = [
        n
        for n, other in enumerate(rule.nodes[:k])
        if isinstance(other, Load | Bit | Equals | Drawn)
    ]
    before = [n for n in words if n < node.word]
    yield from (replace(node, word=n) for n in reversed(before))


def stored_elsewhere(program: Program, rule: Rule, k: int, store: Store) -> Iterator[Store]:
    field = program.fields[store.field]
    same = (
        n
        for n, other in enumerate(program.fields)
        if n != store.field and other.shape == field.shape
    )
    yield from (replace(store, field=n) for n in same)
    if field.planes > 1:
        yield replace(store, plane=1 - store.plane)


def wrong_row(program: Program, rule: Rule, k: int, tally: Tally) -> Iterator[Tally]:
    if program.tallies[tally.array].rows > 1:
        yield replace(tally, row=(tally.row + 1) % program.tallies[tally.array].rows)


def wrong_array(program: Program, rule: Rule, k: int, tally: Tally) -> Iterator[Tally]:
    for array, other in enumerate(program.tallies):
        if array != tally.array and tally.row < other.rows:
            yield replace(tally, array=array)


def complemented(program: Program) -> Program | None:
    """Every stored word is inverted."""
    rules = []
    for rule in program.rules:
        nodes: list[Any] = []
        numbers: list[int] = []
        for original in rule.nodes:
            if isinstance(original, Store):
                nodes.append(Bit("not", (numbers[original.word],)))
                moved = replace(original, word=len(nodes) - 1)
            else:
                moved = _renumbered(original, numbers)
            numbers.append(len(nodes))
            nodes.append(moved)
        rules.append(Rule(rule.letter, tuple(nodes)))
    changed = replace(program, rules=tuple(rules))
    return None if changed == program else changed


def _renumbered(node: Any, numbers: list[int]) -> Any:
    """A node behind the inverted ones, with its operands where they stand now."""
    match node:
        case Bit(op, operands):
            return Bit(op, tuple(numbers[k] for k in operands))
        case Count(words):
            return Count(tuple(numbers[k] for k in words))
        case Equals(count, number):
            return Equals(numbers[count], number)
        case Bernoulli(classes, otherwise, draw):
            return Bernoulli(
                tuple((numbers[mask], slot) for mask, slot in classes), otherwise, draw
            )
        case Weigh(masks, slots, base):
            return Weigh(tuple(numbers[k] for k in masks), slots, base)
        case Accept(lanes, draw) | Logistic(lanes, draw):
            return type(node)(numbers[lanes], draw)
        case Tally(array, row, word):
            return Tally(array, row, numbers[word])
    return node


def once_more(kind: type) -> Callable[[Program], Program | None]:
    """The last node of a kind stands twice."""

    def apply(program: Program) -> Program | None:
        for number, rule in enumerate(program.rules):
            if rule.nodes and isinstance(rule.nodes[-1], kind):
                twice = Rule(rule.letter, (*rule.nodes, rule.nodes[-1]))
                return replace(
                    program, rules=(*program.rules[:number], twice, *program.rules[number + 1 :])
                )
        return None

    return apply


# -- schedules -------------------------------------------------------------------------------------


def merged(program: Program) -> Program | None:
    """The first two sets of one rule become one."""
    for k, (first, second) in enumerate(zip(program.schedule, program.schedule[1:], strict=False)):
        if first.rule == second.rule:
            cells = sorted({*_numbers(first, program), *_numbers(second, program)})
            stages = (
                *program.schedule[:k],
                Stage(first.rule, Listed(tuple(cells))),
                *program.schedule[k + 2 :],
            )
            return replace(program, schedule=stages)
    return None


def _numbers(stage: Stage, program: Program) -> list[int]:
    import numpy as np

    return [
        int(n)
        for n in np.ravel_multi_index(
            tuple(cell_table(stage.cells, program.shape).T), program.shape
        )
    ]


def repeated(program: Program) -> Program | None:
    return replace(program, schedule=(*program.schedule, program.schedule[0]))


def dropped(program: Program) -> Program | None:
    return replace(program, schedule=program.schedule[1:]) if len(program.schedule) > 1 else None


def reversed_order(program: Program) -> Program | None:
    return replace(program, schedule=program.schedule[::-1]) if len(program.schedule) > 1 else None


def cell_lost(program: Program) -> Program | None:
    """The first set lacks its last cell."""
    first = program.schedule[0]
    cells = _numbers(first, program)
    return (
        replace(
            program, schedule=(Stage(first.rule, Listed(tuple(cells[:-1]))), *program.schedule[1:])
        )
        if len(cells) > 1
        else None
    )


MUTATIONS = (
    node(Load, "neighbour shifted", shifted),
    node(Load, "neighbour read twice", doubled),
    node(Load, "wrong letter", other_letter),
    node(Load, "wrong field", other_field),
    node(Load, "stride lost", other_stride),
    node(Bit, "operation swapped", swapped),
    node(Bit, "operand lost, sign wrong", inverted),
    node(Count, "a word dropped", fewer),
    node(Equals, "number off by one", off_by_one),
    node(Bernoulli, "classes swapped", classes_swapped),
    node(Bernoulli, "a class lost", class_lost),
    node(Bernoulli, "a mask ignored", mask_ignored),
    node(Bernoulli, "draw reused", draw_reused),
    node(Bernoulli, "draw of another species", draw_of_others),
    node(Weigh, "slots swapped", weights_swapped),
    node(Weigh, "base moved", base_moved),
    node(Weigh, "a mask lost", mask_lost),
    node(Accept, "draw reused", draw_reused),
    node(Logistic, "taken for an acceptance", acceptance),
    node(Store, "wrong word", other_word),
    node(Store, "wrong field or plane", stored_elsewhere),
    Mutation("Store", "complement", complemented),
    node(Tally, "wrong row", wrong_row),
    node(Tally, "wrong array", wrong_array),
    node(Tally, "wrong word", other_word),
    Mutation("Tally", "counted twice", once_more(Tally)),
    Mutation("schedule", "two site sets merged", merged),
    Mutation("schedule", "a site set twice", repeated),
    Mutation("schedule", "a site set dropped", dropped),
    Mutation("schedule", "a cell lost", cell_lost),
    Mutation("schedule", "order reversed", reversed_order),
)
"""Mutations of nodes and schedules. Those of run-time arguments stand beside the tests: they are no
part of a program.
"""


def judged_mutants(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, complaints: Callable[[], Sequence[str]]
) -> tuple[set[str], set[str]]:
    """The names of the mutations that `complaints` catches and of those that it lets pass, each
    made in the program of the update that a function of a module returns.
    """
    right = getattr(module, name)
    caught: set[str] = set()
    passed: set[str] = set()
    for mutation in MUTATIONS:
        made = []

        def wrong(*arguments: Any, mutation: Any = mutation, made: Any = made, **how: Any) -> Any:
            update = right(*arguments, **how)
            program = mutation.apply(update.program)
            made.append(program not in (None, update.program))
            return replace(update, program=program or update.program)

        monkeypatch.setattr(module, name, wrong)
        found = complaints()
        if any(made):
            (caught if found else passed).add(mutation.name)
    return caught, passed
