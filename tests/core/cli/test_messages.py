"""What the command line says besides results: what comes later, other warnings, verdicts."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from rgc import cli
from rgc.cli.certificate import render_certificate
from rgc.progress import Lines
from rgc.verification.certificate import Certificate, Finding, Verdict, judged

LATER = """lattice complete(40)
spins s: ising
hamiltonian - sum(i < j) J[i,j]*s[i]*s[j]
parameters { J = hebb(patterns) }
data patterns(3)
flow recall(until=fixed_point)
"""
JUDGED = judged("a", "energies", "energies agree", "here", level="L0", complaint="")
GOOD = """parameters { K = 0.4 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow enumerate
measure { free_energy(methods=[enumerate]) }
"""


def test_the_check_says_what_cannot_be_run_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "later.rgc"
    path.write_text(LATER)
    assert cli.main(["check", str(path)]) == 0
    assert "later.rgc:6:6: warning[not-yet]: the scheme 'recall'" in capsys.readouterr().err
    assert cli.main(["check", "--strict", str(path)]) == 2


def test_warnings_of_other_code_have_our_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dispatch(words: list[str]) -> int:
        warnings.simplefilter("always")
        for _ in range(2):
            warnings.warn("overflow encountered in add", RuntimeWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(cli, "_dispatch", dispatch)
    assert cli.main([]) == 0
    assert capsys.readouterr().err == (
        "warning: numbers left the range of float64, so that some may be meaningless: "
        "overflow encountered in add\n"
    )


def test_figures_are_drawn_whatever_screen_is_named() -> None:
    code = (
        "from rgc.results.figures.style import new_figure, styled\n"
        "with styled(): new_figure(1, 1)\n"
        "import os; print(os.environ['MPLBACKEND'])"
    )
    named = os.environ | {"MPLBACKEND": "nonsense"}
    shown = subprocess.run(
        [sys.executable, "-c", code], env=named, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "nonsense\n"


def test_a_method_that_is_the_flow_has_one_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "twice.rgc"
    path.write_text(GOOD.replace("square(4)", "chain(3)"))
    assert cli.main(["run", str(path), "--backend", "reference", "--quiet"]) == 0
    table = capsys.readouterr().out.split("free energy\n")[1]
    assert table.count("enumerate") == 1


def finding(verdict: Verdict) -> Finding:
    return replace(JUDGED, verdict=verdict, seconds=1.0)


def certificate(*verdicts: Verdict) -> Certificate:
    return Certificate(
        title="",
        sha256="",
        seed=0,
        scheme="sample",
        lattice="",
        parameters={},
        stand_ins={},
        points=1,
        backends=(),
        missing={},
        instances={},
        findings=tuple(map(finding, verdicts)),
        provenance={},
    )


def test_what_was_not_checked_stands_beside_the_verdict() -> None:
    text = render_certificate(certificate("passed", "not checked", "not checked"))
    assert text.splitlines()[-1] == "PASSED, 2 not checked: 1 passed, in 3 s"
    text = render_certificate(certificate("passed", "not checked", "failed"))
    assert text.splitlines()[-1] == "FAILED, 1 not checked: 1 failed, 1 passed, in 3 s"


def test_plain_lines_can_say_what_begins() -> None:
    stream = StringIO()
    lines = Lines(stream, announces=True)
    lines.start("verify 1/2, averages", 1)
    lines.finish()
    assert stream.getvalue() == "verify 1/2, averages\n"
