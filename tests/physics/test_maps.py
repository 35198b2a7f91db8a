"""Maps that a spec writes: fixed points, cycles, ends of orbits, sums, exponents and pictures."""

from __future__ import annotations

from math import e, log, sqrt
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.errors import SpecError
from rgc.results.answer import Answer
from rgc.results.figures.plots import figures
from rgc.results.result import Result


def answered(text: str, **settings: Any) -> Answer:
    return rgc.compile(dedent(text), backend="reference", **settings).run(checkpoints=False)


def ran(text: str) -> Result:
    return answered(text).result


def test_a_spec_without_a_scale_has_eigenvalues_and_no_exponents() -> None:
    text = "map recursion(p = p^2*(3 - 2*p))\nflow iterate(find=fixed_point, starts=[0.4])\n"
    result = ran(text)
    assert result.exponents == {}
    assert result.fixed_point["p"].value == pytest.approx(0.5, abs=1e-15)
    (eigenvalue,) = result.eigenvalues
    assert eigenvalue.value == pytest.approx(1.5, abs=1e-14)
    assert "no ratio of lattice constants" in eigenvalue.note
    assert not result.warnings


def test_alpha_needs_the_dimension() -> None:
    """d = ln sites / ln scale: hyperscaling holds for maps that say how many sites become one."""
    text = "map recursion(p = p^3 + 3*p^2*(1 - p), scale=sqrt(3){})\n"
    text += "flow iterate(find=fixed_point, starts=[0.4])\n"
    without, with_sites = (ran(text.format(each)) for each in ("", ", sites=3"))
    assert without.exponents["alpha"].value is None
    assert "sites=n" in without.exponents["alpha"].note
    nu = log(sqrt(3)) / log(1.5)
    assert with_sites.exponents["nu"].value == pytest.approx(nu, rel=1e-13)
    assert with_sites.exponents["alpha"].value == pytest.approx(2 - 2 * nu, rel=1e-12)


def test_the_line_of_the_parameters_has_a_critical_point() -> None:
    """Bonds are moved and decimated by hand: the same map as `migdal_kadanoff`."""
    by_hand = """
    parameters { K = 0.4 }
    map recursion(K = log(cosh(4*K))/2, scale=2, sites=4)
    flow iterate(find=fixed_point)
    """
    scheme = """
    parameters { K = 0.4 }
    lattice square
    spins s: ising
    hamiltonian - K*sum(<i,j>) s[i]*s[j]
    flow migdal_kadanoff(find=fixed_point)
    """
    ours, theirs = ran(by_hand), ran(scheme)
    assert ours.critical["K"].value == pytest.approx(theirs.critical["K"].value, rel=1e-13)
    for name in ("y_t", "nu", "alpha"):
        assert ours.exponents[name].value == pytest.approx(theirs.exponents[name].value, rel=1e-12)


def test_a_grid_finds_every_fixed_point_of_its_box_and_none_outside() -> None:
    """x' = x + sin(x) has the fixed points k pi, which repel and attract in turn."""
    text = "map recursion(x = x + sin(x))\nflow iterate(find=fixed_point, starts=grid(x=-7:7:15))\n"
    result = ran(text)
    found = sorted(float(point.couplings["x"].value or 0) for point in result.fixed_points)
    assert found == pytest.approx(np.pi * np.arange(-2, 3), abs=1e-9)
    kinds = {round(float(p.couplings["x"].value or 0) / np.pi): p.kind for p in result.fixed_points}
    assert kinds == {-2: "critical", -1: "sink", 0: "critical", 1: "sink", 2: "critical"}


def test_a_grid_in_two_quantities() -> None:
    """The Henon map: a x^2 + (1-b) x = 1, with eigenvalues whose product is -b."""
    text = """
    parameters { a = 1.4, b = 0.3 }
    map recursion(x = 1 - a*x^2 + y, y = b*x)
    flow iterate(find=fixed_point, starts=grid(x=-2:2:9, y=-1:1:5), lyapunov=true)
    """
    result = ran(text)
    a, b = 1.4, 0.3
    roots = np.sort(np.roots([a, 1 - b, -1]))
    found = np.sort(result.tables["fixed_points"][:, 0])
    assert found == pytest.approx(roots, abs=1e-12)
    for point in result.fixed_points:
        assert np.prod([each.value for each in point.eigenvalues]) == pytest.approx(-b, abs=1e-12)
    exponents = [result.values[f"lyapunov[{k}]"] for k in (1, 2)]
    total = sum(float(each.value or 0) for each in exponents)
    assert total == pytest.approx(log(b), abs=1e-12)
    assert exponents[0].value == pytest.approx(0.419, abs=0.004)  # Benettin and others, remembered


