"""Measures of a finished scan: what is checked before it runs, what is computed from them, and what
happens where one fails.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.analysis.interpolation import Curve
from rgc.model.observables import ScanMeasure
from rgc.results import scan, store
from rgc.results.answer_data import Point
from rgc.results.judge import NUMBER, point_warnings
from rgc.results.result import Result
from tests.core.results.answers import scan_answer

MODEL = """parameters {{ K = 0.4, h = 0, L = 3 }}
lattice square(L)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow {flow}
scan {{ {scan} }}
measure {{ {measure} }}
"""
CURVE = "K = 0.2:0.4:5"
CURVES = "K = 0.4:0.52:4, L = [3, 4]"


def run(measure: str, over: str = CURVE, flow: str = "enumerate") -> Any:
    text = MODEL.format(flow=flow, scan=over, measure=measure)
    return rgc.compile(text, backend="reference").run()


def test_a_measure_that_is_not_listed_is_measured_all_the_same() -> None:
    """On the 3 x 3 torus the susceptibility is largest at 0.287327."""
    answer = run("m, K_chi = extremum(susceptibility, K)")
    found = answer.observables["K_chi"]
    assert found.error is not None
    assert abs(found.value - 0.28732730284) < found.error < 0.01
    assert list(answer.points[0].result.averages) == ["m", "susceptibility"]


def test_a_crossing_of_what_is_not_listed() -> None:
    found = run("K_c = crossing(binder, K)", CURVES).observables["K_c"]
    assert found.error is not None
    assert abs(found.value - 0.4609850283757012) < found.error < 0.002


def test_a_single_shift_with_size_is_widened_by_what_is_left_of_it() -> None:
    """Cumulants of 2 x 2, 3 x 3 and 4 x 4 tori cross at .49162 and .46099, and K_c is .44069."""
    found = run("K_c = crossing(binder, K)", "K = 0.4:0.56:9, L = [2, 3, 4]").observables["K_c"]
    assert 0.0203 < found.systematic < 0.05
    assert "single shift is widened" in found.rule


def test_measures_of_a_scan_may_be_computed_with() -> None:
    measure = "binder, K_c = crossing(binder, K), T_c = 1/K_c, two = exp(T_c)/T_c + h"
    found = run(measure, CURVES).observables
    K_c, T_c = found["K_c"], found["T_c"]
    assert T_c.value == pytest.approx(1 / K_c.value)
    assert T_c.error == pytest.approx(K_c.error / K_c.value**2, rel=1e-3)
    assert "two sizes only" in T_c.note
    assert T_c.rule.startswith("1/crossing(binder, K)")
    assert found["two"].error > 0
    (at_once,) = run("T_c = 1/crossing(binder, K)", CURVES).observables.values()
    assert (at_once.value, at_once.error) == (T_c.value, T_c.error)


def test_where_there_is_no_crossing_there_is_nothing_computed() -> None:
    found = run("K_c = crossing(binder, K), T_c = 1/K_c", "K = 0.1:0.2:3, L = [3, 4]").observables
    assert found["T_c"].value is None
    assert found["T_c"].note == found["K_c"].note
    assert "do not cross" in found["K_c"].note


@pytest.mark.parametrize(
    ("measure", "over", "code"),
    [
        ("q = crossing(m, K)", "K = 0.3:0.4:3, L = [3]", "not-scanned"),
        ("q = crossing(m, K), r = crossing(q, K)", CURVES, "mixed-scan"),
        ("q = crossing(m, K), r = q*m", CURVES, "mixed-scan"),
        ("q = 1/crossing(m, h)", CURVES, "not-scanned"),
        ("q = 1/crossing(mm, K)", CURVES, "unknown-measure"),
        ("q = 1/crossing(m)", CURVES, "missing-option"),
        ("q = crossing(m, K), r = q + avg(m^2)", CURVES, "mixed-scan"),
        ("q = crossing(m, K), r = q*L", CURVES, "mixed-scan"),
        ("q = crossing(m, K)", "K = [0.3]", "not-scanned"),
        ("q = extremum(free_energy, K)", CURVE, "unknown-measure"),
        ("q = extremum(correlation, K)", CURVE, "unknown-measure"),
        ("q = extremum(nothing, K)", CURVE, "unknown-measure"),
        ("q = extremum(avalanche_size, K)", CURVE, "unknown-measure"),
    ],
)
def test_what_is_wrong_is_found_before_anything_runs(measure: str, over: str, code: str) -> None:
    with pytest.raises(rgc.SpecError) as caught:
        rgc.load(MODEL.format(flow="enumerate", scan=over, measure=measure))
    assert [problem.code for problem in caught.value.problems] == [code]
    assert all(problem.span is not None for problem in caught.value.problems)


def test_too_few_values_are_warned_of() -> None:
    text = MODEL.format(flow="enumerate", scan="K = [0.3, 0.4]", measure="q = extremum(m, K)")
    loaded = rgc.load(text)
    assert "too-few-values" in [warning.code for warning in loaded.warnings]
    assert rgc.compile(loaded, backend="reference").run().observables["q"].value is None


def test_without_a_flow_only_named_free_energies_have_curves() -> None:
    def text(measure: str) -> str:
        measures = f"f = free_energy(transfer), {measure}"
        whole = MODEL.format(flow="enumerate", scan=CURVE, measure=measures)
        return whole.replace("flow enumerate\n", "")

    answer = rgc.compile(text("q = extremum(f, K)"), backend="reference").run()
    assert "end of the scan" in answer.observables["q"].note
    with pytest.raises(rgc.SpecError, match="without a flow nothing gives 'm'"):
        rgc.load(text("q = extremum(m, K)"))


# -- nothing is lost -------------------------------------------------------------------------------


def test_a_measure_that_fails_loses_no_point(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise IndexError("list index out of range")

    monkeypatch.setattr(scan, "KINDS", {**scan.KINDS, "extremum": broken})
    answer = run("m, q = extremum(m, K)")
    assert answer.observables["q"].value is None
    assert len(answer.points) == 5
    assert any("bug in rgc" in text and "'q'" in text for text in answer.warnings)


def test_a_file_that_fails_loses_no_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> Any:
        raise ValueError("no such dimension")

    monkeypatch.setattr(store, "_write_dataset", broken)
    monkeypatch.setattr(store, "_write_plots", lambda *_: {})
    text = MODEL.format(flow="enumerate", scan=CURVE, measure="m")
    answer = rgc.compile(text, backend="reference").run(out=tmp_path / "out")
    warning = answer.warnings[-1]
    assert "could not write result.nc: ValueError" in warning
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["warnings"][-1] == warning
    assert len(summary["points"]) == 5
    assert (tmp_path / "out" / "report.html").exists()


# -- points speak for themselves -------------------------------------------------------------------


def test_warnings_say_at_which_points() -> None:
    def point(k: float, *warnings: str) -> Point:
        return Point({"K": k, "L": 8.0}, Result("sample", warnings=warnings))

    points = [point(k / 10, "always", *(["often"] if k else [])) for k in range(5)]
    points.append(point(0.5, "always", "once", "once"))
    assert point_warnings(points) == [
        "at every point: always",
        "at K = 0.1, L = 8; K = 0.2, L = 8; K = 0.3, L = 8 and 1 more point: often",
        "at K = 0.5, L = 8: once",
    ]
    assert point_warnings([Point({}, Result("sample", warnings=("alone",)))]) == ["alone"]


def test_warnings_that_differ_in_numbers_stand_together() -> None:
    def point(t: float) -> Point:
        said = (
            f"tau is {3.1 * t:.3g} sweeps",
            f"tau is {4.1 * t:.3g} sweeps",
            "level 1e-3 is short",
        )
        return Point({"T": t}, Result("sample", warnings=said))

    assert point_warnings([point(1), point(2), Point({"T": 3.0}, Result("sample"))]) == [
        "at T = 1; T = 2, with the numbers of T = 1: tau is 3.1 sweeps",
        "at T = 1; T = 2, with the numbers of T = 1: tau is 4.1 sweeps",
        "at T = 1; T = 2: level 1e-3 is short",
    ]
    alone = ("level 1: short", "level 2: short")
    assert point_warnings([Point({}, Result("sample", warnings=alone))]) == list(alone)


def test_points_have_their_own_warnings_and_provenance() -> None:
    flow = "sample(sweeps=300, thermalise=10, replicas=64)"
    answer = run("m", "K = [0.1, 0.6]", flow)
    first, second = answer.points
    provenance = {**second.result.provenance, "acceptance": "another"}
    second = replace(second, result=replace(second.result, provenance=provenance))
    document = replace(answer, points=(first, second)).document()
    of_first, of_second = document["points"]
    said = [*of_first["warnings"], *of_second["warnings"]]
    assert said
    alike = {NUMBER.sub("#", text.split(": ", 1)[-1]) for text in document["warnings"]}
    assert {NUMBER.sub("#", text) for text in said} <= alike
    assert "provenance" not in of_first
    assert of_second["provenance"] == {"acceptance": "another"}


def test_crossing_and_extremum() -> None:
    made = scan_answer()
    crossing = scan.measure(ScanMeasure("crossing", "U", "K"), made.axes, made.points)
    assert crossing.value == pytest.approx(0.44, abs=1e-12)
    assert crossing.systematic == pytest.approx(0, abs=1e-12)
    # the errors of the points, by their weights in the spline, over the slope of the gap
    spline = Curve(*np.array([made.axes[0].values] * 3))
    expected = 0.01 * 2**0.5 / 16 * np.linalg.norm(spline.weights(np.array([0.44])))
    assert crossing.error == pytest.approx(expected, rel=0.1)
    top = scan.measure(ScanMeasure("extremum", "chi", "K"), made.axes, made.points)
    assert top.value == pytest.approx(0.45, abs=1e-9)
    # those of the slope at the top, over the second derivative
    expected = 1e-6 / (2 * 32) * np.linalg.norm(spline.weights(np.array([0.45]), 1))
    assert top.error == pytest.approx(expected, rel=0.1)


def test_curves_that_do_not_cross_have_no_crossing() -> None:
    made = scan_answer()
    kept = tuple(point for point in made.points if point.parameters["K"] > 0.44)
    found = scan.measure(ScanMeasure("crossing", "U", "K"), made.axes, kept)
    assert found.value is None
    assert "do not cross" in found.note
