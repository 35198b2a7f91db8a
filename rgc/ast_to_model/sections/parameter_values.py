"""What one entry of `parameters` defines: a number, a list, a function, or couplings that are drawn
or come from a file.
"""

from __future__ import annotations

from rgc.ast_to_model.expressions.calls import bind
from rgc.ast_to_model.expressions.evaluate import evaluate
from rgc.ast_to_model.expressions.options import read_number
from rgc.ast_to_model.scope import (
    SOURCES,
    Function,
    Inhomogeneous,
    Parameter,
    Scope,
    Unknowable,
    Value,
    problem,
)
from rgc.ast_to_model.written_out import Extent, check_extent, extent
from rgc.errors import SpecError, suggest
from rgc.language.draws import DRAWS
from rgc.model.draw import Distribution
from rgc.syntax import ast


def parameter_value(entry: ast.Entry, scope: Scope) -> Parameter:
    """What an entry of `parameters` defines, by the values of those that it names, which `scope`
    holds. Raises `SpecError` for what is no value, and `Unknowable` for what another spec answers.
    """
    expr = entry.value
    if expr is None:
        raise problem("no-value", "a parameter needs a value: name = value", entry.target.span)
    for argument in arguments_of(entry):
        if isinstance(argument, ast.Name):
            _check_body(expr, argument.name, scope)
            return Function(argument.name, expr, _extent(entry, expr, scope))
    if entry.op == "~":
        return _draw(expr, scope)
    if isinstance(expr, ast.Call) and expr.name in SOURCES:
        return _source(expr)
    if isinstance(expr, ast.Call) and expr.name in DRAWS:
        name = entry.target.name if isinstance(entry.target, ast.Name) else "J"
        hint = f"write {name} ~ {expr.name}(...)"
        raise problem("draw-with-equals", "'=' never draws", expr.span, hint=hint)
    if isinstance(expr, ast.Taken):
        raise Unknowable(expr.path)  # what is wrong with it is reported where it is looked for
    _extent(entry, expr, scope)
    return _listed(evaluate(expr, scope), expr)


def _extent(entry: ast.Entry, expr: ast.Expr, scope: Scope) -> Extent:
    """The extent of a parameter's value. Raises `SpecError` beyond the limits."""
    known = scope.extents
    found = extent(expr, known)
    if known:
        name = entry.target.name if isinstance(entry.target, ast.Name | ast.Call) else "this"
        check_extent(found, f"'{name}'", entry.target.span)
    return found


def _listed(value: Value, expr: ast.Expr) -> float | tuple[Value, ...]:
    """A number, a list or a matrix; rows of a matrix are equally long."""
    if not isinstance(value, tuple):
        return value
    rows = [row for row in value if isinstance(row, tuple)]
    deep = any(isinstance(item, tuple) for row in rows for item in row)
    if (
        not value
        or deep
        or (rows and (len(rows) < len(value) or len({len(row) for row in rows}) > 1))
    ):
        message = "a parameter is a number, a list of numbers or a matrix with rows of one length"
        raise problem("ragged-matrix", message, expr.span)
    return value


def _check_body(body: ast.Expr, argument: str, scope: Scope) -> None:
    """Unknown names in a function are found where it is defined."""
    for node in ast.walk(body):
        if isinstance(node, ast.Name) and node.name != argument and not scope.known(node.name):
            raise scope.unknown(node.name, node.span)


def _draw(expr: ast.Expr, scope: Scope) -> Inhomogeneous:
    if not isinstance(expr, ast.Call) or expr.name not in DRAWS:
        name = expr.name if isinstance(expr, ast.Name | ast.Call) else ""
        hint = (
            suggest(name, DRAWS)
            or "a draw is such as normal(0, 1), bimodal(1, p=0.5) or uniform(-1, 1)"
        )
        raise problem("unknown-draw", "'~' needs a distribution", expr.span, hint=hint)
    signature = DRAWS[expr.name]
    bound = bind(expr, signature)
    if bound.problems:
        raise SpecError(bound.problems)
    values = (read_number(field, bound.places[field.name], scope) for field in signature.fields)
    return Inhomogeneous(expr, Distribution(expr.name, tuple(map(float, values))))


def _source(expr: ast.Call) -> Inhomogeneous:
    if len(expr.arguments) != 1:
        raise problem(
            "wrong-arity", f"{expr.name} takes one argument, not {len(expr.arguments)}", expr.span
        )
    (argument,) = expr.arguments
    if expr.name == "file" and not isinstance(argument, ast.Text):
        raise problem("wrong-kind", 'file takes a text: file("couplings.npy")', argument.span)
    if expr.name == "hebb" and argument != ast.Name("patterns"):
        raise problem(
            "wrong-kind", "hebb takes the patterns of the data: hebb(patterns)", argument.span
        )
    return Inhomogeneous(expr)


def arguments_of(entry: ast.Entry) -> tuple[ast.Expr, ...]:
    """The argument of a function, `r` of `J(r) = 1/r`; nothing for other parameters."""
    return entry.target.arguments if isinstance(entry.target, ast.Call) else ()
