"""Names and texts of users beside those of the files: scanned parameters called like a dimension,
titles with characters that a file cannot hold.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
import xarray as xr

import rgc
from rgc.emit import emit
from rgc.results.dataset import POINT, parameter_names
from rgc.results.pages import report

TAKEN = (
    *("level", "coupling", "average", "observables", "method", "point", "exponents"),
    *("fixed_point", "eigenvalue", "free_energy", "observables_value", "parameters", "scan_level"),
)

SCAN = """parameters {{ {name} = 0.4, h = 0.1 }}
lattice square(2)
spins q: ising
hamiltonian - {name} * sum(<u,v>) q[u]*q[v] - h * sum(u) q[u]
flow enumerate
scan {{ {name} = [0.3, 0.4]{more} }}
measure {{ energy, mq = m^2 }}
expect {{ energy[{name}=0.3{chosen}] below 0 }}
"""


@pytest.mark.parametrize("name", TAKEN)
def test_a_scanned_parameter_may_have_any_name(name: str) -> None:
    text = SCAN.format(name=name, more=", h = [0.1, 0.2]", chosen=", h=0.1")
    answer = rgc.compile(text, backend="reference").run()
    assert answer.checks[0].passed
    assert name in report.body(answer.document(), {})
    grid = answer.to_xarray()
    label = f"scan_{name}" if f"scan_{name}" in grid.sizes else name
    for point in answer.points:
        here = {label: point.parameters[name], "h": point.parameters["h"]}
        found = grid["observables_value"].sel(here).sel(observables="energy")
        assert float(found) == point.result.observables["energy"].value


def test_its_output_folder_is_whole(tmp_path: Path) -> None:
    text = SCAN.format(name="point", more="", chosen="")
    answer = rgc.compile(text, backend="reference").run(out=tmp_path / "out")
    assert not answer.warnings
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"result.nc", "scan.png", "report.html"}
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["points"][1]["parameters"] == {"point": 0.4}
    with xr.open_dataset(tmp_path / "out" / "result.nc", engine="h5netcdf") as stored:
        assert stored.sizes["point"] == 2


def test_a_method_is_chosen_beside_a_parameter_of_that_name() -> None:
    text = SCAN.format(name="method", more="", chosen="")
    text = text.replace("energy[method=0.3]", "free_energy[enumerate, method=0.3]")
    answer = rgc.compile(text, backend="reference").run()
    assert answer.checks[0].passed, answer.checks[0].reason


def test_labels_do_not_meet() -> None:
    assert parameter_names(["level", "scan_level"], {"level"}) == {
        "level": "scan_scan_level",
        "scan_level": "scan_level",
    }
    assert not POINT.isidentifier()


MODEL = """title {title}
parameters {{ {K} = 0.4, {h} = 0.1, j = 0.2 }}
lattice {lattice}(4)
spins {s}: ising
hamiltonian - {K} * sum(<a,b>) {s}[a]*{s}[b] - {h} * sum(k) {s}[k]
  - j * sum(<<a,b>>) {s}[a]*{s}[b]
block majority(2)
flow enumerate(steps=1)
"""
TITLES = (r'"a\\"', r'"x\nflow drive"', r'"\u0000nul"', r'"a \"b\" \t"')


@pytest.mark.parametrize("title", TITLES)
def test_a_title_may_hold_any_character(title: str, tmp_path: Path) -> None:
    text = MODEL.format(title=title, K="K", h="h", s="s", lattice="square")
    loaded = rgc.load(text)
    answer = rgc.compile(loaded, backend="reference").run()
    assert rgc.load(emit(loaded.spec, answer.result)).title == f"{loaded.title}: level 1"
    page = report.report(answer.document(), answer.text, {})
    assert not any(c in page for c in "\0\t")
    file = tmp_path / "result.nc"
    answer.to_xarray().to_netcdf(file, engine="h5netcdf")
    with xr.open_dataset(file, engine="h5netcdf") as stored:
        assert stored.attrs["title"] == loaded.title.replace("\0", r"\u0000")


@pytest.mark.parametrize(
    ("coupling", "field", "spin"),
    [
        *product(("K", "i"), ("h", "constant_"), ("s", "c")),
        ("k4_10_01_11", "k2_11", "i"),
        ("K", "h", "constant_"),
        ("K", "h", "k4_10_01_11"),
    ],
)
def test_emitted_names_are_apart(coupling: str, field: str, spin: str) -> None:
    """Whatever parameters and spins are called, the emitted spec holds the same couplings."""
    names = {"K": coupling, "h": field, "s": spin}
    plain = MODEL.format(title='"x"', K="K", h="h", s="s", lattice="square")
    named = MODEL.format(title='"x"', **names, lattice="square")
    values = []
    for text in (plain, named):
        compiled = rgc.compile(text, backend="reference")
        emitted = rgc.load(emit(compiled.loaded.spec, compiled.run().result))
        values.append(sorted(emitted.spec.parameters.values()))
        assert emitted.spec.hamiltonian is not None
    assert values[0] == pytest.approx(values[1])
