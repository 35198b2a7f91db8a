"""Where two backends first differ in an update: the node of its program, the unit and the chain, or
the parameter and its entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.program.dense import Dense, Field, Put, Tally, Total
from rgc.program.dense.nodes import Node
from rgc.program.dense.yields import Yield, yields
from rgc.verification.divergence import Pair
from rgc.verification.states import unpack

if TYPE_CHECKING:
    from rgc.backend import Arguments, Words

State = Sequence[Any]
"""The arrays of the fields of a program, then those of its parameters."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One update: its program, the state before it, and what the kernel is handed."""

    program: Dense
    state: State
    arguments: Arguments
    keys: Words


def first_node(pair: Pair, step: Step) -> str:
    """The first node after which the backends differ, found with programs that are cut after it; or
    the empty string where each by itself is right.
    """
    for number, found in enumerate(yields(step.program)):
        program, state = _cut(step, number, found)
        right, other = _both(pair, replace(step, program=program, state=state))
        if found.kind == "states":
            place = len(step.program.fields)
            where = in_field(pair, program.fields[-1], right[place], other[place])
        else:
            where = in_counts(pair, right[-1], other[-1])
        if where:
            node = type(step.program.nodes[number]).__name__
            return f"node {number} of {len(step.program.nodes)} ({node}, {found.kind}), {where}"
    return ""


def _cut(step: Step, number: int, found: Yield) -> tuple[Dense, State]:
    """The nodes up to one of them and what shows its value: a field of its own for states, a tally
    for everything else.
    """
    program = step.program
    nodes = (*program.nodes[: number + 1], *_probe(program, number, found))
    fields, state = program.fields, list(step.state)
    if found.kind == "states" and found.units is not None:
        shown = Field("shown", found.units, found.chains)
        state.insert(len(fields), np.zeros(shown.shape, dtype=np.uint64))
        fields = (*fields, shown)
    return replace(program, nodes=nodes, fields=fields), state


def _probe(program: Dense, number: int, found: Yield) -> tuple[Node, ...]:
    match found.kind:
        case "states":
            return (Put(len(program.fields), number),)
        case "means":
            return Total(number), Tally("whole", number + 1)
        case "fields":
            return (Tally("largest", number),)
        case "counts" | "energies":
            return (Tally("whole", number),)
        case "nothing":
            return ()


def _both(pair: Pair, step: Step) -> tuple[list[Any], list[Any]]:
    """What each backend leaves: the state, then the tallies. Those of nothing are equal."""
    left = []
    for backend in (pair.right, pair.other):
        kernel = backend.compile(step.program)
        state, tallies = kernel(
            [backend.pack(array) for array in step.state], step.arguments, step.keys
        )
        left.append([*map(backend.unpack, state), *map(np.asarray, tallies)])
    return left[0], left[1]


def in_field(pair: Pair, field: Field, right: Words, other: Words) -> str:
    """The first unit and chain of a field that differ, or the empty string."""
    bits = [unpack(np.ascontiguousarray(each))[..., : field.chains] for each in (right, other)]
    states = [
        (each.astype(np.int64) << np.arange(len(each))[:, None, None]).sum(axis=0) for each in bits
    ]
    differ = np.argwhere(states[0] != states[1])
    if not len(differ):
        return ""
    unit, chain = differ[0].tolist()
    return (
        f"unit {unit}, chain {chain} of {field.chains}: {pair.right.name} has "
        f"{states[0][unit, chain]} in the bits of the field, {pair.other.name} has "
        f"{states[1][unit, chain]}; {len(differ)} of {states[0].size} differ"
    )


def in_counts(pair: Pair, right: Any, other: Any) -> str:
    """The first entry of an array that differs, or the empty string."""
    differ = np.argwhere(np.asarray(right) != np.asarray(other))
    if not len(differ):
        return ""
    at = tuple(differ[0].tolist())
    entry = f"entry {', '.join(map(str, at))}: " if at else ""
    return (
        f"{entry}{pair.right.name} has {right[at]}, {pair.other.name} has {other[at]}; "
        f"{len(differ)} of {np.size(right)} differ"
    )
