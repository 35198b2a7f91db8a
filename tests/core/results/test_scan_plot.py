"""What the figures of a scan and their labels show."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

import rgc
from rgc.model.spec import Axis
from rgc.results.answer import Answer
from rgc.results.answer_data import Point
from rgc.results.checks import CheckedExpectation
from rgc.results.figures.labels import label
from rgc.results.figures.plots import Figures
from rgc.results.figures.scans import EXPECTED, FEW, _style
from rgc.results.result import Estimate, Result
from tests.core.results.answers import expectation

K = Axis("K", (0.40, 0.42, 0.44, 0.46))


def scanned(*axes: Axis, **steady: Estimate) -> Answer:
    points = []
    for values in product(*(axis.values for axis in axes)):
        found = {"U": Estimate(sum(values), 0.01), "energy": Estimate(-values[0], None)}
        y_t = Estimate(1.0 + values[0] / 10, 0.1)
        made = Result("sample", exponents={"y_t": y_t}, averages=found | steady)
        parameters = dict(zip((axis.name for axis in axes), values, strict=True))
        points.append(Point(parameters, made))
    return Answer(
        title="scan",
        sha256="",
        text="",
        backend="numba",
        seed=0,
        points=tuple(points),
        axes=axes,
        over_scan={"K_c": Estimate(0.43, 0.01)},
        located={"K_c": ("U", "K")},
    )


def drawn(*axes: Axis) -> Figures:
    return scanned(*axes).plot()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("K", "$K$"),
        ("K2", "$K_{2}$"),
        ("y_t", "$y_{t}$"),
        ("nu", r"$\nu$"),
        ("beta_1", r"$\beta_{1}$"),
        ("K_max", r"$K_{\mathrm{max}}$"),
        ("tau_m2", r"$\tau$ of $m^2$"),
        ("critical.K", "critical $K$"),
        ("y_h_extrapolated", "$y_{h}$ extrapolated"),
        ("specific_heat", "specific heat"),
        ("tau_defect", r"$\tau$ defect"),
        ("dF", r"$\Delta F$"),
        ("k2_10", "k2_10"),
        ("numb", "numb"),
    ],
)
def test_labels_are_mathematics_or_words(name: str, shown: str) -> None:
    assert label(name) == shown


def test_a_scan_shows_exponents_and_averages_and_each_alone() -> None:
    figures = drawn(K, Axis("L", (8, 16, 32)))
    assert set(figures) == {"scan", "scan.y_t", "scan.U", "scan.energy"}
    panels = [axes.get_ylabel() for axes in figures["scan"].axes]
    assert panels == ["$y_{t}$", "$U$", "energy"]
    (legend,) = figures["scan"].legends
    assert [text.get_text() for text in legend.get_texts()] == [f"$L$ = {n}" for n in (8, 16, 32)]


def test_the_sheet_leaves_out_what_does_not_change() -> None:
    figures = scanned(K, m=Estimate(0.0, 0.0, "exact")).plot()
    assert [axes.get_ylabel() for axes in figures["scan"].axes] == ["$y_{t}$", "$U$", "energy"]
    assert "scan.m" in figures


def test_the_parameter_that_was_found_is_across_whichever_stands_first() -> None:
    figure = drawn(Axis("L", (8, 16)), K)["scan.U"]
    assert figure.axes[0].get_xlabel() == "$K$"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["$L$ = 8", "$L$ = 16"]


def test_what_was_found_on_the_curves_is_drawn_there_and_nowhere_else() -> None:
    figures = drawn(K, Axis("L", (8, 16)))
    titles = {axes.get_ylabel(): axes.get_title() for axes in figures["scan"].axes}
    assert titles == {"$y_{t}$": "", "$U$": "$K_{c}$ = 0.430(10)", "energy": ""}


def test_many_curves_have_different_colours_and_a_bar() -> None:
    axes, bar = drawn(Axis("K", (0.4, 0.44, 0.48)), Axis("L", tuple(range(4, 24, 2))))[
        "scan.U"
    ].axes
    colours = {line.get_color() for line in axes.get_lines() if len(line.get_xdata()) == 3}
    assert len(colours) == 10
    assert bar.get_ylabel() == "$L$"


def test_many_values_of_two_parameters_are_a_plane() -> None:
    many = tuple(range(1, 9))
    axes, bar = drawn(Axis("K", many), Axis("h", many))["scan.U"].axes
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("$K$", "$h$", "$U$")
    (field,) = axes.collections
    assert field.get_array().reshape(8, 8)[0, 7] == many[7] + many[0]


@pytest.mark.parametrize(
    ("values", "scale"),
    [((4, 8, 16, 32), "log"), ((1, 2, 3, 4, 5), "linear"), ((0, 1, 10), "linear")],
)
def test_powers_are_drawn_on_a_logarithmic_axis(values: tuple[float, ...], scale: str) -> None:
    assert drawn(Axis("chi", values))["scan.U"].axes[0].get_xscale() == scale


SCAN_OF_CHI = """parameters { K = 0.35, chi = 2 }
lattice square
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow trg(chi, steps=20)
scan { chi = [2, 4, 8] }
expect {
  free_energy[chi=2] = -0.83 within 0.1
  free_energy[chi=4] = -0.83002 within 0.1
}
"""


def test_a_scan_of_chi_is_one_curve_with_its_errors_below() -> None:
    answer = rgc.compile(SCAN_OF_CHI, backend="reference").run(warn=lambda message: None)
    figure = answer.plot()["free_energy"]
    above, below = figure.axes
    assert len(above.get_legend_handles_labels()[0]) == 1
    assert below.get_yscale() == "log"
    error, distance = below.get_lines()
    assert list(error.get_xdata()) == [2, 4, 8]
    assert list(distance.get_xdata()) == [2, 4]
    found = {point.parameters["chi"]: point.result.free_energy[0] for point in answer.points}
    assert list(error.get_ydata()) == [found[chi].error for chi in (2, 4, 8)]
    expected = {2: -0.83, 4: -0.83002}
    assert list(distance.get_ydata()) == [abs(found[x].value - expected[x]) for x in (2, 4)]


def test_curves_are_told_apart_in_grey() -> None:
    styles = [_style(k, FEW) for k in range(FEW)]
    assert len({style["marker"] for style in styles}) == FEW
    assert len({str(style["linestyle"]) for style in styles}) == FEW


def test_what_is_expected_elsewhere_is_no_mark() -> None:
    answer = scanned(K)
    places = ((("K", 0.42),), (("K", 0.42), ("point", 2)))
    asked = [
        expectation("energy", value, selectors=place)
        for value, place in zip((-0.42, 7.0), places, strict=True)
    ]
    checks = tuple(CheckedExpectation(each, None, None, True) for each in asked)
    (axes,) = replace(answer, checks=checks).plot()["scan.energy"].axes
    marks = [line.get_ydata()[0] for line in axes.get_lines() if line.get_label() == EXPECTED]
    assert marks == [-0.42]
