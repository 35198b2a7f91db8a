"""Values of expressions over arrays: numbers, names and functions elementwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.ast_to_model.expressions.scope import CONSTANTS, Scope, problem
from rgc.syntax import ast

Floats = NDArray[np.float64]
Special = Callable[[ast.Expr], Floats | None]
"""Looks at a node first: its value, or None to leave it to the ordinary rules."""

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "abs": np.abs,
    "min": lambda *values: reduce(np.minimum, values),
    "max": lambda *values: reduce(np.maximum, values),
    "delta": lambda a, b: np.equal(a, b).astype(np.float64),
}

_OPERATORS: Mapping[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}


def evaluate(expr: ast.Expr, scope: Scope, special: Special) -> Floats:
    """The value of an expression. What is not finite comes out as NaN or infinity. Raises `SpecError` for what has no number."""
    found = special(expr)
    if found is not None:
        return found
    match expr:
        case ast.Number():
            return np.asarray(expr.value)
        case ast.Name(name) if name in scope.numbers or name in CONSTANTS:
            return np.asarray(scope.numbers.get(name, CONSTANTS.get(name)), dtype=np.float64)
        case ast.Negate(operand):
            return np.asarray(-evaluate(operand, scope, special))
        case ast.Binary(op, left, right):
            values = (evaluate(side, scope, special) for side in (left, right))
            return np.asarray(_OPERATORS[op](*values))
        case ast.Call(name, arguments) if name in FUNCTIONS:
            return np.asarray(FUNCTIONS[name](*(evaluate(each, scope, special) for each in arguments)))
    raise problem("not-yet", "this cannot be measured yet", expr.span)
