"""From an answer to the JSON contract, the dataset, the plots, the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rgc.analysis.interpolation import Curve
from rgc.cli.table import render_answer
from rgc.errors import SpecError
from rgc.model.observables import ScanMeasure
from rgc.model.spec import Axis
from rgc.model.target import ExpectedValue, Tolerance
from rgc.results import document_schema
from rgc.results.answer import Answer
from rgc.results.answer_data import Point
from rgc.results.checks import check
from rgc.results.figures.plots import figures, printed, svg
from rgc.results.judge import judge
from rgc.results.numbers import with_error
from rgc.results.pages import report
from rgc.results.result import Eigenvalue, Estimate, FreeEnergy, Level, Result
from rgc.results.scan import measure
from rgc.results.store import Job
from tests.core.json_schema import valid

NUMBER = {"value", "error", "kind"}


def eigenvalues() -> tuple[Eigenvalue, ...]:
    """A made-up table: two sectors, four levels (the last one wraps), growing bases, two
    eigenvalues each.
    """
    made = []
    for sector, exponent, size in (("even", 1.0, 6), ("odd", 1.875, 4)):
        for level in (1, 2, 3, 4):
            for operators in range(1, size + 1):
                y = exponent - 0.05 / operators - 0.04 * 0.3**level
                for index, shift in ((1, 0.0), (2, 2.0)):
                    e = y - shift
                    made.append(
                        Eigenvalue(
                            value=2.0**e,
                            imag=0.0,
                            error=0.003,
                            exponent=e,
                            exponent_error=0.002 * level,
                            sector=sector,
                            level=level,
                            operators=operators,
                            index=index,
                            wrapped=level == 4,
                        )
                    )
    return tuple(made)


def mcrg() -> Result:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=2000)
    series = np.array([0.0] * 2000)
    for k in range(1, 2000):
        series[k] = 0.8 * series[k - 1] + noise[k]
    shapes = [(64, 64), (32, 32), (16, 16), (8, 8), (4, 4)]
    return Result(
        "mcrg",
        exponents={
            "y_t": Estimate(
                1.001,
                0.005,
                statistical=0.003,
                systematic=0.004,
                rule="last unwrapped level, full basis",
            ),
            "y_h": Estimate(1.87, None, note="fewer than two unwrapped levels"),
        },
        levels=tuple(
            Level(
                k,
                s,
                {"K": Estimate(0.44, 0, "exact")} if k == 0 else {},
                {"energy": Estimate(-0.6 + 0.01 * k, 0.001)},
            )
            for k, s in enumerate(shapes)
        ),
        eigenvalues=eigenvalues(),
        free_energy=(
            FreeEnergy("enumerate", -0.93, 0, "exact"),
            FreeEnergy("trg(16)", -0.92, None, "truncated"),
        ),
        averages={
            "energy": Estimate(-0.6232, 0.0002),
            "odd one": Estimate(nan, np.float64("inf")),
        },  # type: ignore[arg-type]
        series={"energy": series},
        configurations=tuple(
            rng.choice(np.array([-1, 1], dtype=np.int8), size=(*s, 1)) for s in shapes
        ),
        tables={"moments": np.arange(6.0).reshape(2, 3)},
        warnings=("thermalisation is short",),
        provenance={
            "update": "metropolis",
            "reproducibility": "L2",
            "acceptance": np.float64(0.25),
        },
    )


def expectation(target: str, value: float, *within: Tolerance, **options: Any) -> ExpectedValue:
    path = tuple(options.pop("path", target).split("."))
    relation = options.pop("relation", "=")
    return ExpectedValue(
        target=target, path=path, relation=relation, value=value, within=within, **options
    )


def answer(result: Result | None = None) -> Answer:
    made = Answer(
        title="a <title>",
        sha256="0" * 64,
        text='title "a <title>"\n',
        backend="numba",
        seed=7,
        points=(Point({}, result or mcrg()),),
    )
    checks = tuple(
        check(each, made.result)
        for each in (
            expectation("y_t", 1, Tolerance(0.01), source="Onsager 1944"),
            expectation("y_h", 1.875, Tolerance(0.01)),
        )
    )
    return replace(
        made,
        checks=checks,
        warnings=("thermalisation is short",),
        provenance={"versions": {"rgc": "0"}},
    )


def scanned(title: str, points: Sequence[Point], axes: tuple[Axis, ...]) -> Answer:
    return Answer(
        title=title,
        sha256="1" * 64,
        text="",
        backend="numba",
        seed=0,
        points=tuple(points),
        axes=axes,
    )


def scan_answer() -> Answer:
    """Straight Binder lines that cross at K = 0.44, a parabola with its top at 0.45, for three
    sizes.
    """
    values, sizes = (0.42, 0.43, 0.445, 0.46, 0.47), (8.0, 16.0, 32.0)
    points = []
    for k in values:
        for size in sizes:
            u = 0.6 + size * (k - 0.44)
            chi = size * (1 - (k - 0.45) ** 2)
            observables = {"U": Estimate(u, 0.01), "chi": Estimate(chi, 1e-6)}
            points.append(Point({"K": k, "L": size}, Result("sample", averages=observables)))
    axes = (Axis("K", values), Axis("L", sizes))
    return scanned("scan", points, axes)


# -- the JSON contract -----------------------------------------------------------------------------


def test_the_json_contract() -> None:
    document = answer().document()
    json.dumps(document, allow_nan=False)
    assert {
        "rgc",
        "spec",
        "backend",
        "seed",
        "scheme",
        "exponents",
        "fixed_point",
        "levels",
        "eigenvalues",
    } <= set(document)
    assert {"free_energy", "observables", "checks", "warnings", "provenance"} <= set(document)
    assert document["spec"] == {"title": "a <title>", "sha256": "0" * 64}
    assert (document["backend"], document["seed"], document["scheme"]) == ("numba", 7, "mcrg")
    assert document["exponents"]["y_t"] == {
        "value": 1.001,
        "error": 0.005,
        "statistical": 0.003,
        "systematic": 0.004,
        "kind": "estimate",
        "rule": "last unwrapped level, full basis",
    }
    assert document["levels"][0]["couplings"] == {"K": {"value": 0.44, "error": 0, "kind": "exact"}}
    assert document["levels"][0] | {"observables": 0, "couplings": 0} == {
        "level": 0,
        "shape": [64, 64],
        "couplings": 0,
        "observables": 0,
    }
    keys = {"value", "imag", "error", "exponent", "sector", "level", "operators", "kind"}
    assert all(keys <= set(each) for each in document["eigenvalues"])
    assert document["free_energy"][0] == {
        "method": "enumerate",
        "value": -0.93,
        "per": "site",
        "error": 0,
        "kind": "exact",
    }
    assert set(document["observables"]["energy"]) == NUMBER
    assert {
        "name": "y_t",
        "expected": 1,
        "within": 0.01,
        "source": "Onsager 1944",
        "passed": True,
    }.items() <= document["checks"][0].items()


def test_documents_obey_the_schema_of_their_format() -> None:
    """`python -m rgc.results.document_schema > grammar/result.json` writes it again."""
    committed = (Path(__file__).parents[3] / "grammar/result.json").read_text("utf-8")
    assert committed == document_schema.dump()
    rules = json.loads(committed)
    for made in (answer(), scan_answer(), band_answer()):
        document = made.document()
        assert valid(document, rules)
        assert not valid({**document, "format": 0}, rules)
        assert not valid({**document, "other": 0}, rules)
        assert not valid({key: each for key, each in document.items() if key != "seed"}, rules)


def test_what_is_not_finite_or_not_known_is_null() -> None:
    document = answer().document()
    assert document["observables"]["odd one"] == {"value": None, "error": None, "kind": "estimate"}
    assert document["exponents"]["y_h"]["error"] is None
    failed = document["checks"][1]
    assert (failed["passed"], failed["reason"]) == (
        False,
        "its error is not known: fewer than two unwrapped levels",
    )


def test_a_scan_has_points() -> None:
    document = scan_answer().document()
    assert len(document["points"]) == 15
    assert document["points"][1]["parameters"] == {"K": 0.42, "L": 16.0}
    assert {
        "exponents",
        "observables",
        "levels",
        "eigenvalues",
        "free_energy",
        "fixed_point",
    } <= set(document["points"][0])
    with pytest.raises(ValueError, match="points"):
        _ = scan_answer().exponents


def band_answer() -> Answer:
    """A scan with an exact free energy between two bounds."""
    points = []
    for k in (0.1, 0.2, 0.3):
        entries = (
            FreeEnergy("transfer", -k, 0.0, "exact"),
            FreeEnergy("mean_field", -k / 2, 0.0, "upper bound", note="<1>"),
            FreeEnergy("lower_bound", -2 * k, 0.0, "lower bound"),
        )
        found = Result("measure", free_energy=entries, values={"log_z": Estimate(k, 0.0, "exact")})
        points.append(Point({"K": k}, found))
    return scanned("band", points, (Axis("K", (0.1, 0.2, 0.3)),))


def test_free_energies_stand_in_the_tables_and_the_page() -> None:
    band = band_answer()
    assert "free_energy[mean_field]" in render_answer(band)
    page = report.report(band.document(), "", {"free_energy": "<svg></svg>"})
    assert "free_energy[lower_bound]" in page
    assert "<figcaption>The free energy in units of kT" in page
    single = report.report(answer(band.points[0].result).document(), "", {"new": "<svg></svg>"})
    assert "&lt;1&gt;" in single
    assert "<figcaption>New.</figcaption>" in single


# -- expectations ----------------------------------------------------------------------------------

SIGMA, PERCENT = Tolerance(2, "sigma"), Tolerance(1, "percent")


@pytest.mark.parametrize(
    ("estimate", "value", "within", "relation", "passed", "reason"),
    [
        (Estimate(1.004, 0.1), 1, (Tolerance(0.005),), "=", True, ""),
        (Estimate(1.006, 0.1), 1, (Tolerance(0.005),), "=", False, "off by 0.006"),
        (Estimate(-2.01, 0.1), -2, (PERCENT,), "=", True, ""),
        (Estimate(-2.03, 0.1), -2, (PERCENT,), "=", False, "off by 0.03"),
        (Estimate(1.19, 0.1), 1, (SIGMA,), "=", True, ""),
        (Estimate(1.21, 0.1), 1, (SIGMA,), "=", False, "off by"),
        (Estimate(1.19, 0.1), 1, (SIGMA, PERCENT), "=", False, "off by"),
        (Estimate(1.0, 0.0), 1, (SIGMA,), "=", False, "sigma means nothing"),
        (
            Estimate(1.0, None, note="one level"),
            1,
            (Tolerance(1),),
            "=",
            False,
            "not known: one level",
        ),
        (
            Estimate(None, None, note="no crossing"),
            1,
            (Tolerance(1),),
            "=",
            False,
            "no value: no crossing",
        ),
        (Estimate(0.02, 0.1), 0.03, (), "below", True, ""),
        (Estimate(0.04, 0.1), 0.03, (), "below", False, "0.04 is not below 0.03"),
        (Estimate(0.02, 0.0, "upper bound"), 0.03, (), "below", True, ""),
        (Estimate(0.02, 0.0, "lower bound"), 0.03, (), "below", False, "a lower bound cannot show"),
        (
            Estimate(0.04, 0.0, "upper bound"),
            0.03,
            (),
            "above",
            False,
            "an upper bound cannot show",
        ),
        (Estimate(0.04, 0.0, "lower bound"), 0.03, (), "above", True, ""),
    ],
)
def test_verdicts(
    estimate: Estimate, value: float, within: Any, relation: str, passed: bool, reason: str
) -> None:
    verdict = check(
        expectation("x", value, *within, relation=relation),
        Result("sample", averages={"x": estimate}),
    )
    assert verdict.passed == passed
    assert reason in verdict.reason
    assert bool(verdict.reason) != passed


@pytest.mark.parametrize(
    ("target", "options", "value"),
    [
        ("y_t", {}, 1.001),
        ("energy", {}, -0.6232),
        ("K", {}, 0.44),
        ("K[level=0]", {"path": "K", "selectors": (("level", 0),)}, 0.44),
        ("energy[level=3]", {"path": "energy", "selectors": (("level", 3),)}, -0.57),
        (
            "free_energy[enumerate]",
            {"path": "free_energy", "selectors": (("method", "enumerate"),)},
            -0.93,
        ),
        (
            "y_t[level=2, operators=4]",
            {"path": "y_t", "selectors": (("level", 2), ("operators", 4))},
            0.9839,
        ),
        (
            "y_t[level=4]",
            {"path": "y_t", "selectors": (("level", 4),)},
            1 - 0.05 / 6 - 0.04 * 0.3**4,
        ),
        ("y_h[level=1]", {"path": "y_h", "selectors": (("level", 1),)}, 1.8505),
        (
            "eigenvalue[2, sector=even]",
            {"path": "eigenvalue", "index": 2, "selectors": (("sector", "even"),)},
            2 ** (-1.0094133),
        ),
        ("fixed_point.K", {}, 0.31),
        ("block.p", {}, 0.76),
    ],
)
def test_targets(target: str, options: dict[str, Any], value: float) -> None:
    fixed = {"K": Estimate(0.31, 0, "exact"), "block.p": Estimate(0.76, 0, "exact")}
    result = replace(mcrg(), fixed_point=fixed)
    verdict = check(expectation(target, value, Tolerance(1e-6), **options), result)
    assert verdict.passed, verdict.reason


@pytest.mark.parametrize(
    ("target", "options", "reason"),
    [
        ("nothing", {}, "the result holds no nothing; it holds K, energy"),
        (
            "K[level=9]",
            {"path": "K", "selectors": (("level", 9),)},
            "there is no level 9; the last is 4",
        ),
        ("free_energy", {}, "needs one of the methods enumerate, trg(16)"),
        ("nu[level=2]", {"path": "nu", "selectors": (("level", 2),)}, "takes no selectors"),
        ("fixed_point.K", {}, "found no fixed point"),
    ],
)
def test_targets_that_are_not_there(target: str, options: dict[str, Any], reason: str) -> None:
    verdict = check(expectation(target, 1, Tolerance(1e9), **options), mcrg())
    assert not verdict.passed
    assert reason in verdict.reason


def test_a_point_of_a_scan_is_selected_by_its_parameters() -> None:
    spec: Any = type("Spec", (), {})
    spec.measures = ()
    spec.expectations = (
        expectation(
            "U[K=0.43, L=8]", 0.52, Tolerance(1e-9), path="U", selectors=(("K", 0.43), ("L", 8))
        ),
        expectation("U[K=0.43]", 0.52, Tolerance(1e-9), path="U", selectors=(("K", 0.43),)),
    )
    judged = judge(scan_answer(), [spec] * 15, (), provenance={})
    assert [each.passed for each in judged.checks] == [True, False]
    assert "3 points of the scan match" in judged.checks[1].reason


# -- measures of a scan ----------------------------------------------------------------------------


def test_crossing_and_extremum() -> None:
    scan = scan_answer()
    crossing = measure(ScanMeasure("crossing", "U", "K"), scan.axes, scan.points)
    assert crossing.value == pytest.approx(0.44, abs=1e-12)
    assert crossing.systematic == pytest.approx(0, abs=1e-12)
    # the errors of the points, by their weights in the spline, over the slope of the gap
    spline = Curve(*np.array([scan.axes[0].values] * 3))
    expected = 0.01 * 2**0.5 / 16 * np.linalg.norm(spline.weights(np.array([0.44])))
    assert crossing.error == pytest.approx(expected, rel=0.1)
    top = measure(ScanMeasure("extremum", "chi", "K"), scan.axes, scan.points)
    assert top.value == pytest.approx(0.45, abs=1e-9)
    # those of the slope at the top, over the second derivative
    expected = 1e-6 / (2 * 32) * np.linalg.norm(spline.weights(np.array([0.45]), 1))
    assert top.error == pytest.approx(expected, rel=0.1)


def test_curves_that_do_not_cross_have_no_crossing() -> None:
    scan = scan_answer()
    kept = tuple(point for point in scan.points if point.parameters["K"] > 0.44)
    found = measure(ScanMeasure("crossing", "U", "K"), scan.axes, kept)
    assert found.value is None
    assert "do not cross" in found.note


# -- the output folder -----------------------------------------------------------------------------


def test_the_output_folder(tmp_path: Path) -> None:
    import xarray as xr

    job = Job("0" * 64, 7, tmp_path / "deep" / "out")
    with job.held(resume=False):
        (job.checkpoints).mkdir()
        job.checkpoint(0).write_bytes(b"half a run")
    with pytest.raises(SpecError, match="unfinished run"), job.held(resume=False):
        pass
    with job.held(resume=True):
        finished = job.finish(answer())
    names = {path.name for path in finished.folder.iterdir()}  # type: ignore[union-attr]
    plots = {
        f"{name}.{kind}"
        for name in ("configurations", "exponents", "autocorrelation")
        for kind in ("png", "svg")
    }
    assert names == {"result.nc", "summary.json", "spec.rgc", "report.html", "files.json"} | plots
    assert json.loads((tmp_path / "deep/out/summary.json").read_text()) == answer().document()
    with xr.open_dataset(tmp_path / "deep/out/result.nc", engine="h5netcdf") as stored:
        assert stored.attrs["title"] == "a <title>"
        assert float(stored["exponents_value"].sel(exponents="y_t")) == 1.001
        assert stored["configuration_0"].shape == (64, 64, 1)
        assert stored["eigenvalue_sector"].values[0] == "even"
        np.testing.assert_array_equal(stored["table_moments"], mcrg().tables["moments"])


def test_a_scan_is_a_grid() -> None:
    grid = scan_answer().to_xarray()
    assert dict(grid.sizes) == {"K": 5, "L": 3, "observables": 2}
    chosen = grid["observables_value"].sel(K=0.42, L=32, observables="U")
    assert float(chosen) == pytest.approx(0.6 - 32 * 0.02)


def test_a_scan_of_one_parameter_has_it_for_a_dimension() -> None:
    whole = scan_answer()
    points = tuple(point for point in whole.points if point.parameters["L"] == 8)
    one = [replace(point, parameters={"K": point.parameters["K"]}) for point in points]
    line = replace(whole, points=tuple(one), axes=whole.axes[:1]).to_xarray()
    assert dict(line.sizes) == {"K": 5, "observables": 2}
    assert float(line["observables_value"].sel(K=0.42, observables="U")) == pytest.approx(
        0.6 - 8 * 0.02
    )


def test_the_page_stands_alone(tmp_path: Path) -> None:
    made = answer()
    drawings = {name: svg(figure) for name, figure in figures(made).items()}
    page = report.report(made.document(), made.text, drawings)
    assert "a &lt;title&gt;" in page
    assert "<title>a <" not in page
    assert page.count("<img") == 3
    assert not re.findall(r'(?:src|href)="(?!data:image/svg|#)[^"]*"', page)
    assert "default-src 'none'" in page


def test_a_folder_without_results_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="holds no result"):
        report.rebuild(tmp_path)


def test_figures_are_drawn_from_what_is_there() -> None:
    assert set(figures(answer())) == {"configurations", "exponents", "autocorrelation"}
    names = {name for point in scan_answer().points for name in point.result.observables}
    assert set(figures(scan_answer())) == {"scan", *(f"scan.{name}" for name in names)}
    assert set(figures(band_answer())) == {"scan", "free_energy"}
    assert figures(answer(Result("sample"))) == {}
    figure = figures(scan_answer())["scan"]
    assert printed(figure, "png").startswith(b"\x89PNG")
    assert printed(figure, "pdf").startswith(b"%PDF")


@pytest.mark.parametrize("shape", [(16, 1), (6, 6, 2), (4, 4, 4, 1), (5, 5, 5, 2)])
def test_configurations_of_any_lattice_are_drawn(shape: tuple[int, ...]) -> None:
    made = answer(Result("sample", configurations=(np.ones(shape, dtype=np.int8),)))
    assert set(figures(made)) == {"configurations"}


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (1.0012, 0.0031, "1.0012(31)"),
        (1.0, 0.0996, "1.00(10)"),
        (123.4, 12.3, "123(12)"),
        (123.4, 1.23, "123.4(1.2)"),
        (0.44, 0, "0.44"),
        (1.5, None, "1.5(?)"),
        (None, None, "-"),
        (nan, 0.1, "-"),
        (12345, 99.6, "12345 +- 99.6"),
        (-0.9100683139902527, 4.4e-16, "-0.910068314"),
        (5.55e-17, 5.2e-16, "5.55e-17 +- 5.2e-16"),
        (-0.00012, 0.000034, "-0.000120(34)"),
        (1.0, 1e-308, "1"),
    ],
)
def test_numbers_with_errors(value: float | None, error: float | None, text: str) -> None:
    assert with_error(value, error) == text


def test_every_variable_that_the_docstring_of_a_dataset_names_is_there() -> None:
    from rgc.results.dataset import dataset

    named = re.findall(r"`(\w+)(?:\(\w+(?:, \w+)*\))?`", dataset.__doc__ or "")
    variables = {each for each in named if each.startswith(("exponents_", "coupling_", "average_"))}
    assert {"exponents_value", "coupling_value"} < variables
    assert variables <= set(dataset(answer()).variables)


def test_averages_of_operators_are_told_from_couplings() -> None:
    from rgc.cli.table import render_answer

    assert "averages of operators by level" in render_answer(answer())


@pytest.mark.parametrize(
    "damage",
    [
        lambda summary: summary.update(spec=[]),
        lambda summary: summary.update(exponents=3),
        lambda summary: summary.update(levels=[[]]),
        lambda summary: summary["spec"].pop("title"),
    ],
)
def test_a_damaged_summary_is_no_result(tmp_path: Path, damage: Callable[[Any], object]) -> None:
    made = answer()
    summary = made.document()
    damage(summary)
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    (tmp_path / "spec.rgc").write_text(made.text)
    with pytest.raises(SpecError, match="no-results"):
        report.rebuild(tmp_path)


def test_what_a_folder_holds_is_not_run_by_the_page(tmp_path: Path) -> None:
    made = answer()
    summary = made.document()
    summary["spec"]["sha256"] = "<script>1</script>"
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    (tmp_path / "spec.rgc").write_text(made.text)
    (tmp_path / "flow.svg").write_text("<svg><script>alert(1)</script></svg>")
    page = report.rebuild(tmp_path).read_text()
    assert "<script" not in page
    assert 'src="data:image/svg+xml;base64,' in page
