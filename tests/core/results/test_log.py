"""What a run says to a logger, and to a notebook."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rgc
from rgc.model.spec import Axis
from rgc.progress import Cell, Guarded, Lines, for_stream
from tests.core.results.test_scan_plot import scanned

SPEC = """
parameters { K = 0.4 }
lattice chain
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block decimate(2)
flow exact(steps=3)
scan { K = [0.3, 0.4] }
"""


class Handle:
    def __init__(self, shown: list[str]) -> None:
        self.shown = shown

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(data["text/plain"])


def test_a_run_is_told_to_the_logger(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "chain.rgc"
    path.write_text(SPEC)
    with caplog.at_level(logging.DEBUG, logger="rgc"):
        rgc.compile(path, backend="reference").run(out=tmp_path / "out")
    said = [record.getMessage() for record in caplog.records if record.name == "rgc"]
    assert [line for line in said if "step 0 of" in line and "K=0.3" in line]
    assert sum(": done in " in line for line in said) == 2
    assert said[-1] == f"results in {tmp_path / 'out'}"
    assert any(line.startswith("checkpoint ") for line in said)


def test_a_notebook_shows_one_line_that_goes() -> None:
    shown: list[str] = []
    now = [0.0]
    cell = Cell(lambda *a, **b: Handle(shown), clock=lambda: now[0])
    cell.start("K=0.4 <x>", 100)
    for done in range(1, 101):
        now[0] += 0.25
        cell.advance(done)
    cell.finish()
    cell.close()
    assert shown[0] == "K=0.4 <x>: 0 of 100 steps"
    assert "K=0.4 <x>: 99 of 100 steps, about 0 s left" in shown
    assert len(shown) < 60
    assert shown[-1] == ""


def test_notebooks_are_known_by_their_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    for kernel, kind in ((object(), Cell), (None, Lines)):
        python = SimpleNamespace(get_ipython=lambda kernel=kernel: SimpleNamespace(kernel=kernel))
        display = SimpleNamespace(display=lambda *a, **b: shown.append(a) or Handle([]))
        monkeypatch.setitem(sys.modules, "IPython", python)
        monkeypatch.setitem(sys.modules, "IPython.display", display)
        progress = for_stream()
        assert isinstance(progress, Guarded)
        assert isinstance(progress._inner, kind)
    assert len(shown) == 1


def test_a_notebook_shows_a_figure_by_itself() -> None:
    figure = scanned(Axis("K", (0.40, 0.42))).plot()["scan.energy"]
    assert figure._repr_png_().startswith(b"\x89PNG")
