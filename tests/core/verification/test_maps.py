"""The checks of maps pass, and fail where a program, a derivative, a sum or a backend is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.backend import load
from rgc.flows.maps import expression_recursion
from rgc.model.expressions import Constant, apply
from rgc.model.map import RecursionMap
from rgc.model_to_program import expressions_to_arithmetic
from rgc.routines.iteration import iterate_map
from rgc.verification import verify
from rgc.verification.rounding import rounding_of

CELL = """
map recursion(p = p^3 + 3*p^2*(1 - p), scale=sqrt(3))
flow iterate(find=fixed_point, starts=[0.4], steps=3)
"""
CHAIN = """
parameters { x = 0.5, phi(x) = log(cosh(2*x))/2, g(x) = log(2*sqrt(cosh(2*x)))/2 }
map scale(phi=phi, g=g, mu=2)
flow iterate(steps=3)
"""
CHAOS = """
parameters { K = 1 }
map recursion(K = 6*K - 9*atanh(tanh(K)^3))
flow iterate(steps=3)
"""
RATES = """
parameters { x = 0.5, y = 0.1 }
map [ode(x = -y^2, y = -x*y), ode(y = -y)]
flow iterate(steps=2)
"""
KINK = """
parameters { x = 0.3 }
map recursion(x = max(0, 1 - abs(x)/2))
flow iterate(steps=3)
"""
STEEP = """
parameters { x = 0 }
map recursion(x = x^3 + sqrt(x)/2)
flow iterate(steps=3)
"""


class Other:
    """The reference backend under another name, with its own iteration of maps."""

    def __init__(self, iterated: Any = iterate_map) -> None:
        self._inner, self.name, self.routines = (
            load("reference"),
            "other",
            {"iterate_map": iterated},
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def verdicts(text: str, backend: Any = None) -> dict[str, tuple[str, str]]:
    found = verify(rgc.load(text), backends=[backend or Other()])
    return {each.check: (each.verdict, each.where or each.detail) for each in found.findings}


@pytest.mark.parametrize(
    "text", [CELL, CHAIN, CHAOS, RATES], ids=["cell", "chain", "chaos", "rates"]
)
def test_a_right_map_fails_nothing(text: str) -> None:
    found = verdicts(text)
    assert "failed" not in {verdict for verdict, _ in found.values()}
    assert found["map"][0] == found["jacobian"][0] == found["agreement"][0] == "passed"


def test_the_certificate_says_what_was_compared() -> None:
    assert verdicts(CELL)["orbits"] == ("passed", "64 orbits of 96 steps, bit for bit")
    assert verdicts(CHAIN)["orbits"][1] == "64 orbits, point by point for 96 of 96 steps"
    verdict, where = verdicts(CHAOS)["orbits"]
    assert verdict == "passed"
    assert where.endswith("then averages")
    assert verdicts(RATES)["orbits"][0] == "not checked"
    assert verdicts(CHAIN)["ledger"][0] == "passed"


def test_a_wrong_program_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A power that is one too small."""
    power = expressions_to_arithmetic._Writer._power
    monkeypatch.setattr(
        expressions_to_arithmetic._Writer,
        "_power",
        lambda self, base, n: power(self, base, n - (n == 3)),
    )
    assert verdicts(CELL)["map"][0] == "failed"


def test_a_point_without_a_bound_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slope of the square root is infinite at the start, and that of no other point."""
    assert verdicts(STEEP)["map"] == ("passed", "31 points around the start")
    right = expressions_to_arithmetic._Writer._power
    monkeypatch.setattr(
        expressions_to_arithmetic._Writer,
        "_power",
        lambda self, base, n: right(self, base, n - (n == 3)),
    )
    assert verdicts(STEEP)["map"][0] == "failed"


def test_a_program_without_values_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = np.array([np.nan])
    monkeypatch.setattr(expressions_to_arithmetic.Lowered, "at", lambda self, point: nothing)
    assert verdicts(CELL)["map"][0] == "failed"


def test_a_map_without_derivatives_passes() -> None:
    found = verdicts(KINK)
    assert (found["map"][0], found["agreement"][0]) == ("passed", "passed")
    assert found["jacobian"][0] == "not checked"


def test_a_wrong_derivative_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = expression_recursion.differentiate
    monkeypatch.setattr(
        expression_recursion,
        "differentiate",
        lambda value, leaf: apply("*", Constant(1 + 1e-6), right(value, leaf)),
    )
    found = verdicts(CELL)
    assert (found["map"][0], found["jacobian"][0]) == ("passed", "failed")


def test_a_wrong_constant_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = expression_recursion._turn

    def wrong(one: RecursionMap) -> Any:
        return right(replace(one, constant=apply("+", one.constant, Constant(1e-12))))

    monkeypatch.setattr(expression_recursion, "_turn", wrong)
    assert verdicts(CHAIN)["ledger"][0] == "failed"


def test_a_backend_that_rounds_otherwise_is_noticed() -> None:
    def otherwise(*arguments: Any) -> Any:
        return iterate_map(*arguments) * (1 + 2.0**-52)

    found = verdicts(CELL, Other(otherwise))["orbits"]
    assert found[0] == "failed"


@pytest.mark.parametrize("text", [CHAIN, CHAOS], ids=["chain", "chaos"])
def test_a_backend_beyond_the_bound_is_noticed(text: str) -> None:
    def beyond(*arguments: Any) -> Any:
        return iterate_map(*arguments) * (1 + 1e-13)

    assert verdicts(text, Other(beyond))["orbits"][0] == "failed"


def test_averages_of_chaos_are_compared() -> None:
    """A backend that is right for twenty steps and then repeats itself."""

    def stuck(*arguments: Any) -> Any:
        points = iterate_map(*arguments)
        points[30:] = np.abs(points[30])
        return points

    assert verdicts(CHAOS, Other(stuck))["orbits"][0] == "failed"


def test_rounding_is_bounded_by_the_adjoint_sweep() -> None:
    """x^2 - y^2 near x = y, whose error is that of two products: half an ulp of each, and more."""
    (one,) = rgc.load(
        "map recursion(x = x^2 - y^2, y = exp(x*y))\nflow iterate(starts=[[1, 1]])\n"
    ).spec.map
    assert isinstance(one, RecursionMap)
    moves = expression_recursion.expression_recursion([one]).turns[0].moves
    x = np.random.default_rng(0).uniform(0.5, 1.5, 500)
    points = np.stack([x, x * (1 + 1e-9)])
    exact = points.astype(np.longdouble)
    expected = np.stack([exact[0] ** 2 - exact[1] ** 2, np.exp(exact[0] * exact[1])])
    found = np.array([moves.at(point) for point in points.T]).T
    bound = rounding_of(moves.program, moves.constants, points)
    error = np.abs(found - expected)
    assert (error <= bound).all()
    assert (error.max(axis=1) > bound.max(axis=1) / 30).all()
