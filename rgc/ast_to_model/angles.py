"""Angles of spins on a circle, whose states are numbers in a spec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isclose, pi

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.evaluate import number
from rgc.ast_to_model.scope import GEOMETRIC, Function, Scope, Unknowable
from rgc.errors import SpecError
from rgc.model.spins import Species
from rgc.syntax import ast

PERIODIC = ("sin", "cos")
"""Functions of an angle."""

TOLERANCE = 1e-9
"""What a number of whole turns may differ from an integer."""


def check_angles(species: Sequence[Species], context: Context) -> None:
    """Warn of a sine or cosine that a full turn of a spin on a circle changes.

    The state s of `clock(q)` is the angle 2 pi s/q, and s itself is a number from 0 to q - 1, so
    that `cos(s[i] - s[j])` is no function of angles. Raises nothing.
    """
    circles = {each.name: each for each in species if each.kind.vectors == "circle"}
    for call in _calls(context.document) if circles else ():
        for angle in _angles(call, context.scope):
            try:
                turned = _turned(angle, circles, context.scope)
            except (SpecError, Unknowable):
                continue  # reported where it is used
            if turned is not None:
                _warn(call, *turned, context)
                break


def _calls(document: ast.Document) -> Iterator[ast.Call]:
    for section in document.sections:
        body = () if isinstance(section.body, str) else section.body
        for part in body if isinstance(body, tuple) else (body,):
            for node in ast.walk(part):
                if isinstance(node, ast.Call) and len(node.arguments) == 1:
                    yield node


def _angles(call: ast.Call, scope: Scope) -> Iterator[ast.Expr]:
    """The angles whose sine or cosine a call takes: its argument, or what a function of the spec,
    such as `V(r) = cos(r)`, makes of it.
    """
    (argument,) = call.arguments
    if call.name in PERIODIC:
        yield argument
    function = scope.parameters.get(call.name)
    if not isinstance(function, Function):
        return
    for node in ast.walk(function.body):
        if isinstance(node, ast.Call) and node.name in PERIODIC and len(node.arguments) == 1:
            yield _put(argument, ast.Name(function.argument), node.arguments[0])


def _put(argument: ast.Expr, name: ast.Name, angle: ast.Expr) -> ast.Expr:
    """The angle with an argument in place of its name."""
    return ast.rewritten(angle, lambda part: argument if part == name else None)


def _turned(
    angle: ast.Expr, circles: dict[str, Species], scope: Scope
) -> tuple[Species, float] | None:
    """The first species of whose spins a full turn changes the angle by other than whole turns, and
    by how much; None where there is none.
    """
    spins = [
        node
        for node in ast.walk(angle)
        if isinstance(node, ast.Index)
        and isinstance(node.base, ast.Name)
        and node.base.name in circles
    ]
    for spin in dict.fromkeys(spins):
        kind = circles[spin.base.name] if isinstance(spin.base, ast.Name) else None
        if kind is None or kind.states is None:
            continue
        for before in (0.0, 1.0):
            first, last = (
                _angle(angle, spin, before + turn * kind.states, set(spins), scope)
                for turn in (0, 1)
            )
            turns = (last - first) / (2 * pi)
            if abs(turns - round(turns)) > TOLERANCE:
                return kind, last - first
    return None


def _angle(
    angle: ast.Expr, spin: ast.Expr, value: float, spins: set[ast.Index], scope: Scope
) -> float:
    """The angle with one spin at a value and all others at 0."""

    def plain(expr: ast.Expr) -> ast.Expr | None:
        if isinstance(expr, ast.Index) and expr in spins:
            return ast.Number(repr(value if expr == spin else 0.0))
        if isinstance(expr, ast.Reduction) and expr.kind == "sum":
            return ast.rewritten(expr.body, plain)
        return ast.Number("1") if isinstance(expr, ast.Call) and expr.name in GEOMETRIC else None

    return number(ast.rewritten(angle, plain), scope)


def _warn(call: ast.Call, kind: Species, change: float, context: Context) -> None:
    (angle,) = call.arguments
    states = kind.states or 0
    hint = f"neighbouring states are the angle 2*pi/{states} apart"
    if angle.span is not None and isclose(abs(change), states):
        text = angle.span.text
        inner = text if isinstance(angle, ast.Index | ast.Call) else f"({text})"
        hint = f"write {call.name}(2*pi*{inner}/{states})"
    message = (
        f"the states of '{kind.name}' are the numbers 0 to {states - 1}, not angles: {call.name} "
        "changes when a spin makes a full turn"
    )
    context.problems.warning("not-an-angle", message, call.span, hint=hint)
