"""From the syntax tree of an expression to one of the model, with every name replaced by its
meaning.
"""

from __future__ import annotations

from collections.abc import Callable

from rgc.ast_to_model.expressions.evaluate import check_arity, kind, number
from rgc.ast_to_model.scope import FUNCTIONS, Function, Scope, problem
from rgc.model.expressions import Apply, Constant, Expression
from rgc.syntax import ast

Leaf = Callable[[ast.Expr], Expression | None]
"""What a node stands for that is no number of the parameters; None leaves it to the ordinary rules.
"""


def resolve(expr: ast.Expr, scope: Scope, leaf: Leaf) -> Expression:
    """The expression in numbers, functions and what `leaf` makes of the rest.

    Numbers are kept as they stand: `2*K` stays a product. A function among the parameters is
    written out. Raises `SpecError` for what has no number, and `Unknowable`, as `number` does.
    """
    resolved = leaf(expr)
    if resolved is not None:
        return resolved
    match expr:
        case ast.Number() | ast.Name() | ast.Index():
            return Constant(number(expr, scope))
        case ast.Negate(operand):
            return Apply("negate", (resolve(operand, scope, leaf),), expr.span)
        case ast.Binary(op, left, right):
            both = resolve(left, scope, leaf), resolve(right, scope, leaf)
            return Apply(op, both, expr.span)
        case ast.Call(name, (argument,), ()) if isinstance(scope.parameters.get(name), Function):
            return _written_out(name, resolve(argument, scope, leaf), scope)
        case ast.Call(name, arguments) if name in FUNCTIONS and name not in scope.parameters:
            check_arity(expr, FUNCTIONS[name][0])
            operands = tuple(resolve(argument, scope, leaf) for argument in arguments)
            return Apply(name, operands, expr.span)
        case ast.Call():
            return Constant(number(expr, scope))
    raise problem("wrong-kind", f"a number is needed here, not {kind(expr)}", expr.span)


def _written_out(name: str, argument: Expression, scope: Scope) -> Expression:
    """J(argument) of a parameter J(r) = ..."""
    function = scope.parameters[name]
    assert isinstance(function, Function)  # noqa: S101
    return resolve(
        function.body, scope, lambda part: argument if part == ast.Name(function.argument) else None
    )
