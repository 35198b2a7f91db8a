"""Power series of every smooth function of the language, against contour integrals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rgc.analysis.series import NotAnalytic, PowerSeries
from rgc.model.expressions import FUNCTIONS, Constant, Expression, apply, evaluate
from rgc.model.map import Quantity

X = Quantity("x")
BOTH = {"+", "-", "*", "/", "^"}
KINKS = {"abs", "min", "max", "mod", "delta"}
PLACES = {"acosh": 1.6}


def contour(expression: Expression, x: float, order: int) -> Any:
    """Taylor coefficients from values on a circle around x."""
    radius, points = 0.1, 64
    z = x + radius * np.exp(2j * np.pi * np.arange(points) / points)
    values = evaluate(expression, lambda leaf: z, np) + 0 * z
    return (np.fft.fft(values) / points / radius ** np.arange(points))[:order]


def expanded(expression: Expression, x: Any, order: int) -> Any:
    series = PowerSeries(order)
    return evaluate(expression, lambda leaf: series.variable(np.array(x)), series)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - KINKS - BOTH))
def test_functions_of_one_argument(name: str) -> None:
    inner = apply("*", X, apply("+", X, Constant(0.3)))  # a series, not just the variable
    x = PLACES.get(name, 0.4)
    assert expanded(apply(name, inner), x, 8) == pytest.approx(
        contour(apply(name, inner), x, 8), rel=1e-8, abs=1e-8
    )


@pytest.mark.parametrize("name", sorted(BOTH))
@pytest.mark.parametrize("pair", [(X, Constant(2.5)), (Constant(2.5), X), (apply("exp", X), X)])
def test_operators(name: str, pair: tuple[Expression, Expression]) -> None:
    asked = apply(name, *pair)
    assert expanded(asked, 0.7, 8) == pytest.approx(contour(asked, 0.7, 8), rel=1e-8, abs=1e-8)


def test_whole_powers_need_no_logarithm() -> None:
    assert expanded(apply("^", X, Constant(5.0)), 0.0, 7).tolist() == [0, 0, 0, 0, 0, 1, 0]


def test_series_at_several_complex_points() -> None:
    asked = apply("log", apply("cosh", apply("*", Constant(2.0), X)))
    points = np.array([0.3 + 0.1j, 0.5 - 0.2j])
    together = expanded(asked, points, 6)
    assert together.shape == (6, 2)
    for k, point in enumerate(points):
        assert together[:, k] == pytest.approx(contour(asked, point, 6), rel=1e-8)


@pytest.mark.parametrize("name", sorted(KINKS))
def test_kinks_are_refused(name: str) -> None:
    operands = (X,) if name == "abs" else (X, Constant(0.0))
    with pytest.raises(NotAnalytic, match=name):
        expanded(apply(name, *operands), 0.4, 4)
