"""The section `map`: a flow map without spins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import name_span
from rgc.ast_to_model.expressions.evaluate import evaluate
from rgc.ast_to_model.expressions.options import Reading, check_names, read_call
from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.scope import Function, Unknowable, problem
from rgc.ast_to_model.sections.stack import trainer, units
from rgc.errors import suggest
from rgc.language.maps import MAPS
from rgc.model.expressions import Expression
from rgc.model.map import (
    Autoencoder,
    ConvexNmf,
    FlowMap,
    LinearMap,
    MapFunction,
    Ode,
    Quantity,
    RecursionMap,
    ScaleEquation,
    Topple,
)
from rgc.model.spec import Spec
from rgc.syntax import ast


def check_map(spec: Spec, context: Context) -> Spec:
    """The spec with its maps.

    Reports unknown maps and options, unknown names in their expressions, and expressions that are
    not functions of the quantities.
    """
    section = context.section("map")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    before = len(context.problems.errors)
    body = section.body
    calls = body.items if isinstance(body, ast.List) else (body,)
    readings = [_read(call, context) for call in calls]
    steps: list[FlowMap] = []
    if len(context.problems.errors) == before:
        with context.failing("map"):
            steps = [
                MAKERS[reading.signature.name](reading, context)
                for reading in readings
                if reading is not None
            ]
    if len(context.problems.errors) > before:
        context.failed.add("map")
    return replace(spec, map=tuple(steps))


def _read(call: ast.Expr, context: Context) -> Reading | None:
    reading = read_call(call, MAPS, "map", context)
    if reading is not None:
        _check_expressions(reading, call, context)
    return reading


def _quantities(reading: Reading) -> list[str]:
    return [name for name in reading.places if reading.signature.field(name) is None]


def _check_expressions(reading: Reading, call: ast.Expr, context: Context) -> None:
    signature, quantities = reading.signature, _quantities(reading)
    if signature.free == "quantity" and not quantities:
        message = f"'{signature.name}' says how no quantity changes"
        hint = f"write {signature.name}(K = ...)"
        context.problems.error("missing-option", message, call.span, hint=hint)
    for name in quantities:
        check_names(reading.places[name], quantities, context)
    if signature.name == "scale":
        for name in ("phi", "g"):
            if name in reading.places:
                _check_function(reading.places[name], name, context)
    if signature.name == "linear" and "matrix" in reading.places:
        check_names(reading.places["matrix"], (), context)


def _check_function(expr: ast.Expr, name: str, context: Context) -> None:
    """phi and g are functions of one argument among the parameters."""
    parameters = context.scope.parameters
    if isinstance(expr, ast.Name):
        if isinstance(parameters.get(expr.name), Function) or expr.name in context.scope.broken:
            return
        functions = [key for key, value in parameters.items() if isinstance(value, Function)]
        if expr.name not in parameters:
            hint = suggest(expr.name, functions)
            message = f"unknown function '{expr.name}'"
            context.problems.error(
                "unknown-function", message, name_span(expr), label="not declared", hint=hint
            )
            return
    message = f"'{name}' is the name of a function among the parameters"
    context.problems.error(
        "wrong-kind", message, expr.span, hint=f"parameters {{ {name}(x) = ... }}"
    )


# -- records ---------------------------------------------------------------------------------------


def _changes(reading: Reading, context: Context) -> tuple[tuple[str, Expression], ...]:
    """How each quantity changes."""
    quantities = _quantities(reading)
    return tuple((name, _of(reading.places[name], quantities, context)) for name in quantities)


def _of(expr: ast.Expr, quantities: Sequence[str], context: Context) -> Expression:
    """An expression in some quantities, which hide parameters of their names. Raises `SpecError`
    and `Unknowable`.
    """

    def leaf(part: ast.Expr) -> Expression | None:
        return (
            Quantity(part.name) if isinstance(part, ast.Name) and part.name in quantities else None
        )

    return resolve(expr, context.scope, leaf)


def _function(expr: ast.Expr, context: Context) -> MapFunction:
    name = expr.name if isinstance(expr, ast.Name) else ""
    parameter = context.scope.parameters.get(name)
    if not isinstance(parameter, Function):
        raise Unknowable(name)
    return MapFunction(
        name, parameter.argument, _of(parameter.body, (parameter.argument,), context)
    )


def _recursion(reading: Reading, context: Context) -> RecursionMap:
    return RecursionMap(updates=_changes(reading, context), **_values(reading))


def _ode(reading: Reading, context: Context) -> Ode:
    return Ode(rates=_changes(reading, context))


def _scale(reading: Reading, context: Context) -> ScaleEquation:
    phi, g = (_function(reading.places[name], context) for name in ("phi", "g"))
    return ScaleEquation(phi=phi, g=g, **_values(reading))


def _linear(reading: Reading, context: Context) -> LinearMap:
    place = reading.places["matrix"]
    value = evaluate(place, context.scope)
    rows = tuple(row for row in value if isinstance(row, tuple)) if isinstance(value, tuple) else ()
    matrix = tuple(tuple(x for x in row if isinstance(x, float)) for row in rows)
    if not matrix or any(len(row) != len(matrix) for row in matrix):
        hint = "write [[1, 0.5], [0, 2]], a list of rows"
        raise problem("wrong-kind", "'matrix' is a square matrix of numbers", place.span, hint=hint)
    return LinearMap(matrix=matrix, **_values(reading))


def _convex_nmf(reading: Reading, context: Context) -> ConvexNmf:
    return ConvexNmf(**_values(reading))


def _autoencoder(reading: Reading, context: Context) -> Autoencoder:
    hidden, train = units(reading, "hidden", context), trainer(reading, "train", context)
    return Autoencoder(**{**_values(reading), "hidden": hidden, "train": train})


def _topple(reading: Reading, context: Context) -> Topple:
    return Topple(**_values(reading))


def _values(reading: Reading) -> dict[str, Any]:
    """The options that have values, including defaults.

    Raises `Unknowable` where one that is required has no value.
    """
    values: dict[str, Any] = {**reading.signature.defaults, **reading.values}
    for field in reading.signature.fields:
        if field.required and field.kind != "expression" and field.name not in values:
            raise Unknowable(field.name)
    return values


MAKERS: Mapping[str, Callable[[Reading, Context], FlowMap]] = {
    "recursion": _recursion,
    "ode": _ode,
    "scale": _scale,
    "linear": _linear,
    "convex_nmf": _convex_nmf,
    "autoencoder": _autoencoder,
    "topple": _topple,
}
"""What each map becomes. Raises `SpecError` for what its record cannot hold, and `Unknowable`."""
