"""The section `map`: a flow map without spins. Names and options are checked; the section is kept as written."""

from __future__ import annotations

from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import name_span
from rgc.ast_to_model.expressions.options import Reading, check_names, read_call
from rgc.ast_to_model.expressions.scope import Function
from rgc.errors import suggest
from rgc.language.maps import MAPS
from rgc.model.spec import Spec
from rgc.syntax import ast


def check_map(spec: Spec, context: Context) -> Spec:
    """The spec with its map, as written. Reports unknown maps and options, and unknown names in their expressions."""
    section = context.section("map")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    before = len(context.problems.errors)
    body = section.body
    for each in body.items if isinstance(body, ast.List) else (body,):
        reading = read_call(each, MAPS, "map", context)
        if reading is not None:
            _check_expressions(reading, each, context)
    if len(context.problems.errors) > before:
        context.failed.add("map")
    return replace(spec, map=body)


def _check_expressions(reading: Reading, call: ast.Expr, context: Context) -> None:
    signature = reading.signature
    quantities = [name for name in reading.places if signature.field(name) is None]
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
    if isinstance(expr, ast.Name):
        if isinstance(context.scope.parameters.get(expr.name), Function) or expr.name in context.scope.broken:
            return
        functions = [key for key, value in context.scope.parameters.items() if isinstance(value, Function)]
        if expr.name not in context.scope.parameters:
            hint = suggest(expr.name, functions)
            message = f"unknown function '{expr.name}'"
            context.problems.error(
                "unknown-function", message, name_span(expr), label="not declared", hint=hint
            )
            return
    message = f"'{name}' is the name of a function among the parameters"
    context.problems.error("wrong-kind", message, expr.span, hint=f"parameters {{ {name}(x) = ... }}")
