"""Sources of data that are points: their coordinates as expressions of the row and of what is
drawn.
"""

from __future__ import annotations

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import Reading, check_names
from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.scope import Inhomogeneous, Unknowable, problem
from rgc.errors import SpecError
from rgc.language.point_clouds import ROW
from rgc.model.expressions import Expression
from rgc.model.point_clouds import Cloud, Drawn, Points, Row, Simplex
from rgc.syntax import ast


def read_cloud(reading: Reading, expr: ast.Expr, context: Context) -> Cloud | None:
    """The record of `points(...)` or `simplex(...)`, or None where something is wrong, which is
    reported, or unknowable.
    """
    try:
        if reading.signature.name == "simplex":
            return _simplex(reading)
        return _points(reading, expr, context)
    except SpecError as error:
        context.problems.extend(error.problems)
    except Unknowable:
        pass
    return None


def _simplex(reading: Reading) -> Simplex | None:
    points, corners = (reading.values.get(name) for name in ("points", "archetypes"))
    if not isinstance(points, int) or not isinstance(corners, int):
        return None
    if corners > points:
        place = reading.places["archetypes"].span
        message = f"{corners} corners are among the points, and there are {points} points"
        raise problem("out-of-range", message, place, hint=f"at most {points}")
    if "noise" in reading.places and "noise" not in reading.values:
        return None
    noise = reading.values.get("noise", 0)
    noise = float(noise) if isinstance(noise, int | float) else 0.0
    return Simplex(points=points, archetypes=corners, noise=noise)


def _points(reading: Reading, expr: ast.Expr, context: Context) -> Points | None:
    count, place = reading.values.get("count"), reading.places.get("coordinates")
    if place is None or not isinstance(count, int):
        return None
    if not isinstance(place, ast.List) or not place.items:
        hint = "write [cos(2*pi*row/400), sin(2*pi*row/400)]"
        raise problem("wrong-kind", "'coordinates' is a list of expressions", place.span, hint=hint)
    coordinates = tuple(_resolved(item, context) for item in place.items)
    label = reading.places.get("label")
    if "embed" in reading.places and "embed" not in reading.values:
        return None
    return Points(
        count=count,
        coordinates=coordinates,
        label=None if label is None else _resolved(label, context),
        embed=_embedding(reading, len(coordinates)),
        span=expr.span,
    )


def _embedding(reading: Reading, dimension: int) -> int | None:
    into = reading.values.get("embed")
    if not isinstance(into, int):
        return None
    if into < dimension:
        message = f"{dimension} coordinates do not fit into {into} dimension{'s' * (into != 1)}"
        hint = f"embed={dimension} at least"
        raise problem("out-of-range", message, reading.places["embed"].span, hint=hint)
    return into


def _resolved(expr: ast.Expr, context: Context) -> Expression:
    """An expression of the row, of parameters and of what is drawn. Raises `SpecError` and
    `Unknowable`.
    """
    before = len(context.problems.errors)
    check_names(expr, (ROW,), context)
    if len(context.problems.errors) > before:
        raise Unknowable
    parameters = context.scope.parameters

    def leaf(part: ast.Expr) -> Expression | None:
        if not isinstance(part, ast.Name):
            return None
        if part.name == ROW and ROW not in parameters:
            return Row()
        value = parameters.get(part.name)
        if isinstance(value, Inhomogeneous) and value.draw is not None:
            return Drawn(part.name, value.draw)
        return None

    return resolve(expr, context.scope, leaf)
