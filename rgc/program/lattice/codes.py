"""Whether a rule keeps to the codes that are states, by truth tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_

from rgc.program.lattice.nodes import Bernoulli, Drawn, Load, Store, Value
from rgc.program.lattice.program import Field, Program, Rule
from rgc.program.lattice.truth_tables import behind, equal, truth_tables

MOST_INPUTS = 20
"""Loads and draws of a rule of which all patterns are looked at."""

Tables = Sequence[int | None]


def wrong_code(program: Program, rule: Rule) -> str:
    """How a rule could store a code that is no state although all that it loads are states, or the
    empty string.

    Every draw may come out as it likes, but for 1 where its probability is 0 by the classes. A code
    with more than `MOST_INPUTS` words behind it is not looked at.
    """
    for number in sorted({node.field for node in rule.nodes if isinstance(node, Store)}):
        field = program.fields[number]
        words = {
            node.plane: node.word
            for node in rule.nodes
            if isinstance(node, Store) and node.field == number
        }
        if field.states is None:
            continue
        if len(words) < field.planes:
            return f"stores {len(words)} of the {field.planes} planes of a code"
        decided = _decided(rule, behind(rule, words.values()))
        used = behind(rule, words.values()).union(*decided.values())
        known = truth_tables(rule, MOST_INPUTS, of=used)
        if known is None:
            continue
        tables, everything = known
        stored = _no_state([tables[words[k]] or 0 for k in range(field.planes)], field, everything)
        never = without_states(program, rule, tables, everything)
        if stored & ~_any([never, *_impossible(rule, tables, decided)]):
            return "stores a code that is no state"
    return ""


def without_states(program: Program, rule: Rule, tables: Tables, everything: int) -> int:
    """The patterns in which a code that is loaded, all planes of it, is no state."""
    return _any(_no_state(planes, of, everything) for of, planes in _loaded(program, rule, tables))


def _decided(rule: Rule, words: frozenset[Value]) -> dict[Value, frozenset[Value]]:
    """The draws among some words that are 0 outside their classes, each with what is behind these,
    as far as that brings no new inputs.
    """
    draws = {k: rule.nodes[k] for k in words}
    behind_classes = {
        k: behind(rule, [mask for mask, _ in node.classes])
        for k, node in draws.items()
        if isinstance(node, Bernoulli) and node.otherwise is None
    }
    return {k: of for k, of in behind_classes.items() if _inputs(rule, of) <= words}


def _inputs(rule: Rule, words: Iterable[Value]) -> set[Value]:
    return {k for k in words if isinstance(rule.nodes[k], Load | Drawn)}


def _impossible(rule: Rule, tables: Tables, decided: Iterable[Value]) -> Iterator[int]:
    """For each of some draws the patterns in which it is 1 outside its classes."""
    for k in decided:
        node = rule.nodes[k]
        if isinstance(node, Bernoulli):
            yield (tables[k] or 0) & ~_any(tables[mask] or 0 for mask, _ in node.classes)


def _loaded(program: Program, rule: Rule, tables: Tables) -> list[tuple[Field, list[int]]]:
    """The codes of which every plane is loaded, each as the tables of its planes."""
    places: dict[Load, dict[int, int]] = {}
    for node, table in zip(rule.nodes, tables, strict=True):
        if isinstance(node, Load) and table is not None:
            places.setdefault(replace(node, plane=0), {})[node.plane] = table
    found = [(program.fields[place.field], planes) for place, planes in places.items()]
    return [
        (field, [planes[k] for k in range(field.planes)])
        for field, planes in found
        if len(planes) == field.planes
    ]


def _no_state(planes: Sequence[int], field: Field, everything: int) -> int:
    """The patterns in which a code is no state."""
    first = 1 << field.planes if field.states is None else field.states
    return _any(equal(planes, code, everything) for code in range(first, 1 << field.planes))


def _any(tables: Iterable[int]) -> int:
    return reduce(or_, tables, 0)
