"""Values of scalar expressions, in float64 with Python's `math`."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from rgc.ast_to_model.scope import (
    CONSTANTS,
    FUNCTIONS,
    GEOMETRIC,
    Function,
    Inhomogeneous,
    Scope,
    Unknowable,
    Value,
    problem,
)
from rgc.errors import suggest
from rgc.model.expressions import REAL
from rgc.syntax import ast

INTEGER_TOLERANCE = 1e-9
LARGEST_INTEGER = 2**31 - 1


def evaluate(expr: ast.Expr, scope: Scope) -> Value:
    """The number, list or matrix that an expression stands for.

    Raises `SpecError` for unknown names, wrong kinds and numbers of arguments, and values that are
    not finite; `Unknowable` where a parameter has no value because of an error reported before.
    """
    match expr:
        case ast.Number():
            return _finite(expr.value, expr)
        case ast.Name(name):
            return _named(name, expr, scope)
        case ast.Negate(operand):
            return -number(operand, scope)
        case ast.Binary():
            return operate(expr, number(expr.left, scope), number(expr.right, scope))
        case ast.Call():
            function = function_of(expr, scope)
            return function(*(number(argument, scope) for argument in expr.arguments))
        case ast.Index():
            entry = entry_of(expr, scope)
            return entry(*(number(argument, scope) for argument in expr.arguments))
        case ast.List(items):
            return tuple(evaluate(item, scope) for item in items)
        case ast.Range():
            return _range(expr, scope)
    raise problem("wrong-kind", f"a number is needed here, not {kind(expr)}", expr.span)


def number(expr: ast.Expr, scope: Scope) -> float:
    """The value of an expression that must be one number. Raises like `evaluate`."""
    return one(evaluate(expr, scope), expr)


def one(value: Value, expr: ast.Expr) -> float:
    """A value that must be one number. Raises `SpecError` for a list."""
    if isinstance(value, tuple):
        raise problem("wrong-kind", "a number is needed here, not a list", expr.span)
    return value


def numbers(expr: ast.Expr, scope: Scope) -> tuple[float, ...]:
    """The values of a list or range of numbers. Raises like `evaluate`."""
    value = evaluate(expr, scope)
    if not isinstance(value, tuple):
        raise problem("wrong-kind", "a list of numbers is needed here, not one number", expr.span)
    flat = tuple(item for item in value if not isinstance(item, tuple))
    if len(flat) != len(value):
        raise problem("wrong-kind", "a list of numbers is needed here, not a matrix", expr.span)
    return flat


def integer(expr: ast.Expr, scope: Scope, *, least: int | None = None) -> int:
    """The integer value of a size, count or range.

    A value within 1e-9 of an integer is rounded, and any other is an error. Raises like `evaluate`.
    """
    value = number(expr, scope)
    nearest = round(value)
    if abs(value - nearest) > INTEGER_TOLERANCE:
        hint = f"the nearest is {max(nearest, least or nearest)}"
        message = f"an integer is needed here, not {value!r}"
        raise problem("not-an-integer", message, expr.span, hint=hint)
    if abs(nearest) > LARGEST_INTEGER:
        raise problem("out-of-range", f"{value:g} is too large for a size or a count", expr.span)
    if least is not None and nearest < least:
        message = f"at least {least} is needed here, not {nearest}"
        raise problem("out-of-range", message, expr.span, hint=f"the nearest is {least}")
    return nearest


def kind(expr: ast.Expr) -> str:
    """What an expression is, in words for a message."""
    words = {
        ast.Text: "a text",
        ast.List: "a list",
        ast.Tuple: "a vector",
        ast.Range: "a range",
        ast.Reduction: "a sum over the lattice",
        ast.Member: "a member",
        ast.Taken: "the answer of another spec",
        ast.Changed: "another spec",
        ast.Sourced: "a text with its source",
    }
    return words.get(type(expr), "an expression")


def _named(name: str, expr: ast.Name, scope: Scope) -> Value:
    if name in scope.broken:
        raise Unknowable(name)
    value = scope.parameters.get(name, CONSTANTS.get(name))
    match value:
        case None:
            if name in FUNCTIONS or name in GEOMETRIC:
                hint = f"write {name}(...)"
                raise problem("wrong-kind", f"'{name}' is a function", expr.span, hint=hint)
            raise scope.unknown(name, expr.span)
        case Function(argument):
            hint = f"write {name}({argument})"
            raise problem(
                "wrong-kind", f"'{name}' is a function of {argument}", expr.span, hint=hint
            )
        case Inhomogeneous():
            message = f"'{name}' differs from place to place and has no single value"
            raise problem(
                "wrong-kind", message, expr.span, hint=f"index it: {name}[i,j] or {name}[i]"
            )
    return value


def operate(expr: ast.Binary, left: float, right: float) -> float:
    """The value of an operation. Raises like `evaluate`."""
    try:
        return _finite(REAL[expr.op](left, right), expr)
    except ZeroDivisionError:
        raise problem("division-by-zero", "division by zero", expr.span) from None
    except (ValueError, OverflowError):
        message = f"{left:g} {expr.op} {right:g} is not a finite real number"
        raise problem("not-finite", message, expr.span) from None


def function_of(expr: ast.Call, scope: Scope) -> Callable[..., float]:
    """The function that is called, of as many numbers as the call has arguments. Both raise like
    `evaluate`.
    """
    if expr.name in scope.broken:
        raise Unknowable(expr.name)
    own = scope.parameters.get(expr.name)
    if isinstance(own, Function):
        check_arity(expr, 1)
        return lambda argument: number(own.body, scope.inside(own, argument))
    if own is not None:
        hint = (
            f"parentheses call, brackets index: {expr.name}[...]"
            if not isinstance(own, float)
            else ""
        )
        raise problem("not-a-function", f"'{expr.name}' is no function", expr.span, hint=hint)
    if expr.name not in FUNCTIONS:
        if expr.name in GEOMETRIC:
            message = f"{expr.name}(...) needs site indices bound by a sum"
            raise problem("unbound-index", message, expr.span)
        known = (
            *FUNCTIONS,
            *(name for name, value in scope.parameters.items() if isinstance(value, Function)),
        )
        hint = suggest(expr.name, known)
        raise problem("unknown-function", f"unknown function '{expr.name}'", expr.span, hint=hint)
    arity, function = FUNCTIONS[expr.name]
    check_arity(expr, arity)

    def finite(*arguments: float) -> float:
        try:
            return _finite(float(function(*arguments)), expr)
        except (ValueError, ZeroDivisionError, OverflowError):
            shown = ", ".join(f"{argument:g}" for argument in arguments)
            message = f"{expr.name}({shown}) is not a finite real number"
            raise problem("not-finite", message, expr.span) from None

    return finite


def check_arity(expr: ast.Call, arity: int) -> None:
    """Raise `SpecError` for a function with options or with another number of arguments.

    An arity of -1 is any number from one.
    """
    if expr.options:
        option = expr.options[0]
        message = f"the function '{expr.name}' has no option '{option.name}'"
        raise problem("unknown-option", message, option.span)
    given = len(expr.arguments)
    if given == arity or (arity < 0 and given):
        return
    wanted = (
        "at least one argument"
        if arity < 0
        else "one argument"
        if arity == 1
        else f"{arity} arguments"
    )
    raise problem("wrong-arity", f"{expr.name} takes {wanted}, not {given}", expr.span)


def entry_of(expr: ast.Index, scope: Scope) -> Callable[..., Value]:
    """`W[1]`, `W[0,1]`: the entries of a list or matrix at positions counted from 0. Both raise
    like `evaluate`.
    """
    if isinstance(expr.base, ast.Name) and isinstance(
        scope.parameters.get(expr.base.name), Inhomogeneous
    ):
        message = (
            f"'{expr.base.name}' differs from place to place: it stands only in the hamiltonian"
        )
        raise problem("wrong-kind", message, expr.span)
    base = evaluate(expr.base, scope)

    def entry(*positions: float) -> Value:
        value = base
        for position, argument in zip(positions, expr.arguments, strict=True):
            if not isinstance(value, tuple):
                raise problem("wrong-kind", "only lists and matrices have entries", expr.span)
            if position != int(position) or not 0 <= position < len(value):
                message = (
                    f"there is no entry {position:g}: entries are counted from 0 to "
                    f"{len(value) - 1}"
                )
                raise problem("out-of-range", message, argument.span)
            value = value[int(position)]
        return value

    return entry


def _range(expr: ast.Range, scope: Scope) -> tuple[float, ...]:
    start, stop = number(expr.start, scope), number(expr.stop, scope)
    count = integer(expr.count, scope, least=1)
    if count == 1:
        return (start,)
    if count > 1_000_000:
        raise problem("out-of-range", f"{count} points are too many", expr.count.span)
    return _spaced(Decimal(repr(start)), Decimal(repr(stop)), count)


def _spaced(start: Decimal, stop: Decimal, count: int) -> tuple[float, ...]:
    """Evenly spaced numbers from start to stop, each the float nearest to the decimal number, so
    that -0.1:0.2:4 goes through 0.
    """
    (top, below), (last, under) = start.as_integer_ratio(), stop.as_integer_ratio()
    first, end = top * under, last * below
    parts = below * under * (count - 1)
    return tuple((first * (count - 1 - k) + end * k) / parts for k in range(count))


def _finite(value: float, expr: ast.Expr) -> float:
    if not math.isfinite(value):
        raise problem("not-finite", "this is not a finite real number", expr.span)
    return value
