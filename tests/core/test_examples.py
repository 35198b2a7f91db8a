"""The example scripts run, on small lattices, and say what they promise."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import rgc

EXAMPLES = Path(__file__).parents[2] / "examples"
QUICK = ["--backend", "reference", "--sweeps"]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_script_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"exponents", "scan", "custom_lattice"}


def test_the_notebook_runs_from_top_to_bottom(capsys: pytest.CaptureFixture[str]) -> None:
    """Its cells are run as Python, as a notebook would."""
    (path,) = EXAMPLES.glob("*.ipynb")
    notebook = json.loads(path.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["metadata"]["language_info"]["name"]) == (4, "python")
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"]  # what it shows is made anew by whoever runs it
            exec(compile("".join(cell["source"]), str(path), "exec"), names)  # noqa: S102
    assert "there is no parameter 'J'" in capsys.readouterr().out
    assert list(names["frame"].index.names) == ["K"]
    assert names["dataset"].energy.sel(K=0.4).item() == names["frame"]["energy"].loc[0.4].item()
    assert "<img" in names["answer"]._repr_html_()
    assert "<svg" in names["answer"].plot()._repr_html_()
    assert names["warm"].points[0].result.observables["m"].value == 0


def test_exponents(capsys: pytest.CaptureFixture[str]) -> None:
    script("exponents").main([*QUICK, "200", "--size", "16"])
    printed = capsys.readouterr().out
    found = {
        match[1]: float(match[2])
        for match in re.finditer(r"^(\w+) +(-?[\d.]+) \+-", printed, re.MULTILINE)
    }
    assert found["y_t"] == pytest.approx(1, abs=0.2)
    assert found["nu"] == pytest.approx(1 / found["y_t"], abs=0.01)
    assert found["y_h"] == pytest.approx(15 / 8, abs=0.05)


def test_scan(capsys: pytest.CaptureFixture[str]) -> None:
    script("scan").main([*QUICK, "100", "--size", "4", "--points", "5"])
    printed = capsys.readouterr().out
    rows = re.findall(r"^(0\.\d{4}) +(-[\d.]+)\(", printed, re.MULTILINE)
    assert [float(coupling) for coupling, _ in rows] == pytest.approx(
        [0.36, 0.40, 0.44, 0.48, 0.52]
    )
    energies = [float(energy) for _, energy in rows]
    assert energies == sorted(energies, reverse=True)


def test_custom_lattice() -> None:
    differences = script("custom_lattice").main([*QUICK, "80", "--size", "4"])
    assert len(differences) == 2
    assert max(map(abs, differences)) < 4.5


def test_custom_lattice_would_notice_another_coupling(monkeypatch: pytest.MonkeyPatch) -> None:
    module = script("custom_lattice")
    monkeypatch.setattr(module, "cosh", lambda x: 1.1 * x)
    differences = module.main([*QUICK, "80", "--size", "4"])
    assert max(map(abs, differences)) > 4.5


def test_spellings_of_the_example_are_the_same_spec() -> None:
    one, other = (rgc.load(EXAMPLES / f"ising2d.{spelling}") for spelling in ("rgc", "yaml"))
    assert one.sha256 == other.sha256
    assert not one.warnings
