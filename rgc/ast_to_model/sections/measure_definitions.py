"""Measures that are made of one another: how long they are written out, and circles among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import name_span
from rgc.ast_to_model.written_out import check_extent, extent, ordered
from rgc.errors import SpecError
from rgc.language.measures import MEASURES
from rgc.syntax import ast

Definitions = Mapping[str, ast.Expr]

MOST_OPERATIONS = 10_000
"""The largest number of operations of a measure, with those that it refers to written out."""


def are_short(definitions: Definitions, context: Context) -> bool:
    """Whether no measure is too long or too deep with those that it refers to written out.

    Circles are reported by themselves, and not followed here.
    """
    uses = {
        name: {used for used in _referred(value) if used in definitions and used != name}
        for name, value in definitions.items()
    }
    known = dict(context.scope.extents)
    for name in ordered(uses):
        value = definitions[name]
        known[name] = extent(value, known)
        try:
            check_extent(known[name], f"'{name}'", value.span, MOST_OPERATIONS)
        except SpecError as error:
            context.problems.extend(error.problems)
            return False
    return True


def check_circles(definitions: Definitions, context: Context) -> None:
    """Report each circle of measures that refer to one another, once."""
    uses = {
        name: [used for used in _referred(value) if used in definitions and used != name]
        for name, value in definitions.items()
    }
    reported: set[str] = set()
    for name, value in definitions.items():
        circle = _circle(name, uses)
        direct = name not in MEASURES and name in _referred(value)
        if (circle or direct) and not reported & {name, *circle}:
            shown = " -> ".join((name, *circle[1:], name)) if circle else f"{name} -> {name}"
            message = f"these measures depend on each other: {shown}"
            context.problems.error("cyclic-measures", message, name_span(value))
            reported |= {name, *circle}


def _referred(expr: ast.Node) -> list[str]:
    """The names that may be those of other measures. Words of a place, the x of s[i+x] and of
    coordinate(i,x), and what built-in measures are asked for are not.
    """
    places = {
        id(node) for outer in ast.walk(expr) for part in _words_of(outer) for node in ast.walk(part)
    }
    return [
        node.name
        for node in ast.walk(expr)
        if isinstance(node, ast.Name | ast.Call) and id(node) not in places
    ]


def _words_of(node: ast.Node) -> tuple[ast.Node, ...]:
    """The parts of a node in which names are no measures."""
    match node:
        case ast.Index(_, arguments):
            return arguments
        case ast.Call("coordinate", (_, *axes)):
            return tuple(axes)
        case ast.Call(name) if name in MEASURES:
            return (*node.arguments, *node.options)
    return ()


def _circle(start: str, uses: Mapping[str, Sequence[str]]) -> list[str]:
    """A path start -> ... -> start, without its end; empty where there is none."""
    paths, seen = [[start]], set[str]()
    while paths:
        path = paths.pop()
        for name in uses[path[-1]]:
            if name == start:
                return path
            if name not in seen:
                seen.add(name)
                paths.append([*path, name])
    return []
