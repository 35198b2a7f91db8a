"""Moved and decimated bonds that differ from axis to axis, against recursions written by hand,
exact critical lines and free energies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import cosh, exp, expm1, log, log1p, sinh

import numpy as np
import pytest

from rgc import runner
from rgc.analysis.recursion import trajectory
from rgc.flows.couplings.axis_flow import AxisFlow
from rgc.results.result import Result
from tests.physics.test_bonds import made, text_of

ISING = tuple(f"- K{x} * sum(<i,j> along {x}) s[i]*s[j]" for x in "xyz")
POTTS = tuple(f"- K{x} * sum(<i,j> along {x}) delta(s[i], s[j])" for x in "xy")
FIELD = "- h * sum(i) s[i]"
PLANE = "Kx = 0.5, Ky = 0.2"
SPACE = "Kx = 0.35, Ky = 0.2, Kz = 0.05"


def square(flow: str, parameters: str = PLANE) -> str:
    return text_of("square", "ising", ISING[:2], f"migdal_kadanoff({flow})", parameters)


def cubic(flow: str) -> str:
    return text_of("cubic", "ising", ISING, f"migdal_kadanoff({flow})", SPACE)


def chain_of(coupling: float, b: int) -> tuple[float, float]:
    """K' and the constant of a chain of b bonds: ln sum = constant + K' s s'."""
    log_tanh = log1p(-2 / (exp(2 * coupling) + 1))
    moved = log((1 + exp(b * log_tanh)) / -expm1(b * log_tanh)) / 2
    return moved, (b - 1) * log(2) + b * log(cosh(coupling)) - log(cosh(moved))


def by_hand(couplings: list[float], order: str, b: int) -> tuple[list[float], float]:
    """A step of textbook bonds without a field, and F that it takes from each site."""
    d, out, taken = len(couplings), [], 0.0
    for n, coupling in enumerate(couplings):
        first = {"move": d - 1, "decimate": 0, "axes": n}[order]
        moved, constant = chain_of(b**first * coupling, b)
        out.append(b ** (d - 1 - first) * moved)
        taken += constant / b ** (first + 1)
    stripped = b**d - 1 - d * (b - 1) if order == "move" else 0
    return out, -taken - stripped * log(2) / b**d


@pytest.mark.parametrize("b", [2, 3])
@pytest.mark.parametrize("order", ["move", "decimate", "axes"])
@pytest.mark.parametrize("lattice", [square, cubic])
def test_a_step_is_that_of_the_recursion_written_by_hand(
    lattice: Callable[[str], str], order: str, b: int
) -> None:
    study = made(lattice(f"b={b}, order={order}, steps=3")).study
    number = study.recursion.names.index("k1")
    couplings, constants = trajectory(study.recursion, study.start, 3)
    expected, share, total = list(study.start[:number]), 1.0, 0.0
    for level in range(1, 4):
        expected, taken = by_hand(expected, order, b)
        total += share * taken
        share /= b**number
        assert couplings[level, :number] == pytest.approx(expected, rel=1e-11)
        if order != "decimate":
            assert constants[level] == pytest.approx(total, rel=1e-14)


def test_a_field_is_decimated_with_its_share() -> None:
    """order=axes, b = 2: the shares of h are as 2 to 1, and are added after the step."""
    terms = [*ISING[:2], FIELD]
    flow = "migdal_kadanoff(b=2, order=axes)"
    study = made(text_of("square", "ising", terms, flow, f"{PLANE}, h = 0.1")).study

    def decimated(coupling: float, field: float) -> tuple[float, float, float]:
        """K', h' and the constant of two bonds with the field h (s + s')/2 on each."""
        u = {
            (s, t): log(
                sum(exp(coupling * (s + t) * r + field * (s + 2 * r + t) / 2) for r in (-1, 1))
            )
            for s in (-1, 1)
            for t in (-1, 1)
        }
        pair = (u[1, 1] + u[-1, -1] - 2 * u[1, -1]) / 4
        field, constant = (u[1, 1] - u[-1, -1]) / 2, (u[1, 1] + u[-1, -1] + 2 * u[1, -1]) / 4
        return pair, field, constant

    x, y = decimated(0.5, 0.1 * 2 / 3), decimated(2 * 0.2, 2 * 0.1 / 3)
    moved = study.recursion(study.start)
    assert moved.couplings == pytest.approx([2 * x[0], y[0], 2 * x[1] + y[1]], rel=1e-13)
    assert moved.constant == pytest.approx(-x[2] / 2 - y[2] / 4, rel=1e-14)


MAPS = {
    "axes": square("b=2, order=axes"),
    "b = 1.5": square("b=1.5"),
    "field": text_of(
        "square", "ising", [*ISING[:2], FIELD], "migdal_kadanoff(b=3)", f"{PLANE}, h = 0.1"
    ),
    "potts": text_of("square", "potts(3)", POTTS, "migdal_kadanoff(b=2, order=axes)", PLANE),
    "limit": square("b=1"),
    "balanced": square("b=1"),
    "phases": square("b=2"),
}


