"""The parts of the page of a study: its claim with the verdict, and its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rgc.portrait.markup import escape
from rgc.results.pages.tables import number, table
from rgc.results.verdict import SAID

MARKS = {True: "holds", False: "fails", None: "open"}
"""Whether a line holds, in words."""


def claim(summary: Mapping[str, Any]) -> str:
    """What is claimed, by whom, what was found of it, and the lines that decided."""
    found = summary.get("verdict")
    if found is None:
        return ""
    rows = [
        (
            f'<span class="{_class(line["holds"])}">{MARKS[line["holds"]]}</span>',
            escape(line["bearing"]),
            escape(line["name"]),
            number(line),
            escape(line["asked"]),
            escape(", ".join(line["runs"])),
        )
        for line in found["lines"]
    ]
    head = ("", "bearing", "number", "found", "asked", "of")
    said = "Lines that decide, each of which holds by three errors of its number or does not."
    return (
        f"<blockquote>{escape(found['claim'])}<footer>{escape(found['from'])}</footer></blockquote>"
        f"<p>{chip(found['verdict'])} {escape(found['because'])}.</p>{table(said, head, rows)}"
    )


def chip(verdict: str) -> str:
    """A verdict as a coloured word."""
    return f'<span class="chip {escape(verdict)}">{escape(SAID[verdict])}</span>'


def _class(holds: bool | None) -> str:
    return "note" if holds is None else "passed" if holds else "failed"


def runs(summary: Mapping[str, Any]) -> str:
    """The runs, with links to their pages."""
    entries = summary.get("runs", {})
    rows = [
        (
            _link(name, run["folder"]),
            escape(run["scheme"]),
            str(run["points"]),
            str(run["seed"]),
            "" if run["passed"] else '<span class="failed">not as expected</span>',
            escape(run["spec"]["title"]),
        )
        for name, run in entries.items()
    ]
    head = ("run", "scheme", "points", "seed", "", "title")
    return table("What was run.", head, rows) if rows else ""


def _link(name: str, folder: str | None) -> str:
    if folder is None:
        return escape(name)
    return f'<a href="{escape(folder)}/report.html">{escape(name)}</a>'
