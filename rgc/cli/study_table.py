"""The runs of a study and its verdict, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import TYPE_CHECKING

from rgc.cli.columns import WIDTH, aligned, marks
from rgc.errors import escape
from rgc.results.numbers import with_error
from rgc.results.verdict import SAID, Verdict, bound

if TYPE_CHECKING:
    from rgc.results.answer_data import AnswerData


def render_study(answer: AnswerData) -> Iterator[str]:
    """The runs, and the claim with what was found of it."""
    if answer.runs:
        yield f"runs\n{_runs(answer.runs)}"
    if answer.verdict is not None:
        yield _verdict(answer.verdict)


def _runs(runs: Mapping[str, AnswerData]) -> str:
    rows = []
    for name, run in runs.items():
        points = f"{len(run.points)} points" if run.axes else ""
        passed = sum(check.passed for check in run.checks)
        checks = f"{passed} of {len(run.checks)} expected" if run.checks else ""
        rows.append((name, escape(run.title), run.points[0].result.scheme, points, checks))
    return aligned(rows)


def _verdict(found: Verdict) -> str:
    good, bad = marks()
    rows = []
    for line in found.lines:
        value = with_error(line.found.value, line.found.error) if line.found else "-"
        holds = "?" if line.holds is None else good if line.holds else bad
        rows.append((holds, line.bearing, line.expected.target, value, bound(line.expected)))
    claim = fill(f"claim: {escape(found.claim.text)} ({escape(found.claim.source)})", WIDTH)
    said = fill(f"{SAID[found.word]}: {escape(found.because)}", WIDTH, subsequent_indent="  ")
    return f"{claim}\n{aligned(rows)}\n{said}"