@pytest.mark.parametrize("name", MAPS)
def test_derivatives_are_those_of_the_map(name: str) -> None:
    study = made(MAPS[name]).study
    recursion, step = study.recursion, 1e-5
    couplings = study.start + np.random.default_rng(1).uniform(-0.05, 0.05, len(study.start))
    if name == "balanced":
        assert isinstance(recursion, AxisFlow)
        recursion = replace(recursion, balanced=True)
    if name == "phases":
        recursion = study.critical.args[2]  # type: ignore[union-attr]
    jacobian, (value, slope) = recursion.jacobian(couplings), recursion.defect(couplings)
    for k, unit in enumerate(np.eye(len(couplings))):
        near = [couplings + sign * step * unit for sign in (1, -1)]
        up, down = (recursion(each).couplings for each in near)
        assert jacobian[:, k] == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-6)
        up, down = (recursion.defect(each)[0] for each in near)
        assert slope[:, k] == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-6)
    if not isinstance(recursion, AxisFlow):
        assert value == pytest.approx(recursion(couplings).couplings - couplings, abs=1e-14)


# -- critical points -------------------------------------------------------------------------------


def found(text: str) -> Result:
    return runner.run(made(text))


@pytest.mark.parametrize("flow", ["b=3, order=axes", pytest.param("b=1", marks=pytest.mark.slow)])
def test_the_critical_line_in_two_dimensions_is_exact(flow: str) -> None:
    point = found(square(f"{flow}, find=separatrix, steps=1", "Kx = 0.6, Ky = 0.1")).critical
    x, y = point["Kx"].value, point["Ky"].value
    assert x is not None
    assert y == pytest.approx(x / 6, rel=1e-15)
    assert sinh(2 * x) * sinh(2 * x / 6) == pytest.approx(1, abs=1e-10)


def test_the_critical_line_of_potts_spins_is_exact() -> None:
    """(exp(Kx) - 1)(exp(Ky) - 1) = q (Baxter 1973)."""
    flow = "migdal_kadanoff(b=2, order=axes, find=separatrix, steps=1)"
    point = found(text_of("square", "potts(3)", POTTS, flow, "Kx = 0.4, Ky = 1.2")).critical
    x, y = point["Kx"].value, point["Ky"].value
    assert x is not None
    assert y is not None
    assert (exp(x) - 1) * (exp(y) - 1) == pytest.approx(3, abs=1e-10)


def test_equal_couplings_give_the_isotropic_numbers() -> None:
    """With bonds moved first, in all digits but the last."""
    flow = "b=2, find=fixed_point, steps=3"
    terms = ["- K * sum(<i,j>) s[i]*s[j]"]
    one = found(text_of("square", "ising", terms, f"migdal_kadanoff({flow})", "K = 0.4"))
    two = found(square(flow, "Kx = 0.4, Ky = 0.4"))
    for name in ("Kx", "Ky"):
        assert two.critical[name].value == pytest.approx(one.critical["K"].value, rel=1e-14)
        assert two.fixed_point[name].value == pytest.approx(one.fixed_point["K"].value, rel=1e-14)
    assert list(two.exponents) == list(one.exponents)
    for name, exponent in one.exponents.items():
        assert two.exponents[name].value == pytest.approx(exponent.value, rel=1e-12)
    assert two.free_energy[0].value == pytest.approx(one.free_energy[0].value, rel=1e-15)


def test_the_headline_is_that_of_isotropic_couplings_and_anisotropy_stands_beside() -> None:
    result = found(cubic("b=2, order=axes, find=fixed_point, steps=1"))
    (point,) = result.fixed_points
    x, y, z = (point.couplings[name].value for name in ("Kx", "Ky", "Kz"))
    assert x is not None
    assert [y, z] == pytest.approx([x / 2, x / 4])
    assert point.kind == "critical"
    assert [each.sector for each in point.eigenvalues] == ["even", "odd", *2 * ["anisotropic"]]
    assert result.exponents["y_t"].value == pytest.approx(0.939128931893966, abs=1e-12)
    assert result.exponents["y_h"].value == pytest.approx(2.56495616063812, abs=1e-12)
    assert result.eigenvalues[-1].exponent == pytest.approx(0.939128931893966, abs=1e-12)


# -- free energies ---------------------------------------------------------------------------------


def exact_free_energy(x: float, y: float) -> float:
    """Onsager's -ln 2 - int ln(cosh 2x cosh 2y - sinh 2x cos a - sinh 2y cos b)/(8 pi^2), summed
    over a fine grid of angles.
    """
    angles = 2 * np.pi * (np.arange(1000) + 0.5) / 1000
    waves = sinh(2 * x) * np.cos(angles)[:, None] + sinh(2 * y) * np.cos(angles)[None, :]
    return float(-log(2) - np.log(cosh(2 * x) * cosh(2 * y) - waves).mean() / 2)


@pytest.mark.parametrize("flow", ["b=2", "b=2, order=axes", "b=3, order=axes", "b=1"])
def test_the_free_energy_is_a_lower_bound(flow: str) -> None:
    (bound,) = found(square(f"{flow}, steps=1", "Kx = 0.2, Ky = 0.1")).free_energy
    assert bound.kind == "lower bound"
    assert bound.value is not None
    assert bound.error is not None
    exact = exact_free_energy(0.2, 0.1)
    assert bound.value - bound.error <= exact
    assert bound.value == pytest.approx(exact, abs=0.03)
