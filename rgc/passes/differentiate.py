"""Derivatives of expressions: tree to tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rgc.model.expressions import Apply, Constant, Expression, apply, leaves, square

ZERO, ONE = Constant(0.0), Constant(1.0)


class NotDifferentiable(Exception):
    """A function without a derivative. `part` is where it is applied."""

    def __init__(self, part: Apply) -> None:
        super().__init__(f"'{part.function}' has no derivative")
        self.part = part


def differentiate(expression: Expression, leaf: Expression) -> Expression:
    """The derivative of an expression by one of its leaves.

    Raises `NotDifferentiable` where the leaf stands inside `abs`, `min`, `max`, `mod` or `delta`.
    """
    match expression:
        case Constant():
            return ZERO
        case Apply() if leaf not in leaves(expression):
            return ZERO
        case Apply("square", (u,)):
            return _times(_times(Constant(2.0), u), differentiate(u, leaf))
        case Apply(function, (u,)) if function in _OUTER:
            return _times(_OUTER[function](u), differentiate(u, leaf))
        case Apply(function, (u, v)) if function in _RULES:
            return _RULES[function](u, v, differentiate(u, leaf), differentiate(v, leaf))
        case Apply():
            raise NotDifferentiable(expression)
    return ONE if expression == leaf else ZERO


_OUTER: Mapping[str, Callable[[Expression], Expression]] = {
    "negate": lambda u: Constant(-1.0),
    "sqrt": lambda u: apply("/", Constant(0.5), apply("sqrt", u)),
    "exp": lambda u: apply("exp", u),
    "log": lambda u: apply("/", ONE, u),
    "sin": lambda u: apply("cos", u),
    "cos": lambda u: apply("negate", apply("sin", u)),
    "sinh": lambda u: apply("cosh", u),
    "cosh": lambda u: apply("sinh", u),
    "tanh": lambda u: apply("/", ONE, square(apply("cosh", u))),
    "asinh": lambda u: apply("/", ONE, apply("sqrt", apply("+", square(u), ONE))),
    "acosh": lambda u: apply("/", ONE, apply("sqrt", _below_and_above(u))),
    "atanh": lambda u: apply("/", ONE, _above_and_below(u)),
}
"""The derivative of each function of one number by its argument, as a function of the argument."""


def _below_and_above(u: Expression) -> Expression:
    """(u - 1)(u + 1), which keeps its digits near u = 1."""
    return apply("*", apply("-", u, ONE), apply("+", u, ONE))


def _above_and_below(u: Expression) -> Expression:
    """(1 - u)(1 + u), which keeps its digits near |u| = 1."""
    return apply("*", apply("-", ONE, u), apply("+", ONE, u))


def _quotient(u: Expression, v: Expression, du: Expression, dv: Expression) -> Expression:
    """(u/v)' = (u' - (u/v) v')/v."""
    return _over(_minus(du, _times(apply("/", u, v), dv)), v)


def _power(u: Expression, v: Expression, du: Expression, dv: Expression) -> Expression:
    """(u^v)' = v u^(v-1) u' + u^v log(u) v'."""
    less = Constant(v.value - 1) if isinstance(v, Constant) else apply("-", v, ONE)
    by_base = _times(_times(v, _raised(u, less)), du)
    by_power = _times(_times(apply("^", u, v), apply("log", u)), dv) if dv != ZERO else ZERO
    return _plus(by_base, by_power)


_RULES: Mapping[str, Callable[[Expression, Expression, Expression, Expression], Expression]] = {
    "+": lambda u, v, du, dv: _plus(du, dv),
    "-": lambda u, v, du, dv: _minus(du, dv),
    "*": lambda u, v, du, dv: _plus(_times(du, v), _times(u, dv)),
    "/": _quotient,
    "^": _power,
}
"""The derivative of each function of two numbers u and v, with their derivatives du and dv."""


# -- sums and products without their zeros and ones ------------------------------------------------


def _plus(a: Expression, b: Expression) -> Expression:
    return b if a == ZERO else a if b == ZERO else apply("+", a, b)


def _minus(a: Expression, b: Expression) -> Expression:
    if a == ZERO and b != ZERO:
        return Constant(-b.value) if isinstance(b, Constant) else apply("negate", b)
    return a if b == ZERO else apply("-", a, b)


def _times(a: Expression, b: Expression) -> Expression:
    if ZERO in (a, b):
        return ZERO
    if Constant(-1.0) in (a, b):
        return apply("negate", b if a == Constant(-1.0) else a)
    return b if a == ONE else a if b == ONE else apply("*", a, b)


def _over(a: Expression, b: Expression) -> Expression:
    return ZERO if a == ZERO else apply("/", a, b)


def _raised(u: Expression, power: Expression) -> Expression:
    return ONE if power == ZERO else u if power == ONE else apply("^", u, power)
