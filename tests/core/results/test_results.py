"""An answer as a folder: the dataset, the figures, the page, and numbers with errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rgc.cli.table import render_answer
from rgc.errors import SpecError
from rgc.results.figures.plots import figures, printed, svg
from rgc.results.numbers import with_error
from rgc.results.pages import report
from rgc.results.result import Result
from rgc.results.store import Job
from tests.core.results.answers import (
    answer,
    band_answer,
    mcrg,
    scan_answer,
)


def test_free_energies_stand_in_the_tables_and_the_page() -> None:
    band = band_answer()
    assert "free_energy[mean_field]" in render_answer(band)
    page = report.report(band.document(), "", {"free_energy": "<svg></svg>"})
    assert "free_energy[lower_bound]" in page
    assert "<figcaption>The free energy in units of kT" in page
    single = report.report(answer(band.points[0].result).document(), "", {"new": "<svg></svg>"})
    assert "&lt;1&gt;" in single
    assert "<figcaption>New.</figcaption>" in single


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
