"""Words of spins with more than two states: a word for each state, which is 1 in the replicas that
are in it, made from the planes of the code and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model_to_program.acceptance_writer import Tables
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.program.lattice.nodes import Bernoulli, Bit, Load, Value

States = Sequence[Value]
"""For each code the word of the replicas that are in it."""


def code_bits(states: int) -> int:
    """The planes of a code of so many states."""
    return (states - 1).bit_length()


def load_planes(
    code: RuleWriter, spin: Spin, kind: Species, stride: tuple[int, ...] | None = None
) -> list[Value]:
    """The planes of a spin relative to the running cell."""
    field, cell, letter = spin.species, spin.cell, spin.letter
    return [code.add(Load(field, cell, letter, plane=k, stride=stride)) for k in range(kind.bits)]


def load_states(code: RuleWriter, spin: Spin, kind: Species) -> States:
    """The states of a spin relative to the running cell."""
    return states_of(code, load_planes(code, spin, kind), len(kind.codes))


def states_of(code: RuleWriter, planes: Sequence[Value], states: int) -> States:
    """The states of a code, of whose values those from `states` on never occur: each needs only as
    many planes as tell it from the others.
    """
    return [state_of(code, planes, state, states) for state in range(states)]


def state_of(code: RuleWriter, planes: Sequence[Value], state: int, states: int) -> Value:
    """One of these states."""
    few = next(
        chosen
        for size in range(1, len(planes) + 1)
        for chosen in combinations(range(len(planes)), size)
        if not any(
            other != state and all((other ^ state) >> k & 1 == 0 for k in chosen)
            for other in range(states)
        )
    )
    ones = [planes[k] for k in few if state >> k & 1]
    zeros = [planes[k] for k in few if not state >> k & 1]
    none = [code.add(Bit("not", (code.bit("or", zeros),)))] if zeros else []
    return code.bit("and", [*ones, *none])


def planes_of(code: RuleWriter, states: States) -> list[Value]:
    """The planes of a code from its states."""
    return [
        code.bit("or", [word for number, word in enumerate(states) if number >> k & 1])
        for k in range(code_bits(len(states)))
    ]


def moved(code: RuleWriter, states: States, steps: States) -> States:
    """The states after steps[n] has moved a spin by n + 1 states, around."""
    count = len(states)
    if count == 2:
        return states[::-1]
    return [
        code.bit(
            "or",
            [
                code.bit("and", (states[before], steps[(after - before) % count - 1]))
                for before in range(count)
                if before != after
            ],
        )
        for after in range(count)
    ]


def negative_word(code: RuleWriter, negative: Sequence[bool], spins: Sequence[States]) -> Value:
    """The word of a sign, from the states of its spins: spin by spin, states of a spin that leave
    the same of the sign are taken together. Some state must make the sign -1.
    """
    first, *rest = spins
    if all(negative):
        return code.bit("or", first)
    size = len(negative) // len(first)
    left = [tuple(negative[k : k + size]) for k in range(0, len(negative), size)]
    if len(set(left)) == 1:
        return negative_word(code, left[0], rest)
    parts = []
    for table in dict.fromkeys(left):
        if any(table):
            here = [word for word, of in zip(first, left, strict=True) if of == table]
            with_rest = [] if all(table) else [negative_word(code, table, rest)]
            parts.append(code.bit("and", [code.bit("or", here), *with_rest]))
    return code.bit("or", parts)


def uniform_states(code: RuleWriter, states: int, tables: Tables, draws: range) -> States:
    """The states of a code that is drawn, each with the same probability: plane after plane, the
    highest first, each a Bernoulli word given those before it.
    """
    planes: list[Value] = []  # from k + 1 on
    for draw, k in zip(draws, reversed(range(code_bits(states))), strict=False):
        higher = 1 + (states - 1 >> k + 1)
        classes: dict[int, list[int]] = {}
        for above in range(higher):
            below = [state for state in range(states) if state >> k + 1 == above]
            ones = sum(state >> k & 1 for state in below)
            if ones:
                classes.setdefault(tables.share(ones, len(below)), []).append(above)
        (share, alike), *others = classes.items()
        if not others and len(alike) == higher:
            planes.insert(0, code.add(Bernoulli((), share, draw)))
            continue
        given = states_of(code, planes, higher)
        masks = [code.bit("or", [given[n] for n in above]) for above in classes.values()]
        drawn = Bernoulli(tuple(zip(masks, classes, strict=True)), None, draw)
        planes.insert(0, code.add(drawn))
    return states_of(code, planes, states)