def test_points_are_chosen_in_expectations() -> None:
    text = """
    map ode(r = 2*r + 12*u/(1 + r), u = u - 36*u^2/(1 + r)^2)
    flow iterate(find=fixed_point, starts=grid(r=-0.3:0.1:5, u=0:0.03:4))
    expect {
      y_t[point=2] = 2 within 1e-12
      eigenvalue[2, point=2] = e within 1e-12
      fixed_point.u[point=1] = 1/49 within 1e-13
      y_t[point=3] = 0 within 1
      period[point=1] = 1
    }
    """
    checks = answered(text).checks
    assert [each.passed for each in checks] == [True, True, True, False, False]
    assert checks[3].reason == "there is no fixed point 3: the flow found 2"
    assert checks[4].reason == "period belongs to no fixed point of several"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recursion(x = 3.2*x*(1 - x))", "from x = 0.3: no fixed point: period 2"),
        ("recursion(x = 2*x)", "from x = 0.3: leaves at step 13"),
        ("recursion(x = 4*x*(1 - x))", "from x = 0.3: no fixed point: chaotic, lyapunov 0.6"),
        ("recursion(x = 1 - 1.9*abs(x))", "from x = 0.3: no fixed point: neither settles nor"),
    ],
)
def test_what_became_of_an_orbit(text: str, said: str) -> None:
    (warning,) = ran(f"map {text}\nflow iterate(starts=[0.3], steps=20)\n").warnings
    assert warning.startswith(said)


def test_a_rotation_has_no_fixed_point_to_settle_at() -> None:
    text = """
    parameters { a = 0.7 }
    map recursion(x = cos(a)*x - sin(a)*y, y = sin(a)*x + cos(a)*y)
    flow iterate(starts=[[1, 0]])
    """
    result = ran(text)
    said = "from x = 1, y = 0: no fixed point: neither settles nor repeats, lyapunov 0"
    assert result.warnings == (said,)
    assert result.values["period"].value is None


def test_a_map_without_derivatives_is_iterated_all_the_same() -> None:
    text = "map recursion(x = max(0, 1 - abs(x)/2))\nflow iterate(starts=grid(x=0:1:5))\n"
    result = ran(text)
    assert result.values["period"].value == 1.0
    assert result.levels[-1].couplings["x"].value == pytest.approx(2 / 3, abs=1e-3)


def test_a_cycle_is_sought_from_the_parameters() -> None:
    text = "parameters {{ r = {} , x = 0.3 }}\nmap recursion(x = r*x*(1 - x))\n"
    text += "flow iterate(find=fixed_point, cycle=2)\n"
    found, missing = ran(text.format(3.2)), ran(text.format(2.5))
    assert found.fixed_points[0].period == 2
    assert found.fixed_points[0].kind == "sink"
    (warning,) = missing.warnings
    assert warning.endswith("Newton's method leads to a point of period 1, not 2")


def test_chaos_by_the_doubling_of_angles() -> None:
    """x' = 4x(1-x) has the Lyapunov exponent ln 2."""
    text = "map recursion(x = 4*x*(1 - x))\nflow iterate(starts=[0.3], lyapunov=true)\n"
    found = ran(text).values["lyapunov[1]"]
    assert found.value is not None
    assert found.error is not None
    assert abs(found.value - log(2)) <= 4 * found.error <= 2e-3


def test_maps_of_a_list_take_turns() -> None:
    """(x/2, x + 1) in turn: the fixed point of both is 2 at the first, with the eigenvalue 1/2."""
    text = """
    map [recursion(x = x/2, scale=2), recursion(x = x + 1, scale=2)]
    flow iterate(find=fixed_point, starts=[0.5], steps=4)
    """
    result = ran(text)
    assert [level.couplings["x"].value for level in result.levels] == [
        0.5,
        0.25,
        1.25,
        0.625,
        1.625,
    ]
    assert result.fixed_point["x"].value == pytest.approx(2)
    assert [each["x"].value for each in result.fixed_points[0].cycle] == pytest.approx([2, 1])
    (eigenvalue,) = result.eigenvalues
    assert eigenvalue.value == pytest.approx(0.5)
    assert eigenvalue.exponent == pytest.approx(-0.5)


