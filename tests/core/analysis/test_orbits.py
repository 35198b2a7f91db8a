"""How orbits end, cycles, Lyapunov exponents, and sums of constants without bounds."""

from __future__ import annotations

from dataclasses import replace
from math import cos, log, pi, sin

import numpy as np
import pytest

import rgc
from rgc.analysis.folded import Folded, folded, least_period, newton_cycle
from rgc.analysis.newton import PointNotFound
from rgc.analysis.orbits import end_of, lyapunov
from rgc.analysis.recursion import Diverges, Floats, Recursion, free_energy
from rgc.flows.maps.expression_recursion import ExpressionRecursion, expression_recursion
from rgc.model.map import RecursionMap


def recursion(text: str, at: float = 0.3) -> Recursion:
    """The recursion of `map TEXT`, whose text is checked from a start."""
    start = f"[{at}]" if "y =" not in text else "[[0.3, 0.2]]"
    maps = rgc.load(f"map {text}\nflow iterate(starts={start}, steps=1)\n").spec.map
    return expression_recursion([one for one in maps if isinstance(one, RecursionMap)])


def logistic(r: float) -> Recursion:
    return recursion(f"recursion(x = {r}*x*(1 - x))")


def at(*values: float) -> Floats:
    return np.array(values)


@pytest.mark.parametrize(
    ("text", "start", "kind", "period"),
    [
        ("recursion(x = cos(x))", 0.3, "settles", 1),
        ("recursion(x = 3.2*x*(1 - x))", 0.3, "repeats", 2),
        ("recursion(x = 3.5*x*(1 - x))", 0.3, "repeats", 4),
        ("recursion(x = 3.83*x*(1 - x))", 0.3, "repeats", 3),
        ("recursion(x = -x)", 0.3, "repeats", 2),
        ("recursion(x = 4*x*(1 - x))", 0.3, "wanders", 0),
        ("[recursion(x = x/2), recursion(x = x + 1)]", 0.3, "settles", 2),
        ("[recursion(x = 1 - x), recursion(x = x)]", 0.3, "repeats", 4),
    ],
)
def test_the_end_of_an_orbit(text: str, start: float, kind: str, period: int) -> None:
    end = end_of(recursion(text), at(start), 2 if text[0] == "[" else 1)
    assert (end.kind, end.period) == (kind, period)


@pytest.mark.parametrize(
    ("text", "start", "step"),
    [
        ("recursion(x = 2*x)", 1.0, 11),
        ("recursion(x = x^2)", 2.0, 4),
        ("recursion(x = sqrt(x - 1))", 1.5, 2),
        ("recursion(x = exp(x))", 1.0, 3),
    ],
)
def test_an_orbit_that_leaves_says_when(text: str, start: float, step: int) -> None:
    """Beyond 1000 times the start, or where there is no real value."""
    end = end_of(recursion(text, start), at(start))
    assert (end.kind, end.steps) == ("leaves", step)


def test_a_rotation_neither_settles_nor_repeats() -> None:
    turn = recursion("recursion(x = cos(0.7)*x - sin(0.7)*y, y = sin(0.7)*x + cos(0.7)*y)")
    assert end_of(turn, at(1.0, 0.0)).kind == "wanders"
    third = f"recursion(x = {cos(2 * pi / 3)}*x - {sin(2 * pi / 3)}*y, "
    third += f"y = {sin(2 * pi / 3)}*x + {cos(2 * pi / 3)}*y)"
    assert end_of(recursion(third), at(1.0, 0.0)).period == 3


@pytest.mark.parametrize("r", [3.2, 3.3])
def test_the_cycle_of_period_two(r: float) -> None:
    """x^2 - (1 + 1/r) x + (1 + r)/r^2 = 0, with the slope 4 + 2r - r^2."""
    point = newton_cycle(logistic(r), at(0.3), 2)
    roots = np.sort(np.roots([1, -(1 + 1 / r), (1 + r) / r**2]))
    assert point == pytest.approx(roots[:1], rel=1e-13)
    assert Folded(logistic(r), 2).jacobian(point)[0, 0] == pytest.approx(4 + 2 * r - r**2)


