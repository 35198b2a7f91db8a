"""What follows the last step may fail: no number is lost, and the folder can be finished later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rgc
from rgc.cli import main
from rgc.results import judge
from rgc.results.figures import plots
from rgc.results.pages import report

SPEC = """parameters { K = 0.2 }
lattice chain
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block decimate(2)
flow exact(steps=1)
scan { K = [0.2, 0.3] }
expect { y_t[K=0.2] = 0 within 1 }
"""


def broken(*arguments: object, **options: object) -> None:
    raise ZeroDivisionError("by nothing")


@pytest.mark.parametrize(
    ("module", "name", "what"),
    [
        (judge, "_made_check", "compute this check"),
        (plots, "figures", "write the plots"),
        (report, "report", "write report.html"),
    ],
)
def test_what_fails_after_the_last_step_loses_no_number(
    tmp_path: Path, module: object, name: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = rgc.compile(SPEC, backend="reference")
    whole = loaded.run(out=tmp_path / "whole", warn=lambda text: None)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, broken)
        answer = loaded.run(out=tmp_path / "out", warn=lambda text: None)
    said = f"this is a bug in rgc, which could not {what}: ZeroDivisionError: by nothing"
    assert [text for text in answer.warnings if text.startswith(said)]
    assert answer.points == whole.points
    written = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert written["points"] == whole.document()["points"]
    assert main(["report", str(tmp_path / "out")]) == 0
    assert "by nothing" in (tmp_path / "out" / "report.html").read_text()
    if what.startswith("write"):
        loaded.run(out=tmp_path / "out", resume=True)
    left, all_of_it = ({each.name for each in (tmp_path / n).iterdir()} for n in ("out", "whole"))
    assert left == all_of_it
