"""How long and how deep an expression is where functions and measures stand written out.

A name of a few letters may stand for an expression of millions: f(x) = g(x) + g(x),
g(x) = h(x) + h(x) and so on. What is evaluated or followed is what they stand for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from rgc.errors import Problem, SpecError
from rgc.syntax import ast
from rgc.text import Span

MOST_OPERATIONS = 100_000
MOST_DEPTH = 200
"""The limits of an expression that is written out, in nodes and in nodes above one another."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The number of nodes of an expression that is written out, and how many stand above one
    another, where to follow a name counts as one more.
    """

    operations: int = 1
    depth: int = 1


def extent(expr: ast.Node, known: Mapping[str, Extent]) -> Extent:
    """The extent of an expression. `known` has those of the names that stand for others."""
    operations, deepest = 0, 0
    waiting = [(expr, 1)]
    while waiting:
        node, depth = waiting.pop()
        inside = known.get(node.name) if isinstance(node, ast.Name | ast.Call) else None
        operations += 1 if inside is None else inside.operations
        deepest = max(deepest, depth if inside is None else depth + 1 + inside.depth)
        waiting += [(child, depth + 1) for child in ast.children(node)]
    return Extent(operations, deepest)


def check_extent(found: Extent, what: str, span: Span | None, most: int = MOST_OPERATIONS) -> None:
    """Raise `SpecError` for an expression that is too long or too deep. `what` is its name."""
    if found.operations > most:
        message = (
            f"with all that it refers to written out, {what} has {_shown(found.operations)} "
            f"operations; the limit is {most}"
        )
        hint = "what is multiplied by itself can be written as a power"
        raise SpecError([Problem("too-long", message, span, hint=hint)])
    if found.depth > MOST_DEPTH:
        message = (
            f"with all that it refers to written out, {what} is {found.depth} operations deep; "
            f"the limit is {MOST_DEPTH}"
        )
        hint = "let fewer refer to one another in a row"
        raise SpecError([Problem("too-deep", message, span, hint=hint)])


def _shown(number: int) -> str:
    return str(number) if number < 10**9 else f"{float(min(number, 10**300)):.3g}"


def ordered(needs: Mapping[str, Collection[str]]) -> list[str]:
    """The names that need no circle of names, each behind those that it needs.

    Needs that are no keys are met.
    """
    inside = {name: [n for n in needed if n in needs] for name, needed in needs.items()}
    sorter, order = TopologicalSorter(inside), list[str]()
    with suppress(CycleError):
        sorter.prepare()
    while ready := sorter.get_ready():
        order += ready
        sorter.done(*ready)
    return order
