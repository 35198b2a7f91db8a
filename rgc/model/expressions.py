"""Expressions whose names are resolved: numbers, and functions of whatever the leaves stand for.

Observables and maps are such trees, whose leaves are in `rgc.model.observables` and
`rgc.model.map`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from rgc.text import Span


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression or a part of one. What is neither a `Constant` nor an `Apply` is a leaf."""


@dataclass(frozen=True, slots=True)
class Constant(Expression):
    """A constant, in float64."""

    value: float


@dataclass(frozen=True, slots=True)
class Apply(Expression):
    """A function of `FUNCTIONS` by its name, and its operands in their order. `span` is where it
    was written.
    """

    function: str
    operands: tuple[Expression, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


def apply(function: str, *operands: Expression) -> Apply:
    """`Apply` with its operands one by one."""
    return Apply(function, operands)


def square(operand: Expression) -> Apply:
    """x^2 as one multiplication."""
    return Apply("square", (operand,))


def _by_name(name: str) -> Callable[..., Any]:
    return lambda xp, *values: getattr(xp, name)(*values)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "+": _by_name("add"),
    "-": _by_name("subtract"),
    "*": _by_name("multiply"),
    "/": _by_name("divide"),
    "^": _by_name("power"),
    "negate": _by_name("negative"),
    "square": _by_name("square"),
    "sqrt": _by_name("sqrt"),
    "exp": _by_name("exp"),
    "log": _by_name("log"),
    "sin": _by_name("sin"),
    "cos": _by_name("cos"),
    "sinh": _by_name("sinh"),
    "cosh": _by_name("cosh"),
    "tanh": _by_name("tanh"),
    "asinh": _by_name("arcsinh"),
    "acosh": _by_name("arccosh"),
    "atanh": _by_name("arctanh"),
    "abs": _by_name("abs"),
    "min": lambda xp, *values: reduce(xp.minimum, values),
    "max": lambda xp, *values: reduce(xp.maximum, values),
    "mod": _by_name("mod"),
    "delta": lambda xp, a, b: xp.equal(a, b).astype(xp.float64),
}
"""What `Apply` may apply: (array namespace, *values) to a value, elementwise."""

REAL: Mapping[str, Callable[..., float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": math.pow,
    "negate": operator.neg,
    "square": lambda x: x * x,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": math.acosh,
    "atanh": math.atanh,
    "abs": abs,
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "mod": operator.mod,
    "delta": lambda a, b: float(a == b),
}
"""The same functions of Python's numbers. They raise `ValueError`, `ZeroDivisionError` and
`OverflowError` where there is no finite real value.
"""


def evaluate(expression: Expression, leaf: Callable[[Expression], Any], xp: Any) -> Any:
    """The value of an expression, an array of `xp`. `leaf` gives the values of its leaves.

    What is not finite comes out as NaN or infinity.
    """
    match expression:
        case Constant(value):
            return xp.asarray(value)
        case Apply(function, operands):
            return FUNCTIONS[function](xp, *(evaluate(operand, leaf, xp) for operand in operands))
    return leaf(expression)


def leaves(expression: Expression) -> Iterator[Expression]:
    """The leaves of an expression from left to right, each as often as it stands there."""
    match expression:
        case Constant():
            return
        case Apply(_, operands):
            for operand in operands:
                yield from leaves(operand)
        case _:
            yield expression


def replaced(expression: Expression, leaf: Callable[[Expression], Expression]) -> Expression:
    """The expression with something else in place of each leaf."""
    match expression:
        case Constant():
            return expression
        case Apply(function, operands, span):
            return Apply(function, tuple(replaced(operand, leaf) for operand in operands), span)
    return leaf(expression)


_STRENGTH = {"+": 1, "-": 1, "negate": 2, "*": 3, "/": 3, "^": 4, "square": 4}


def written(expression: Expression, leaf: Callable[[Expression], str] = str) -> str:
    """The expression in the notation of the language, with the fewest parentheses."""
    match expression:
        case Constant(value):
            return f"{value:.12g}" if value >= 0 else f"({value:.12g})"
        case Apply("square", (operand,)):
            return f"{_inside(operand, 5, leaf)}^2"
        case Apply("negate", (operand,)):
            return f"-{_inside(operand, 3, leaf)}"
        case Apply(function, (left, right)) if function in _STRENGTH:
            strength = _STRENGTH[function]
            first, second = (
                (strength + 1, strength) if function == "^" else (strength, strength + 1)
            )
            gap = " " if strength == 1 else ""
            return f"{_inside(left, first, leaf)}{gap}{function}{gap}{_inside(right, second, leaf)}"
        case Apply(function, operands):
            return f"{function}({', '.join(written(operand, leaf) for operand in operands)})"
    return leaf(expression)


def _inside(operand: Expression, least: int, leaf: Callable[[Expression], str]) -> str:
    """An operand, in parentheses where it binds less than `least`."""
    text = written(operand, leaf)
    binds = _STRENGTH.get(operand.function, 9) if isinstance(operand, Apply) else 9
    return text if binds >= least else f"({text})"
