"""The section `map`: a flow map without spins, or several that take turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import name_span
from rgc.ast_to_model.expressions.evaluate import evaluate
from rgc.ast_to_model.expressions.options import Reading, check_names, read_call
from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.scope import Function, Unknowable, Value, problem
from rgc.ast_to_model.sections.curve import check_curve
from rgc.ast_to_model.sections.stack import units
from rgc.ast_to_model.sections.training import trainer
from rgc.errors import Problem, suggest
from rgc.language.maps import MAPS
from rgc.language.signatures import Signature
from rgc.model.expressions import Constant, Expression
from rgc.model.map import Autoencoder, FlowMap, Ode, Quantity, RecursionMap, Topple
from rgc.model.matrix_maps import ConvexNmf, DiffusionMap, LinearMap
from rgc.model.spec import Spec
from rgc.syntax import ast
from rgc.text import Span

OPTIONS = frozenset(field.name for signature in MAPS.values() for field in signature.fields)
"""Names of options of some map, which no quantity can have."""


def check_map(spec: Spec, context: Context) -> Spec:
    """The spec with its maps.

    Reports unknown maps and options, unknown names in their expressions, expressions that are not
    functions of the quantities, and maps that cannot take turns.
    """
    section = context.section("map")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    before = len(context.problems.errors)
    body = section.body
    calls = body.items if isinstance(body, ast.List) else (body,)
    readings = [
        reading for call in calls if (reading := read_call(call, MAPS, "map", context)) is not None
    ]
    if any(reading.signature.name == "curve" for reading in readings):
        return check_curve(readings, body, spec, context)
    quantities = tuple(dict.fromkeys(name for each in readings for name in _quantities(each)))
    for reading, call in zip(readings, calls, strict=False):
        _check_expressions(reading, call, quantities, context)
    steps: list[FlowMap] = []
    if len(context.problems.errors) == before:
        with context.failing("map"):
            steps = [
                MAKERS[reading.signature.name](reading, quantities, context) for reading in readings
            ]
        context.problems.extend(_turns(steps, calls))
    if len(context.problems.errors) > before:
        context.failed.add("map")
    return replace(spec, map=tuple(steps))


def _quantities(reading: Reading) -> list[str]:
    return [name for name in reading.places if reading.signature.field(name) is None]


def _turns(steps: Sequence[FlowMap], calls: Sequence[ast.Expr]) -> Iterator[Problem]:
    """Maps of a list are of one kind, with one ratio of lattice constants and of sites."""
    for step, call in zip(steps[1:], calls[1:], strict=False):
        if not isinstance(step, RecursionMap | Ode) or type(step) is not type(steps[0]):
            message = "the maps of a list take turns: all are recursions, or all are odes"
            yield Problem("wrong-kind", message, call.span)
            return
        for name in ("scale", "sites"):
            if getattr(step, name, None) != getattr(steps[0], name, None):
                message = f"the maps of a list take turns, and have one '{name}'"
                yield Problem("wrong-kind", message, call.span)
                return


def _check_expressions(
    reading: Reading, call: ast.Expr, quantities: Sequence[str], context: Context
) -> None:
    signature, own = reading.signature, _quantities(reading)
    if signature.free == "quantity" and not own:
        message = f"'{signature.name}' says how no quantity changes"
        hint = f"write {signature.name}(K = ...)"
        context.problems.error("missing-option", message, call.span, hint=hint)
    context.problems.extend(_misspelt(reading, call, quantities))
    for name in own:
        check_names(reading.places[name], quantities, context)
    for name in ("constant", "matrix"):
        if name in reading.places:
            check_names(reading.places[name], quantities, context)
    if "constant" in reading.places and "sites" not in reading.places:
        message = "a 'constant' is g of F(p) = g(p) + F(p')/sites, and there is no 'sites'"
        context.problems.error(
            "missing-option", message, reading.places["constant"].span, hint="write sites=2"
        )
    if signature.name == "scale":
        for name in ("phi", "g"):
            if name in reading.places:
                _check_function(reading.places[name], name, context)


def _misspelt(reading: Reading, call: ast.Expr, quantities: Sequence[str]) -> Iterator[Problem]:
    """What was taken for a quantity and is a misspelt option: its new value is a bare number, or
    its name is nearly that of an option, and no expression uses it.
    """
    signature = reading.signature
    if signature.free != "quantity":
        return
    used = {
        node.name
        for place in reading.places.values()
        for node in ast.walk(place)
        if isinstance(node, ast.Name)
    }
    for name in _quantities(reading):
        near = suggest(name, [field.name for field in signature.fields])
        if name in OPTIONS or (name not in used and (near or _bare(reading.places[name]))):
            message = f"'{signature.name}' has no option '{name}'"
            hint = near or _instead(signature, name)
            yield Problem("unknown-option", message, _option_span(call, name), hint=hint)


def _bare(expr: ast.Expr) -> bool:
    return isinstance(expr.operand if isinstance(expr, ast.Negate) else expr, ast.Number)


def _instead(signature: Signature, name: str) -> str:
    if name == "scale":
        return "lengths change by e in each step of an ode: leave scale out"
    fields = ", ".join(field.name for field in signature.fields)
    return (
        f"a quantity that changes is used by an expression; options are {fields}" if fields else ""
    )


def _option_span(call: ast.Expr, name: str) -> Span | None:
    options = call.options if isinstance(call, ast.Call) else ()
    return next((option.span for option in options if option.name == name), call.span)


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


def _of(expr: ast.Expr, quantities: Mapping[str, str], context: Context) -> Expression:
    """An expression in some quantities by the names that it has for them, which hide parameters of
    these names. Raises `SpecError` and `Unknowable`.
    """

    def leaf(part: ast.Expr) -> Expression | None:
        known = isinstance(part, ast.Name) and part.name in quantities
        return Quantity(quantities[part.name]) if known and isinstance(part, ast.Name) else None

    return resolve(expr, context.scope, leaf)


def _itself(quantities: Sequence[str]) -> dict[str, str]:
    return {name: name for name in quantities}


def _recursion(reading: Reading, quantities: Sequence[str], context: Context) -> RecursionMap:
    """Quantities that only other maps of the list change keep their values."""
    names = _itself(quantities)
    updates = tuple(
        (name, _of(reading.places.get(name, ast.Name(name)), names, context)) for name in quantities
    )
    place = reading.places.get("constant")
    constant = None if place is None else _of(place, names, context)
    return RecursionMap(updates=updates, constant=constant, **_values(reading))


def _ode(reading: Reading, quantities: Sequence[str], context: Context) -> Ode:
    names, zero = _itself(quantities), Constant(0.0)
    rates = tuple(
        (name, _of(reading.places[name], names, context) if name in reading.places else zero)
        for name in quantities
    )
    return Ode(rates=rates)


def _scale(reading: Reading, quantities: Sequence[str], context: Context) -> RecursionMap:
    """F(x) = g(x) + F(phi(x))/mu is the recursion x' = phi(x) with the constant g and mu sites to
    one.
    """
    name, phi = _function(reading.places["phi"], context)
    own, g = _function(reading.places["g"], context)
    return RecursionMap(
        updates=((name, _of(phi, {name: name}, context)),),
        constant=_of(g, {own: name}, context),
        sites=_values(reading)["mu"],
    )


def _function(expr: ast.Expr, context: Context) -> tuple[str, ast.Expr]:
    """The argument and the body of a function among the parameters."""
    name = expr.name if isinstance(expr, ast.Name) else ""
    parameter = context.scope.parameters.get(name)
    if not isinstance(parameter, Function):
        raise Unknowable(name)
    return parameter.argument, parameter.body


def _linear(reading: Reading, quantities: Sequence[str], context: Context) -> LinearMap:
    place = reading.places["matrix"]
    value = evaluate(place, context.scope)
    rows = tuple(row for row in value if isinstance(row, tuple)) if isinstance(value, tuple) else ()
    matrix = tuple(tuple(x for x in row if isinstance(x, float)) for row in rows)
    if not matrix or any(len(row) != len(matrix) for row in matrix):
        hint = "write [[1, 0.5], [0, 2]], a list of rows"
        message = f"'matrix' is a square matrix of numbers, and this is {_shape(value)}"
        raise problem("wrong-kind", message, place.span, hint=hint)
    values = _values(reading)
    if values.pop("nonnegative", False):
        _check_signs(matrix, place)
    return LinearMap(matrix=matrix, **values)


def _shape(value: Value) -> str:
    """What a value is that is no square matrix."""
    if not isinstance(value, tuple):
        return "one number"
    if not any(isinstance(row, tuple) for row in value):
        return "a list of numbers" if value else "empty"
    widths = {len(row) if isinstance(row, tuple) else 0 for row in value}
    return f"{len(value)} x {widths.pop()}" if len(widths) == 1 else "a list of different rows"


def _check_signs(matrix: Sequence[Sequence[float]], place: ast.Expr) -> None:
    """Raise `SpecError` for the first entry below 0."""
    for i, row in enumerate(matrix):
        for j, entry in enumerate(row):
            if entry < 0:
                message = f"the entry in row {i}, column {j} (counted from 0) is {entry:g}, below 0"
                hint = "leave nonnegative=true out, or mend the entry"
                raise problem("negative-entry", message, place.span, hint=hint)


def _convex_nmf(reading: Reading, quantities: Sequence[str], context: Context) -> ConvexNmf:
    """The factorisation. An option of the other variant is an error."""
    values, other = _values(reading), {"dlj": "tolerance", "lp": "iterations"}
    variant = str(values.get("variant"))
    if other[variant] in reading.places:
        message = f"'{other[variant]}' says nothing to the variant '{variant}'"
        span = reading.places[other[variant]].span
        raise problem("unused-option", message, span, hint="leave it out, or take another variant")
    return ConvexNmf(**values)


def _diffusion(reading: Reading, quantities: Sequence[str], context: Context) -> DiffusionMap:
    return DiffusionMap(**_values(reading))


def _autoencoder(reading: Reading, quantities: Sequence[str], context: Context) -> Autoencoder:
    hidden, train = units(reading, context), trainer(reading, context)
    return Autoencoder(**{**_values(reading), "hidden": hidden, "train": train})


def _topple(reading: Reading, quantities: Sequence[str], context: Context) -> Topple:
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


MAKERS: Mapping[str, Callable[[Reading, Sequence[str], Context], FlowMap]] = {
    "recursion": _recursion,
    "ode": _ode,
    "scale": _scale,
    "linear": _linear,
    "convex_nmf": _convex_nmf,
    "diffusion": _diffusion,
    "autoencoder": _autoencoder,
    "topple": _topple,
}
"""What each map becomes, of the quantities of all maps of the list.

Raises `SpecError` for what its record cannot hold, and `Unknowable`.
"""