@pytest.mark.parametrize("period", [3, 5, 16])
def test_long_cycles(period: int) -> None:
    """x = sin^2(theta) doubles theta at r = 4, whose cycles all have slopes of modulus 2^period."""
    point = newton_cycle(logistic(4), at(0.3), period)
    assert least_period(logistic(4), point, period) == period
    slope = Folded(logistic(4), period).jacobian(point)[0, 0]
    assert abs(slope) == pytest.approx(2.0**period, rel=1e-4)


def test_the_longest_cycle() -> None:
    """Period doubling has come to 64 between 3.56969 and 3.56989."""
    point = newton_cycle(logistic(3.5698), at(0.3), 64)
    assert least_period(logistic(3.5698), point, 64) == 64
    assert abs(Folded(logistic(3.5698), 64).jacobian(point)[0, 0]) < 1
    assert end_of(logistic(3.5698), at(0.3)).period == 64


def test_a_cycle_that_is_not_there() -> None:
    with pytest.raises(PointNotFound, match="a point of period 1, not 2"):
        newton_cycle(logistic(2.5), at(0.3), 2)


def test_folded_steps_keep_constants_and_scale() -> None:
    one = recursion("recursion(x = x/2, constant = x, sites = 3, scale = 2)")
    two = folded(one, 2)
    assert (two.scale, two.sites) == (4.0, 9.0)
    moved = two(at(1.0))
    assert moved.constant == pytest.approx(1 + 0.5 / 3)
    assert moved.couplings.tolist() == [0.25]
    assert folded(one, 1) is one


def test_lyapunov_exponents_of_constant_matrices() -> None:
    """ln of the moduli of the eigenvalues of a matrix, and the sum is ln|det|."""
    matrix = np.array([[2.0, 1.0], [0.0, 0.5]])
    found = lyapunov(np.broadcast_to(matrix, (1000, 1, 2, 2)))
    assert found.values == pytest.approx([log(2), -log(2)], abs=1e-12)
    assert (found.errors < 1e-12).all()


def test_lyapunov_errors_are_those_of_independent_steps() -> None:
    """Slopes that are drawn anew have an error of one standard deviation by the root of steps."""
    random = np.random.default_rng(5)
    pulls = []
    for _ in range(200):
        slopes = np.exp(random.normal(0.3, 1.0, (1024, 4)))[:, :, None, None]
        found = lyapunov(slopes)
        assert found.errors[0] == pytest.approx(1 / np.sqrt(4 * 896), rel=0.6)
        pulls.append((found.values[0] - 0.3) / found.errors[0])
    assert np.std(pulls) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(
    ("text", "start", "total"),
    [
        ("recursion(x = x/2, constant = x, sites = 3)", 1.0, 1 / (1 - 1 / 6)),
        ("recursion(x = x, constant = x, sites = 2)", 1.0, 2.0),
        ("recursion(x = 2*x, constant = x, sites = 3)", 1.0, 3.0),
        ("recursion(x = 2*x, constant = sin(x)^2 + cos(x)^2, sites = 4)", 1.0, 4 / 3),
    ],
)
def test_sums_without_bounds(text: str, start: float, total: float) -> None:
    found = free_energy(recursion(text), at(start))
    assert abs(found.value - total) <= found.error <= 1e-13


def test_a_sum_that_diverges_says_its_partial_sums() -> None:
    one = recursion("recursion(x = 2*x, constant = x, sites = 3)")
    assert isinstance(one, ExpressionRecursion)
    with pytest.raises(Diverges, match=r"partial sums are 1, 3, 7, 15, \.\.\."):
        free_energy(replace(one, sites=1.0), at(1.0))
