"""What Python and notebooks show of specs, answers and certificates."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.errors import RunWarning
from rgc.results.answer import Answer
from rgc.results.equality import same
from rgc.results.result import Estimate

SPEC = """
title "Bonds & <more>"
parameters { K = 0.3 }
lattice square(2, boundary=open)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow enumerate()
measure { energy, level = avg(m^2) }
expect { energy = -K*(tanh(K) + tanh(K)^3)/(1 + tanh(K)^4) within 1e-12 }
"""
SCANNED = {"K": np.linspace(0.1, 0.3, 3)}


@pytest.fixture(scope="module")
def answer() -> Answer:
    return rgc.compile(SPEC, backend="reference").run()


@pytest.fixture(scope="module")
def scan() -> Answer:
    return rgc.compile(SPEC, backend="reference", scan=SCANNED).run()


@pytest.mark.parametrize(
    ("estimate", "line"),
    [
        (Estimate(1.0005, 0.0019), "1.0005(19)"),
        (Estimate(0.5, 0.0, "exact"), "0.5 exact"),
        (Estimate(None, None, note="not critical"), "-"),
    ],
)
def test_an_estimate_is_one_line(estimate: Estimate, line: str) -> None:
    assert repr(estimate) == line


def test_specs_answers_and_certificates_are_one_line(answer: Answer, scan: Answer) -> None:
    energy = repr(answer.observables["energy"])
    loaded = rgc.load(SPEC)
    assert repr(loaded).startswith("<Loaded 'Bonds & <more>': square 2x2")
    assert repr(rgc.compile(loaded, backend="reference")) == (
        "<Compiled 'Bonds & <more>' on reference>"
    )
    assert repr(answer).startswith("<Answer 'Bonds & <more>': enumerate on reference, energy = ")
    assert energy in repr(answer)
    assert repr(answer).endswith("1 of 1 expected>")
    assert "3 points" in repr(scan)
    assert all("\n" not in repr(each) for each in (loaded, answer, scan, answer.plot()))


def test_a_notebook_shows_tables_and_figures(answer: Answer, scan: Answer) -> None:
    page = scan._repr_html_()
    assert "data:image/svg+xml" in page
    assert "Bonds &amp; &lt;more&gt;" in page
    assert "<svg" in scan.plot()._repr_html_()
    assert "sum(&lt;i,j&gt;)" in rgc.load(SPEC)._repr_html_()
    assert repr(answer.observables["energy"]).removesuffix(" exact") in answer._repr_html_()


def test_the_observables_are_those_of_the_document(answer: Answer, scan: Answer) -> None:
    document = answer.document()["observables"]
    assert {name: one.value for name, one in answer.observables.items()} == {
        name: one["value"] for name, one in document.items()
    }
    assert scan.observables == {}


def test_every_number_is_a_variable_of_the_dataset(answer: Answer, scan: Answer) -> None:
    dataset, grid = answer.to_xarray(), scan.to_xarray()
    assert float(dataset.energy) == answer.observables["energy"].value
    assert float(dataset.energy_error) == 0
    assert float(dataset.value_level) == answer.observables["level"].value  # `level` is an axis
    assert grid.energy.dims == ("K",)
    assert float(grid.energy.sel(K=0.3)) == answer.observables["energy"].value


def test_a_data_frame_has_a_row_for_each_point(answer: Answer, scan: Answer) -> None:
    frame, one = scan.to_dataframe(), answer.to_dataframe()
    assert list(frame.index.names) == ["K"]
    assert len(frame) == 3
    assert len(one) == 1
    assert frame["energy"].to_list()[-1] == pytest.approx(one["energy"][0], abs=1e-15)
    assert frame["energy_error"].to_list() == [0, 0, 0]


def test_answers_are_equal_where_all_their_numbers_are(answer: Answer, scan: Answer) -> None:
    again = rgc.compile(SPEC, backend="reference").run()
    assert again == answer
    assert answer != scan
    point = answer.points[0]
    spectra = {**point.result.series, "energy": np.array([1.0, np.nan])}
    other = replace(answer, points=(replace(point, result=replace(point.result, series=spectra)),))
    assert other != answer
    assert other == replace(other)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0]), np.array([2.0]), False),
        (np.array([1]), np.array([1.0]), False),
        ({"a": (1, np.nan)}, {"a": (1, np.nan)}, True),
        ({"a": 1}, {"b": 1}, False),
        ((1, 2), (1, 2, 3), False),
    ],
)
def test_arrays_are_compared_element_by_element(a: Any, b: Any, equal: bool) -> None:
    assert same(a, b) is equal


def test_a_scan_takes_arrays_and_lists_and_numbers_of_numpy(scan: Answer) -> None:
    values = scan.axes[0].values
    assert values == tuple(SCANNED["K"].tolist())
    assert rgc.load(SPEC, scan={"K": [0.1, 0.2]}).axes[0].values == (0.1, 0.2)
    assert rgc.load(SPEC, settings={"K": np.float64(0.1)}).title == "Bonds & <more>"


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "7", True])
def test_a_seed_is_an_integer_of_64_bits(seed: Any) -> None:
    with pytest.raises(ValueError, match="a seed is an integer"):
        rgc.compile(SPEC, backend="reference").run(seed=seed)
    assert rgc.compile(SPEC, backend="reference").run(seed=np.uint64(7)).seed == 7


def test_warnings_come_from_the_line_that_called_rgc() -> None:
    compiled = rgc.compile(SPEC.replace("K = 0.3", "K = 0.3, J = 1"), backend="reference")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = compiled.run()
    assert [str(each.message) for each in caught] == list(found.warnings) != []
    assert {each.category for each in caught} == {RunWarning}
    assert {each.filename for each in caught} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled.run(warn=lambda message: None)


def test_warnings_of_what_was_found_are_shown_once() -> None:
    text = (
        SPEC[: SPEC.index("flow")]
        + "flow sample(sweeps=60, thermalise=0)\nscan { K = [0.1, 0.4] }\n"
    )
    compiled = rgc.compile(text, backend="reference")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = compiled.run()
    assert any("thermalise" in message for message in found.warnings)
    assert [str(each.message) for each in caught] == list(found.warnings)
    assert {each.filename for each in caught} == {__file__}
