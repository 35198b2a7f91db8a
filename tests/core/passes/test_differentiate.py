"""Derivatives of expressions against differences, complex steps and those of JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.model.expressions import FUNCTIONS, Apply, Constant, Expression, apply, evaluate
from rgc.model.map import Quantity, RecursionMap
from rgc.passes.differentiate import NotDifferentiable, differentiate

X, Y = Quantity("x"), Quantity("y")
KINKED = ("abs", "min", "max", "mod", "delta")
OF_ONE = ("negate", "square", "sqrt", "exp", "log", "sin", "cos", "sinh", "cosh", "tanh", "asinh")
POINTS = (0.3, 0.7, 1.9)


def at(expression: Expression, x: Any, y: Any, xp: Any = np) -> Any:
    return evaluate(expression, lambda leaf: x if leaf == X else y, xp)


def inner(function: str) -> Expression:
    """An argument between 0 and 1, or above 1 for acosh."""
    u = apply("/", X, apply("+", X, Y))
    return apply("+", u, Constant(1.5)) if function == "acosh" else u


EXPRESSIONS: dict[str, Expression] = {
    **{name: apply(name, inner(name)) for name in (*OF_ONE, "acosh", "atanh")},
    **{name: apply(name, apply("square", X), apply("sin", Y)) for name in ("+", "-", "*", "/")},
    "^": apply("^", apply("+", X, Constant(1.0)), apply("*", Y, X)),
    "^ of a constant": apply("^", Constant(2.0), apply("*", X, Y)),
    "^ a constant": apply("^", apply("+", X, Y), Constant(-2.5)),
}


def test_every_function_of_the_language_is_covered() -> None:
    tried = {part.function for each in EXPRESSIONS.values() for part in applications(each)}
    assert tried | set(KINKED) == set(FUNCTIONS)


def applications(expression: Expression) -> list[Apply]:
    if not isinstance(expression, Apply):
        return []
    return [expression, *(one for operand in expression.operands for one in applications(operand))]


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("leaf", [X, Y], ids=str)
def test_a_derivative_is_that_of_a_complex_step(name: str, leaf: Quantity) -> None:
    expression = EXPRESSIONS[name]
    derivative = differentiate(expression, leaf)
    for x in POINTS:
        y, step = 0.8, 1e-30
        found = float(at(derivative, x, y))
        shifted = (x + 1j * step, y) if leaf == X else (x, y + 1j * step)
        assert found == pytest.approx(at(expression, *shifted).imag / step, rel=1e-13)


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("leaf", [X, Y], ids=str)
def test_a_derivative_is_that_of_jax(name: str, leaf: Quantity) -> None:
    jax = pytest.importorskip("jax")
    expression, y = EXPRESSIONS[name], 0.8
    derivative = differentiate(expression, leaf)
    with jax.enable_x64(True):
        slope = jax.jacfwd(lambda x, y: at(expression, x, y, jax.numpy), int(leaf == Y))
        for x in POINTS:
            found = float(at(derivative, x, y))
            assert found == pytest.approx(float(slope(x, y)), rel=1e-13)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_derivative_is_that_of_differences(name: str) -> None:
    expression, h = EXPRESSIONS[name], 1e-3
    slope = differentiate(expression, X)
    for x in POINTS:
        f = [float(at(expression, x + k * h, 0.8)) for k in (-2, -1, 1, 2)]
        difference = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
        assert float(at(slope, x, 0.8)) == pytest.approx(difference, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("name", KINKED)
def test_functions_with_kinks_are_refused_where_they_depend_on_the_leaf(name: str) -> None:
    operands = (X,) if name == "abs" else (X, Y)
    part = apply(name, *operands)
    with pytest.raises(NotDifferentiable) as refused:
        differentiate(apply("*", Constant(2.0), part), X)
    assert refused.value.part is part
    constant = apply(name, *(Y for _ in operands))
    assert differentiate(apply("*", constant, X), X) == constant


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: apply("*", Constant(3.0), X), Constant(3.0)),
        (lambda: apply("-", Constant(1.0), X), Constant(-1.0)),
        (lambda: apply("^", X, Constant(2.0)), apply("*", Constant(2.0), X)),
        (lambda: Y, Constant(0.0)),
    ],
)
def test_zeros_and_ones_are_left_out(build: Callable[[], Expression], expected: Expression) -> None:
    assert differentiate(build(), X) == expected


def test_a_function_says_where_it_was_written() -> None:
    text = "map recursion(x = max(0, 1 - abs(x)))\nflow iterate(steps=2, starts=[0.3])\n"
    (one,) = rgc.load(text).spec.map
    assert isinstance(one, RecursionMap)
    with pytest.raises(NotDifferentiable) as refused:
        differentiate(dict(one.updates)["x"], X)
    span = refused.value.part.span
    assert span is not None
    assert span.text == "max(0, 1 - abs(x))"
