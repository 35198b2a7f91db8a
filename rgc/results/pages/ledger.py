"""The page of all claims: what is claimed, what was found of it, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rgc.portrait.markup import escape
from rgc.results.pages.images import figure
from rgc.results.pages.studies import chip
from rgc.results.pages.style import HEAD, POLICY, STYLE
from rgc.version import __version__

TITLE = "Is deep learning the renormalisation group?"

LEAD = (
    "Each claim, the experiment that decides about it, and what came out. A line of a study holds "
    "where its number obeys it by three of its errors; what the definitions make true is marked as "
    "such. Every row is a spec that anyone can run and change."
)

RUNS = 9
"""Runs of a study that the page links to."""

LEDGER = """
body{max-width:70rem}
table.ledger{width:100%}
table.ledger td{padding:.55rem .9rem .55rem 0;border-top:1px solid var(--line)}
table.ledger td:nth-child(2){min-width:15rem}
table.ledger th{border-bottom:0}td.id{font-weight:600}td.evidence{font-size:.9rem}
.figures{columns:21rem;column-gap:1.2rem}
.figures figure{margin:0 0 1.6rem;break-inside:avoid}
@media print{table.ledger tr{break-inside:avoid}}
@media(max-width:46rem){table.ledger,.ledger tbody,.ledger tr,.ledger td{display:block}
.ledger thead{display:none}table.ledger td{border:0;padding:.1rem 0}.ledger tr{border-top:1px solid
var(--line);padding:.6rem 0}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A claim in the ledger: its name, the document of its study, the figure of its evidence, the
    parameters that had other values than its own, and what its deciding lines were before, as the
    history of the project has it.
    """

    name: str
    summary: Mapping[str, Any]
    drawing: str = ""
    changed: Sequence[str] = field(default_factory=tuple)
    history: Sequence[str] = field(default_factory=tuple)


def ledger(entries: Sequence[Entry], left_out: Mapping[str, str]) -> str:
    """The page. `left_out` are claims that were not run, with the reason."""
    rows = "".join(map(_row, entries))
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("", "claim", "verdict", "because", "evidence")
    )
    figures = "".join(map(_figure, entries))
    return (
        f'<!doctype html>\n<html lang="en"><head>{HEAD}{POLICY}<title>{TITLE}</title>'
        f"<style>{STYLE}{LEDGER}</style></head>\n<body><h1>{TITLE}</h1>\n<p>{LEAD}</p>\n<main>"
        f'<table class="ledger"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>\n'
        f"{_left_out(left_out)}"
        '<section id="figures"><h2>The numbers that decide</h2>'
        f'<div class="figures">{figures}</div>'
        f"</section>\n{_history(entries)}</main>\n"
        f'<p class="small">rgc {escape(__version__)}</p></body></html>\n'
    )


def _row(entry: Entry) -> str:
    found = entry.summary["verdict"]
    cells = (
        ("id", escape(entry.name)),
        ("", f'{escape(found["claim"])}<br><span class="small">{escape(found["from"])}</span>'),
        ("", chip(found["verdict"]) + _unexpected(entry.summary) + _changed(entry)),
        ("", f"{escape(found['because'])}."),
        ("evidence", _evidence(entry)),
    )
    return "<tr>" + "".join(f'<td class="{name}">{text}</td>' for name, text in cells) + "</tr>"


def _changed(entry: Entry) -> str:
    """What was changed in the study: its parameters and the seed of its runs."""
    seed = entry.summary["seed"]
    said = [*entry.changed, *([f"seed = {seed} (0)"] if seed else [])]
    return f'<br><span class="note">changed: {escape(", ".join(said))}</span>' if said else ""


def _unexpected(summary: Mapping[str, Any]) -> str:
    failed = sum(not check["passed"] for check in summary["checks"])
    return f'<br><span class="failed">{failed} not as expected</span>' if failed else ""


def _evidence(entry: Entry) -> str:
    """Links to the study and to its runs, of many to the first."""
    name, runs = escape(entry.name), entry.summary["runs"]
    made = [(title, run) for title, run in runs.items() if run["folder"] is not None]
    shown = made if len(made) <= RUNS else made[: RUNS - 1]
    links = [f'<a href="{name}/report.html">study</a>']
    links += [
        f'<a href="{name}/{escape(run["folder"])}/report.html">{escape(title)}</a>'
        for title, run in shown
    ]
    more = [f"{len(made) - len(shown)} more in the study"] if len(shown) < len(made) else []
    return " &#xB7; ".join([*links, *more])


def _figure(entry: Entry) -> str:
    if not entry.drawing:
        return ""
    caption = f"{entry.name}: {entry.summary['verdict']['claim']}."
    return figure(entry.drawing, caption, caption)


def _left_out(reasons: Mapping[str, str]) -> str:
    if not reasons:
        return ""
    said = "; ".join(f"{escape(name)}: {escape(reason)}" for name, reason in reasons.items())
    return f'<p class="note">Not run: {said}.</p>\n'


def _history(entries: Sequence[Entry]) -> str:
    """What decided about a claim and was changed later, with both dates."""
    items = "".join(
        f"<li>{escape(entry.name)}: {escape(line)}</li>"
        for entry in entries
        for line in entry.history
    )
    if not items:
        return ""
    return f'<section id="history"><h2>What decided before</h2><ul>{items}</ul></section>\n'