def test_an_ode_conserves_what_its_rates_conserve() -> None:
    text = "parameters { x = 0.5, y = 0.1 }\nmap ode(x = -y^2, y = -x*y)\nflow iterate(steps=5)\n"
    levels = [
        (level.couplings["x"].value or 0, level.couplings["y"].value or 0)
        for level in ran(text).levels
    ]
    assert [x * x - y * y for x, y in levels] == pytest.approx([0.24] * 6, abs=1e-12)


def test_an_ode_scales_by_e() -> None:
    text = "map ode(r = 2*r, u = -u)\nflow iterate(find=fixed_point, starts=[[0.1, 0.1]])\n"
    result = ran(text)
    assert [each.value for each in result.eigenvalues] == pytest.approx([e**2, 1 / e], rel=1e-14)
    assert result.exponents["y_t"].value == pytest.approx(2, abs=1e-14)


def test_the_sum_of_a_scale_equation_and_its_residual() -> None:
    text = """
    parameters { x = 0.3, phi(x) = x/2, g(y) = y^2 }
    map scale(phi=phi, g=g, mu=2)
    flow iterate(steps=3)
    expect { F = 0.3^2/(1 - 1/8) within 1e-15, residual below 1e-15 }
    """
    assert all(check.passed for check in answered(text).checks)


def test_a_scan_compiles_one_program() -> None:
    """Values of parameters are given to programs, and are no part of them."""
    text = "parameters {{ r = {} }}\nmap recursion(x = r*x*(1 - x))\nflow iterate(starts=[0.3])\n"
    flows = [rgc.compile(text.format(r), backend="reference").flow({}, 0) for r in (2.5, 3.2)]
    programs = [flow.study.study.recursion.turns[0].moves.program for flow in flows]
    assert programs[0] == programs[1]


def test_the_hint_about_a_start_works() -> None:
    text = "map recursion(A = A^2 + B, B = A*B/2, scale=2)\nflow iterate(find=fixed_point{})\n"
    with pytest.raises(SpecError) as refused:
        rgc.load(text.format(""))
    hint = refused.value.problems[0].hint
    assert hint.startswith("write starts=[[0.5, 0.5]]")
    assert ran(text.format(", starts=[[0.5, 0.5]]")).scheme == "iterate"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("map recursion(x = 2.7*x*(1 - x))\nflow iterate(starts=[0.1])", {"cobweb", "settling"}),
        (
            "map recursion(x = x^2 - y^2, y = 2*x*y)\n"
            "flow iterate(find=fixed_point, starts=grid(x=-1.2:1.2:9, y=-1.2:1.2:9), plane=[x,y])",
            {"basins", "flow"},
        ),
        (
            "parameters { r = 3, x = 0.3 }\nmap recursion(x = r*x*(1 - x))\n"
            "flow iterate(find=fixed_point, starts=grid(x=0:1:11))\nscan { r = [2.5, 3.2, 3.5] }",
            {"branches", "scan"},
        ),
    ],
)
def test_pictures_for_which_there_are_numbers(text: str, names: set[str]) -> None:
    assert names <= set(figures(answered(text + "\n")))


def test_basins_are_told_apart() -> None:
    """z' = z^2: inside the unit circle orbits come to 0, outside they leave."""
    text = (
        "map recursion(x = x^2 - y^2, y = 2*x*y)\n"
        "flow iterate(find=fixed_point, starts=grid(x=-1.2:1.2:13, y=-1.2:1.2:13))\n"
    )
    tables = ran(text).tables
    radius = np.hypot(*tables["grid"].T)
    away, size = np.abs(radius - 1) > 1e-9, np.abs(tables["attractors"]).max(axis=1)
    inside = 1 + int(size.argmin())
    assert size.min() <= 1e-12
    assert (tables["basins"][away] == np.where(radius[away] < 1, inside, 0)).all()
