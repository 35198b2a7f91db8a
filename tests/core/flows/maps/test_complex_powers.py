"""Complex powers and tables of F, from a spec to its answer."""

from __future__ import annotations

import numpy as np
import pytest

import rgc
from rgc.results.result import Result

POTTS = (
    "parameters { q = 2, phi(x) = ((x^2 + q - 1)/(2*x + q - 2))^2, g(x) = log(2*x + q - 2)/2 }\n"
    "map scale(phi, g, mu=4)\n"
)
ROUGH = "parameters { phi(x) = 2*x, g(x) = 1 - cos(x) }\nmap scale(phi, g, mu=sqrt(2))\n"
ASKED = "flow iterate(find=fixed_point, starts=[3], oscillations=2, range=[1, 3])\n"


def run(text: str) -> Result:
    return rgc.compile(text, backend="reference").run().points[0].result


def test_the_range_says_on_which_side() -> None:
    """On the side of high temperatures F converges, on the other x grows beyond all bounds."""
    result = run(POTTS + ASKED)
    assert result.values["oscillation"].value == pytest.approx(2.56601684e-8, rel=1e-8)
    assert result.values["m"].value == pytest.approx(2.676531580779907, abs=1e-14)
    other = run(POTTS + ASKED.replace("range=[1, 3]", "range=[3.4, 4]"))
    assert other.values["A0"].value is None
    assert "above the fixed point the sum of constants does not converge" in other.warnings[-1]
    assert other.values["A0"].note in other.warnings[-1]


def test_both_ways_to_write_the_equation() -> None:
    step = "x = ((x^2 + 1)/(2*x))^2, constant=log(2*x)/2, sites=4"
    one, two = run(POTTS + ASKED), run(f"map recursion({step})\n{ASKED}")
    for name in ("A0", "A1", "oscillation"):
        assert one.values[name].value == pytest.approx(two.values[name].value, rel=1e-9)


def test_the_oscillation_is_that_of_its_amplitudes() -> None:
    u, single, summed = run(POTTS + ASKED).tables["oscillation"]
    assert np.ptp(u) == pytest.approx(2)
    assert np.abs(summed).max() == pytest.approx(2.566e-8, rel=1e-2)
    assert np.abs(single - summed).max() < 1e-11


def test_the_table_of_f() -> None:
    x, values = run(POTTS + ASKED).tables["scale_function"]
    assert (x[0], x[-1]) == (1, 3)
    assert values[0] == pytest.approx(np.log(2) * 2 / 3)  # x = 1: no coupling
    phi, after = ((x**2 + 1) / (2 * x)) ** 2, np.interp
    residual = values - np.log(2 * x) / 2 - after(phi, x, values) / 4
    assert np.abs(residual).max() < 1e-6  # of the interpolation
    alone = run(ROUGH + "flow iterate(starts=[0.1], range=[-1, 1])\n")
    assert alone.tables["scale_function"].shape == (2, 1001)
    assert "A0" not in alone.values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("map recursion(x = x/2, constant=x, sites=2)\n", "does not stretch"),
        ("map recursion(x = -2*x, constant=x^2, sites=5)\n", "turns round"),
        ("map recursion(x = 2*x, constant=cos(x), sites=4)\n", "a logarithm"),
        ("map recursion(x = 2*x, constant=x^2, sites=5)\n", "no mean over a period"),
    ],
)
def test_amplitudes_that_are_not_there(text: str, why: str) -> None:
    result = run(text + "flow iterate(find=fixed_point, starts=[0.1], oscillations=2)\n")
    assert result.values["A0"].value is None
    assert why in result.values["A0"].note
    assert "no log-periodic power law" in result.warnings[-1]


def test_what_is_not_resolved_is_null() -> None:
    """Harmonics fall by orders of magnitude; one is a number only above its error."""
    text = POTTS.replace("q = 2,", "q = 0.5,") + ASKED.replace("starts=[3]", "starts=[2]")
    values = run(text.replace("oscillations=2", "oscillations=6")).values
    assert values["A1"].value == pytest.approx(2.584481386e-11, rel=1e-8)
    assert values["A6"].value is None or values["A6"].error < values["A6"].value / 3


def test_the_fixed_point_at_which_the_map_stretches_is_taken() -> None:
    text = "map recursion(x = x^2*(3 - 2*x), constant=x*(1 - x), sites=2)\n"
    asked = "flow iterate(find=fixed_point, starts=[0.1, 0.55], oscillations=1)\n"
    result = run(text + asked)
    assert result.values["m"].value == pytest.approx(np.log(2) / np.log(1.5))
