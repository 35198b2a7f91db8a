"""The claims that come with rgc are checked, and those that take seconds are run and judged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import rgc
from rgc import claims, cost
from rgc.cli import main
from rgc.cli.claims import SLOW
from rgc.results.pages.ledger import Entry, ledger

INNER = """
data file("points.csv")
map diffusion(scale=0.5)
flow iterate
"""

FAST = ("X2", "X14")
"""Claims that are run in every test."""


@pytest.mark.parametrize("name", claims.names())
def test_a_claim_is_checked_without_a_warning_and_pins_its_verdict(name: str) -> None:
    loaded = rgc.load(claims.study(name))
    assert not loaded.warnings
    assert loaded.spec.claim is not None
    assert [each.word for each in loaded.spec.expectations if each.word]
    assert len(loaded.spec.about.splitlines()) >= 3
    assert cost.of_run(loaded).seconds < SLOW  # so that it runs without --slow


@pytest.mark.parametrize(
    "name",
    [
        name if name in FAST else pytest.param(name, marks=pytest.mark.slow)
        for name in claims.names()
    ],
)
def test_a_claim_comes_out_as_it_says(name: str) -> None:
    answer = rgc.compile(claims.study(name)).run(warn=lambda message: None)
    assert answer.passed, [check.reason for check in answer.checks]


def test_claims_stand_in_the_order_of_their_numbers() -> None:
    found = claims.names()
    numbers = [int(name.removeprefix("X")) for name in found if name.startswith("X")]
    assert numbers == sorted(numbers)
    assert found[: len(numbers)] == [f"X{number}" for number in numbers]
    assert found[-1] == "K5"
    with pytest.raises(rgc.SpecError, match="did you mean 'X14'"):
        claims.study("x14")


def test_the_page_of_all_claims(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["claims", "X2", "X14", "--out", str(out), "--quiet", "--strict"]) == 0
    page = (out / "index.html").read_text("utf-8")
    assert "not supported" in page
    assert page.count("data:image/svg+xml") == 2
    for name, run in (("X2", "deaf"), ("X14", "frustrated")):
        assert f'href="{name}/{run}/report.html"' in page
        assert (out / name / run / "report.html").exists()
    first = (out / "X14" / "summary.json").read_bytes()
    made = (out / "X14" / "summary.json").stat().st_mtime_ns
    capsys.readouterr()
    assert main(["claims", "X14", "--out", str(out), "--quiet"]) == 0
    assert (out / "X14" / "summary.json").stat().st_mtime_ns == made
    assert (out / "X14" / "summary.json").read_bytes() == first
    assert (out / "index.html").read_text("utf-8") == page


def test_what_is_finished_is_known_by_study_runs_and_seed(tmp_path: Path) -> None:
    loaded = rgc.load(claims.study("X2"))
    rgc.compile(loaded).run(out=tmp_path / "X2", warn=lambda message: None)
    assert claims.finished(tmp_path / "X2", loaded, 0) is not None
    assert claims.finished(tmp_path / "X2", loaded, 1) is None
    assert claims.finished(tmp_path / "X3", loaded, 0) is None


def test_what_is_finished_is_known_by_the_specs_and_files_of_its_runs(tmp_path: Path) -> None:
    specs, out = tmp_path / "specs", tmp_path / "out"
    specs.mkdir()
    (specs / "inner.rgc").write_text(INNER, "utf-8")
    (specs / "study.rgc").write_text(
        'runs { one = "inner.rgc" }\nmeasure { x = one.eigenvalue[2] }\n', "utf-8"
    )
    (specs / "points.csv").write_text("0.5,1\n1,1\n1,0.5\n", "utf-8")

    def read() -> rgc.loaded.Loaded:
        return rgc.load(specs / "study.rgc")

    rgc.compile(read()).run(out=out, warn=lambda message: None)
    assert claims.finished(out, read(), 0) is not None
    (specs / "points.csv").write_text("0.5,1\n1,1\n1,0\n", "utf-8")
    assert claims.finished(out, read(), 0) is None
    (specs / "points.csv").write_text("0.5,1\n1,1\n1,0.5\n", "utf-8")
    assert claims.finished(out, read(), 0) is not None
    (specs / "inner.rgc").write_text(INNER.replace("0.5", "0.25"), "utf-8")
    assert claims.finished(out, read(), 0) is None


def test_a_bound_that_was_changed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str, date: str = "2026-01-01") -> None:
        who = {"GIT_AUTHOR_DATE": f"{date}T12:00:00", "GIT_COMMITTER_DATE": f"{date}T12:00:00"}
        own = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
        subprocess.run(
            own, cwd=tmp_path, check=True, capture_output=True, env={**os.environ, **who}
        )

    def write(bound: str, date: str) -> None:
        lines = (
            f'runs {{ a = "a.rgc" }}\nclaim "x" from "y"\nsupports {{ a.energy below {bound} }}\n'
        )
        (tmp_path / "X1" / "study.rgc").write_text(lines, "utf-8")
        git("add", "-A")
        git("commit", "-qm", bound, date=date)

    (tmp_path / "X1").mkdir()
    monkeypatch.setattr(claims, "folder", lambda: tmp_path)
    git("init", "-q")
    write("-1", "2026-01-02")
    assert claims.history("X1") == []
    write("-0.5", "2026-03-04")
    assert claims.history("X1") == [
        "supports a.energy below -0.5 (2026-03-04), before below -1 (2026-01-02)"
    ]


def test_a_claim_that_was_not_run_is_named_with_the_reason() -> None:
    page = ledger([], {"X5": "it takes about 12 min, with --slow"})
    assert "Not run: X5: it takes about 12 min, with --slow." in page


def test_texts_of_a_study_are_escaped() -> None:
    found = {"claim": "<b>", "from": "<i>", "verdict": "depends", "because": "<u>"}
    summary = {"verdict": found, "runs": {"<s>": {"folder": "<s>"}}, "checks": [], "seed": 0}
    entry = Entry(name="X1", summary=summary, changed=["<tt>"], history=["<em>"])
    page = ledger([entry], {"X2": "<p>"})
    tags = ("<b>", "<i>", "<u>", "<s>", "<em>", "<tt>", "<p>:")
    assert not [tag for tag in tags if tag in page]


def test_of_many_runs_the_page_links_to_the_first() -> None:
    found = {"claim": "c", "from": "f", "verdict": "refuted", "because": "b"}
    runs = {f"r{k}": {"folder": f"r{k}"} for k in range(12)}
    summary = {"verdict": found, "runs": runs, "checks": [], "seed": 0}
    page = ledger([Entry(name="X1", summary=summary)], {})
    assert 'href="X1/r7/report.html"' in page
    assert 'href="X1/r8/report.html"' not in page
    assert "4 more in the study" in page
    summary["runs"] = dict(list(runs.items())[:9])
    assert 'href="X1/r8/report.html"' in ledger([Entry(name="X1", summary=summary)], {})


def test_the_page_says_what_was_changed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = ["claims", "X14", "--set", "points=11", "--seed", "1", "--out", str(out), "--quiet"]
    assert main(given) == 0
    assert claims.changed("X14", out / "X14") == ["points = 11 (21)"]
    page = (out / "index.html").read_text("utf-8")
    assert "changed: points = 11 (21), seed = 1 (0)" in page
    assert main(["claims", "X14", "--out", str(out), "--quiet"]) == 0
    assert "changed:" not in (out / "index.html").read_text("utf-8")
