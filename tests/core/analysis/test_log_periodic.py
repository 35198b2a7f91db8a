"""Sums and complex powers of scale equations, against closed forms and many digits."""

from __future__ import annotations

from math import cosh, log, sqrt

import numpy as np
import pytest
from scipy.special import gamma

from rgc.analysis.koenigs import NoPowerLaw, linearised
from rgc.analysis.log_periodic import amplitudes
from rgc.analysis.recursion import AccumulatedConstant, Diverges, without_bounds
from rgc.analysis.scale_equation import ScaleEquation
from rgc.analysis.smoothed import NotResolved
from rgc.model.expressions import Constant, Expression, apply, square
from rgc.model.map import Quantity

X = Quantity("x")
TWO = Constant(2.0)


def chain() -> ScaleEquation:
    """Decimation of the Ising chain: F = ln 2 cosh x."""
    weight = apply("cosh", apply("*", TWO, X))
    gain = apply("log", apply("*", TWO, apply("sqrt", weight)))
    return ScaleEquation(apply("/", apply("log", weight), TWO), apply("/", gain, TWO), 2.0)


def stretch(factor: float, mu: float, gain: Expression) -> ScaleEquation:
    return ScaleEquation(apply("*", Constant(factor), X), gain, mu)


def weierstrass(factor: float, mu: float) -> ScaleEquation:
    return stretch(factor, mu, apply("-", Constant(1.0), apply("cos", X)))


def diamond(q: float) -> ScaleEquation:
    """The q-state Potts model on the diamond lattice, x = exp(K): ln Z per bond."""
    below = apply("+", apply("*", TWO, X), Constant(q - 2))
    phi = square(apply("/", apply("+", square(X), Constant(q - 1)), below))
    return ScaleEquation(phi, apply("*", Constant(0.5), apply("log", below)), 4.0)


def total(equation: ScaleEquation, x: float) -> AccumulatedConstant:
    return without_bounds(equation, np.array([x]))


@pytest.mark.parametrize("x", [0.5, 1.0, 3.0])
def test_the_chain(x: float) -> None:
    found = total(chain(), x)
    assert found.value == pytest.approx(log(2 * cosh(x)), abs=1e-14)
    assert abs(found.value - log(2 * cosh(x))) <= found.error < 1e-14


def test_what_the_last_bit_of_x_changes_is_in_the_error() -> None:
    found = total(weierstrass(2.0, 1.414213562), 0.3)
    assert abs(found.value - 1.9351875254685217733) <= found.error < 1e-8


def test_many_points_at_once() -> None:
    points = np.linspace(-3, 3, 31)
    assert chain().sums(points) == pytest.approx(np.log(2 * np.cosh(points)), abs=1e-14)
    rough = weierstrass(2.0, 2.0)
    one_by_one = [total(rough, x).value for x in points]
    assert rough.sums(points) == pytest.approx(one_by_one, abs=1e-13)
    assert np.isnan(diamond(2.0).sums(np.array([3.0, 4.0]))).tolist() == [False, True]


@pytest.mark.parametrize(
    ("mu", "factor", "gain", "value"),
    [
        (0.5, 1 / 3, square(X), 9 / 7),
        (2.0, 1.1, square(X), 1 / (1 - 1.21 / 2)),
        (3.0, 1.0, Constant(2.0), 3.0),
        (2.0, 0.5, Constant(0.0), 0.0),
    ],
)
def test_geometric_sums(mu: float, factor: float, gain: Expression, value: float) -> None:
    found = total(stretch(factor, mu, gain), 1.0)
    assert abs(found.value - value) <= found.error <= 1e-13


@pytest.mark.parametrize(
    ("mu", "factor", "gain"),
    [(0.5, 3.0, square(X)), (0.9, 1 / 3, Constant(1.0)), (4.0, 2.0, square(X))],
)
def test_sums_without_a_limit_are_refused(mu: float, factor: float, gain: Expression) -> None:
    with pytest.raises(Diverges, match="partial sums"):
        total(stretch(factor, mu, gain), 1.0)


