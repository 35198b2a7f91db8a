"""The map `curve(...)`: a column of the data as an expression of others and of unknown numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import Reading, check_names
from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.scope import problem
from rgc.errors import SpecError, listing, suggest
from rgc.model.curve import Column, Curve, Unknown
from rgc.model.data import File, columns_of
from rgc.model.expressions import Constant, Expression, leaves, replaced
from rgc.model.spec import Spec
from rgc.passes.differentiate import NotDifferentiable, differentiate
from rgc.syntax import ast
from rgc.text import Span

QUALITY = "R2"
"""What conditions may name besides the unknown numbers."""


def check_curve(readings: Sequence[Reading], body: ast.Expr, spec: Spec, context: Context) -> Spec:
    """The spec with its curve as the one map.

    Reports a list of maps, data that are missing, what is no column, unknown names, unknown numbers
    that are named twice or do not occur, and those that the expression is said to be linear in and
    is not.
    """
    before = len(context.problems.errors)
    made: Curve | None = None
    with context.failing("map"):
        if isinstance(body, ast.List) or len(readings) != 1:
            message = "a curve is fitted by itself: it takes no turns with other maps"
            raise problem("wrong-kind", message, body.span, hint="write one curve, not a list")
        if "data" not in context.failed:
            made = _curve(readings[0], body, _columns(spec, body), context)
    if len(context.problems.errors) > before or made is None:
        context.failed.add("map")
        return spec
    return replace(spec, map=(made,))


def _columns(spec: Spec, body: ast.Expr) -> tuple[str, ...]:
    """The names of the columns of the data: those of the file, else x1, x2, ..."""
    data = spec.data
    count = columns_of(data)
    if data is None or count is None:
        message = "a curve is fitted to columns of data, and this spec has none"
        raise problem("missing-section", message, body.span, hint='add data file("series.csv")')
    if isinstance(data, File) and data.names:
        return data.names
    return tuple(f"x{k}" for k in range(1, 1 + count))


def _curve(
    reading: Reading, body: ast.Expr, columns: tuple[str, ...], context: Context
) -> Curve | None:
    linear, nonlinear = _names(reading, "linear"), _names(reading, "nonlinear")
    column, place = _column(reading, body, columns)
    _check_unknowns(reading, columns)
    known = {*columns, *linear, *nonlinear} - {column}
    hint = "an unknown number is listed: nonlinear=[{}]"
    check_names(place, known, context, hint)
    if "error" in reading.places:
        check_names(reading.places["error"], columns, context)
    for part in _conditions(reading):
        check_names(part, (*linear, *nonlinear, QUALITY), context)
    if context.problems.errors:
        return None
    expression = _resolved(place, columns, (*linear, *nonlinear), context)
    parts = _parts(linear, expression, reading)
    _check_occurs(nonlinear, expression, reading)
    rest = replaced(
        expression,
        lambda leaf: Constant(0.0) if isinstance(leaf, Unknown) and leaf.name in linear else leaf,
    )
    error = reading.places.get("error")
    return Curve(
        column=column,
        columns=columns,
        expression=expression,
        linear=linear,
        nonlinear=nonlinear,
        parts=parts,
        rest=rest,
        error=None if error is None else _resolved(error, columns, (), context),
        passes=tuple(
            _resolved(part, (), (*linear, *nonlinear, QUALITY), context)
            for part in _conditions(reading)
        ),
    )


def _names(reading: Reading, option: str) -> tuple[str, ...]:
    value = reading.values.get(option, ())
    return tuple(map(str, value)) if isinstance(value, tuple) else ()


def _column(reading: Reading, body: ast.Expr, columns: tuple[str, ...]) -> tuple[str, ast.Expr]:
    """The column that is fitted, and its expression."""
    fields = [field.name for field in reading.signature.fields]
    free = {name: place for name, place in reading.places.items() if name not in fields}
    for name, place in free.items():
        if name not in columns:
            hint = suggest(name, [*columns, *fields]) or f"the data have {listing(columns)}"
            message = f"'{name}' is no column of the data and no option of a curve"
            raise problem("unknown-option", message, place.span, hint=hint)
    if len(free) != 1:
        message = "a curve says what one column is"
        hint = f"write curve({columns[-1]} = ...)"
        raise problem("missing-option", message, body.span, hint=hint)
    ((column, place),) = free.items()
    return column, place


def _check_unknowns(reading: Reading, columns: Collection[str]) -> None:
    """Raise `SpecError` for unknown numbers that are named twice or like a column, and for a curve
    without any."""
    seen: set[str] = set()
    for item in _items(reading, "linear", "nonlinear"):
        name = item.name if isinstance(item, ast.Name) else ""
        if name in columns or name == QUALITY:
            what = "a column of the data" if name in columns else "what a fit finds besides"
            message = f"'{name}' is {what}, and cannot be an unknown number"
            raise problem("duplicate-name", message, item.span, hint="give it another name")
        if name in seen:
            message, hint = f"'{name}' is named twice", "leave one of them out"
            raise problem("duplicate-name", message, item.span, hint=hint)
        seen.add(name)
    if not seen:
        place = next(iter(reading.places.values()), None)
        message = "nothing of this curve is unknown, so that there is nothing to fit"
        hint = "unknown numbers are listed as linear or nonlinear"
        raise problem("missing-option", message, None if place is None else place.span, hint=hint)


def _items(reading: Reading, *options: str) -> Iterator[ast.Expr]:
    for option in options:
        place = reading.places.get(option)
        yield from place.items if isinstance(place, ast.List) else ()


def _conditions(reading: Reading) -> tuple[ast.Expr, ...]:
    place = reading.places.get("passes")
    if place is None:
        return ()
    return tuple(place.items) if isinstance(place, ast.List) else (place,)


def _resolved(
    expr: ast.Expr, columns: Sequence[str], unknowns: Sequence[str], context: Context
) -> Expression:
    meanings: Mapping[str, Expression] = {
        **{name: Column(name) for name in columns},
        **{name: Unknown(name) for name in unknowns},
    }

    def leaf(part: ast.Expr) -> Expression | None:
        return meanings.get(part.name) if isinstance(part, ast.Name) else None

    return resolve(expr, context.scope, leaf)


def _parts(
    linear: Sequence[str], expression: Expression, reading: Reading
) -> tuple[Expression, ...]:
    """The derivatives by the unknowns in which an expression is linear."""
    _check_occurs(linear, expression, reading)
    found = {name: _derivative(expression, name) for name in linear}
    within = {name: set() if part is None else set(leaves(part)) for name, part in found.items()}
    bent = [name for name in linear if found[name] is None or Unknown(name) in within[name]]
    bent += [name for name in linear if any(Unknown(other) in within[name] for other in linear)]
    if bent:
        message, name = f"the curve is not linear in '{bent[0]}'", bent[0]
        if found[name] is not None and Unknown(name) not in within[name]:
            message = f"the curve is not linear in '{name}' and the others together"
        hint = f"move '{name}' from linear to nonlinear"
        raise problem("wrong-unknown", message, _place(reading, name), hint=hint)
    return tuple(part for part in found.values() if part is not None)


def _derivative(expression: Expression, name: str) -> Expression | None:
    try:
        return differentiate(expression, Unknown(name))
    except NotDifferentiable:
        return None


def _check_occurs(names: Sequence[str], expression: Expression, reading: Reading) -> None:
    there = set(leaves(expression))
    for name in names:
        if Unknown(name) not in there:
            raise _missing(name, reading)


def _missing(name: str, reading: Reading) -> SpecError:
    message, hint = (
        f"the curve does not depend on '{name}'",
        "every unknown number changes the curve",
    )
    return problem("wrong-unknown", message, _place(reading, name), hint=hint)


def _place(reading: Reading, name: str) -> Span | None:
    for item in _items(reading, "linear", "nonlinear"):
        if item == ast.Name(name):
            return item.span
    return None
