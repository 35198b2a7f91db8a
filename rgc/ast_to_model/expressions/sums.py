"""An energy, or the exponent of a kernel, as coefficients times sums over the lattice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rgc.ast_to_model.expressions.keys import Key, factorised
from rgc.ast_to_model.scope import Scope, problem
from rgc.syntax import ast


@dataclass(frozen=True, slots=True)
class Part:
    """One term as written: weight * key * sum."""

    weight: float
    key: Key
    sum: ast.Reduction


def parts_of(weight: float, expr: ast.Expr, scope: Scope) -> Iterator[Part]:
    """Coefficients multiplied out, down to single sums over the lattice.

    Raises `SpecError` for what is not a sum of these.
    """
    match expr:
        case ast.Reduction("sum"):
            yield Part(weight, Key(), expr)
        case ast.Reduction(kind):
            hint = (
                "a mean belongs in a measure"
                if kind == "mean"
                else "an energy is a sum of local terms"
            )
            what = "mean" if kind == "mean" else "product"
            raise problem(
                "not-a-sum", f"a {what} over the lattice is no energy", expr.span, hint=hint
            )
        case ast.Negate(operand):
            yield from parts_of(-weight, operand, scope)
        case ast.Binary("+" | "-", left, right) if _has_sum(expr):
            yield from parts_of(weight, left, scope)
            yield from parts_of(-weight if expr.op == "-" else weight, right, scope)
        case ast.Binary("*", left, right) if _has_sum(left) and _has_sum(right):
            message = "a product of two sums over the lattice couples every spin with every other"
            raise problem("product-of-sums", message, expr.span)
        case ast.Binary("*", left, right) if _has_sum(expr):
            scalar, rest = (right, left) if _has_sum(left) else (left, right)
            yield from _scaled(scalar, rest, weight, scope)
        case ast.Binary("/", left, right) if _has_sum(left) and not _has_sum(right):
            one = ast.Number("1", span=right.span)
            yield from _scaled(ast.Binary("/", one, right, span=right.span), left, weight, scope)
        case _ if _has_sum(expr):
            message = "a sum over the lattice stands inside a function or a power"
            raise problem("product-of-sums", message, expr.span)
        case _:
            hint = f"a constant per site is sum(i) {expr.span.text}" if expr.span else ""
            raise problem(
                "no-sum",
                "every term of a hamiltonian is a sum over the lattice",
                expr.span,
                hint=hint,
            )


def _scaled(scalar: ast.Expr, rest: ast.Expr, weight: float, scope: Scope) -> Iterator[Part]:
    number, key = factorised(scalar, scope)
    for part in parts_of(weight, rest, scope):
        yield Part(number * part.weight, key.times(part.key), part.sum)


def _has_sum(expr: ast.Expr) -> bool:
    return any(isinstance(node, ast.Reduction) for node in ast.walk(expr))
