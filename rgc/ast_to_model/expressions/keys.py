"""What multiplies a function of spins in a summand."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from math import prod

from rgc.ast_to_model.expressions.evaluate import number
from rgc.ast_to_model.scope import Scope, names
from rgc.model.lattice import Site
from rgc.syntax import ast
from rgc.text import Span


@dataclass(frozen=True, slots=True)
class Key:
    """What multiplies a function of spins besides numbers.

    It is a product of scalar expressions in the parameters, and the name of a coupling that differs
    from place to place, with the `sites` that it belongs to where these find its number, and its
    place in the text.
    """

    factors: tuple[ast.Expr, ...] = ()
    field: str | None = None
    sites: frozenset[Site] | None = None
    span: Span | None = dataclass_field(default=None, compare=False, repr=False)

    def times(self, other: Key) -> Key:
        factors = tuple(sorted((*self.factors, *other.factors), key=repr))
        placed = self if other.field is None else other
        return Key(factors, placed.field, placed.sites, placed.span)


def factorised(expr: ast.Expr, scope: Scope) -> tuple[float, Key]:
    """A scalar expression as a number times factors that hold parameters: 2*K/3 is 2/3 times K.

    Raises like `number`.
    """
    match expr:
        case ast.Negate(operand):
            weight, key = factorised(operand, scope)
            return -weight, key
        case ast.Binary("*", left, right):
            (a, first), (b, second) = factorised(left, scope), factorised(right, scope)
            return a * b, first.times(second)
        case ast.Binary("/", left, right) if right_value := number(right, scope):
            weight, key = factorised(left, scope)
            if _parameters(right, scope):
                return weight, key.times(
                    Key((ast.Binary("/", ast.Number("1"), right, span=right.span),))
                )
            return weight / right_value, key
    value = number(expr, scope)
    return (1.0, Key((expr,))) if _parameters(expr, scope) else (value, Key())


def key_value(key: Key, scope: Scope) -> float:
    """The product of the factors of a key. Raises like `number`."""
    return prod((number(factor, scope) for factor in key.factors), start=1.0)


def _parameters(expr: ast.Expr, scope: Scope) -> bool:
    return any(name in scope.parameters or name in scope.broken for name, _ in names(expr))