@pytest.mark.parametrize(
    ("factor", "mu", "a0", "a1"),
    [
        (2.0, sqrt(2), 3.6163001811622030671, 0.1577339864034359942 - 0.12160606526348068812j),
        (3.0, 2.0, 1.90450123191136, 0.15391116867826 - 0.0349093483609062j),
    ],
)
def test_a_function_that_is_nowhere_smooth(
    factor: float, mu: float, a0: float, a1: complex
) -> None:
    """Its amplitudes are values of the gamma function."""
    near = linearised(weierstrass(factor, mu), 0.0)
    found = amplitudes(near, 1)
    assert near.exponent == pytest.approx(log(mu) / log(factor), abs=1e-15)
    assert found.angles == ()
    assert np.abs(found.values - [a0, a1]).max() < 1e-12
    assert (np.abs(found.values - [a0, a1]) <= 4 * found.errors).all()


@pytest.mark.parametrize(
    ("q", "a0", "oscillation"),
    [
        (2.0, -0.0045720731279558, 2.56602e-8),
        (3.0, -0.0091137894874181, 4.03962e-8),
        (4.0, -0.016242837984428, 5.07617e-8),
        (8.0, None, 6.19018e-8),
        (0.5, None, 1.69487e-9),
    ],
)
def test_oscillations_far_below_the_power_law(
    q: float, a0: float | None, oscillation: float
) -> None:
    """Amplitudes that were found with 110 digits."""
    found = amplitudes(linearised(diamond(q), 1 + sqrt(q) * 1.5, -1), 2)
    relative = 2 * abs(found.values[1] / found.values[0])
    assert relative == pytest.approx(oscillation, rel=5e-6)
    assert found.errors[1] < 1e-9 * abs(found.values[1])
    assert a0 is None or found.values[0].real == pytest.approx(a0, rel=1e-10)


def test_another_coordinate_has_the_same_oscillation() -> None:
    """t = 1/x: amplitudes change with the scale of z, their moduli relative to A_0 do not."""
    q = 3.0
    same = apply("+", Constant(1.0), apply("*", Constant(q - 1), square(X)))
    other = apply("+", apply("*", TWO, X), apply("*", Constant(q - 2), square(X)))
    low = ScaleEquation(square(apply("/", other, same)), apply("/", apply("log", same), TWO), 4.0)
    found, known = (
        amplitudes(linearised(equation, near, side), 1).values
        for equation, near, side in ((low, 0.25, -1), (diamond(q), 4.0, -1))
    )
    assert abs(found[1] / found[0]) == pytest.approx(abs(known[1] / known[0]), rel=1e-7)


@pytest.mark.parametrize(
    ("equation", "near", "why"),
    [
        (stretch(0.5, 2.0, square(X)), 0.0, "does not stretch"),
        (stretch(-2.0, 2.0, square(X)), 0.0, "turns round"),
        (stretch(2.0, 4.0, apply("cos", X)), 0.0, "has a logarithm"),
        (ScaleEquation(apply("+", X, TWO), X, 4.0), 1.0, "finds no fixed point"),
    ],
)
def test_fixed_points_without_a_power_law(equation: ScaleEquation, near: float, why: str) -> None:
    with pytest.raises(NoPowerLaw, match=why):
        linearised(equation, near)


def test_a_periodic_function_with_all_harmonics() -> None:
    """g = 1 / (2 + sin x) = sum_j c_j exp(i j x), each with the gamma function of its own."""
    points = 128
    c = np.fft.fft(1 / (2 + np.sin(2 * np.pi * np.arange(points) / points))) / points
    j = np.arange(1, points // 2)
    s = (log(3) + 2j * np.pi * np.arange(3)[:, None]) / log(2)
    turned = c[j] * np.exp(-0.5j * np.pi * s) + c[-j] * np.exp(0.5j * np.pi * s)
    exact = (gamma(-s) * j**s * turned).sum(axis=1) / log(2)
    gain = apply("/", Constant(1.0), apply("+", TWO, apply("sin", X)))
    found = amplitudes(linearised(stretch(2.0, 3.0, gain), 0.0), 2)
    assert np.abs(found.values - exact).max() < 1e-12


def test_what_has_no_singular_part_is_not_resolved() -> None:
    """F = 3 x, for g = x."""
    with pytest.raises(NotResolved):
        amplitudes(linearised(stretch(2.0, 3.0, X), 0.0), 1)
