"""The HTML page of an answer: one file that loads nothing from elsewhere, with plots inside."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rgc.errors import Problem, SpecError
from rgc.portrait.markup import escape
from rgc.portrait.portrait import Portrait, portrait
from rgc.results import files
from rgc.results.folder import date_of_the_run, files_of_the_run
from rgc.results.pages import studies, tables
from rgc.results.pages.images import figure
from rgc.results.pages.style import HEAD, POLICY, STYLE

LATTICE = "lattice"
"""The name of the drawing of the lattice, which stands with the model."""

CAPTIONS = {
    "evidence": "The numbers that decide, with three errors, and where lists of lines hold.",
    "starts": "The levels of flows from several starts in one plane of couplings, and how far from "
    "the first flow the others are there, with one standard deviation.",
    "exponents": "Exponents by level and size of the basis, with one standard deviation; "
    "the band is the headline.",
    "couplings": "The largest couplings, level by level.",
    "dimensions": "Scaling dimensions by the charge of the symmetry, and the central charge with "
    "fewer states, step by step; the line is the step from which exponents are taken.",
    "maps": "Exponents by the parameter of the block map, with one standard deviation; "
    "the dashed line is the parameter that the sector chose.",
    "flow": "The flow of two couplings, with the fixed points.",
    "configurations": "One configuration, and its block spins level by level.",
    "histograms": "The magnetisation of every level, the same in units of its own spread, and the "
    "energy, with one standard deviation.",
    "zoom": "One configuration at each point of the scan, and its block spins level by level.",
    "free_energy": "The free energy in units of kT, as each method finds it.",
    "scan": "Numbers along the scan, with one standard deviation, but for those that never change; "
    "arrows point down from upper limits.",
    "autocorrelation": "Autocorrelations of time series.",
    "training": "The course of training.",
    "fields": "Weights of hidden units as maps of the visible ones, each layer with its scale.",
    "pairs": "Couplings of hidden units by the distance of their fields.",
    "visible_hidden": "Correlations of visible and hidden units by distance from what these look "
    "at, relative to the nearest.",
    "iterated": "Chains up and down the stack, step by step.",
    "cobweb": "The map and an orbit.",
    "basins": "Where each start goes.",
    "settling": "Orbits step by step.",
    "branches": "Where orbits settle, along the scan.",
    "oscillation": "The periodic amplitude of the singular part.",
    "points": "The points of the data.",
    "objective": "What is minimised, update by update.",
    "fit": "The data with the curve, and how well the curve fits other series.",
    "profiles": "What is left of squares with one unknown number held; its interval is shaded.",
    "spectrum": "Eigenvalues of the map, in the plane with the unit circle or along the scan.",
    LATTICE: "Sites, what the terms of the Hamiltonian multiply, and the cells of the block map.",
}
"""What the plots show by name, those on the page in this order. A plot of another name says its
name. Those of a part of another, such as `scan.energy` of `scan`, are files only.
"""

Parts = Sequence[tuple[str, str]]
"""Sections of the page: their titles and what they hold."""


def report(
    summary: Mapping[str, Any],
    spec: str,
    drawings: Mapping[str, str],
    *,
    date: str = "",
    downloads: Sequence[str] = (),
) -> str:
    """A whole page from the JSON document, the spec as it was run, and the plots as SVG texts by
    name. `downloads` are the files beside the page, and `date` says when they were written.
    """
    shown = portrait(spec)
    parts = [
        *_findings(summary, drawings),
        ("The model", _model(shown, drawings)),
        ("The spec as run", f'<pre tabindex="0">{shown.code}</pre>' if spec else ""),
        ("Provenance", tables.provenance(summary)),
        ("Make it again", _again(summary)),
        ("Files", _downloads(downloads)),
    ]
    parts = [(title, text) for title, text in parts if text]
    title = escape(summary["spec"]["title"])
    return (
        f'<!doctype html>\n<html lang="en"><head>{HEAD}{POLICY}<title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n{_top(summary, date)}\n{shown.about}\n"
        f"{_contents(parts)}\n<main>\n{_sections(parts)}\n</main>\n</body></html>\n"
    )


def body(summary: Mapping[str, Any], drawings: Mapping[str, str]) -> str:
    """The page without its head, the spec and the provenance."""
    return f"{_top(summary)}\n{_sections(_findings(summary, drawings))}"


def rebuild(folder: Path) -> Path:
    """Write `report.html` of an output folder again.

    Raises `SpecError` if the folder holds no result.
    """
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        spec = (folder / "spec.rgc").read_text(encoding="utf-8")
        own = files_of_the_run(folder)
        drawings = {
            path.stem: path.read_text(encoding="utf-8")
            for path in sorted(folder.glob("*.svg"))
            if own is None or path.name in own
        }
        date, names = date_of_the_run(folder), sorted(own or ())
        page = report(summary, spec, drawings, date=date, downloads=names)
    except (
        OSError,
        ArithmeticError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        hint = "an output folder is what `rgc run --out` writes"
        raise SpecError(
            [Problem("no-results", f"'{folder}' holds no result: {error}", hint=hint)]
        ) from None
    files.write_text(folder / "report.html", page)
    return folder / "report.html"


def _findings(summary: Mapping[str, Any], drawings: Mapping[str, str]) -> Parts:
    """What was found: tables and plots."""
    points = summary.get("points")
    names = [name for name in dict.fromkeys((*CAPTIONS, *drawings)) if "." not in name]
    plots = "\n".join(_drawing(name, drawings) for name in names if name != LATTICE)
    expected = ("What was expected", tables.checks(summary["checks"]))
    if points is not None:
        return (
            expected,
            (
                "From the scan",
                tables.numbers(summary["observables"], "Measures of the scan."),
            ),
            ("Points", tables.points(points)),
            ("Figures", plots.strip()),
        )
    levels = summary["levels"]
    caption = "Averages and other values"
    return (
        ("The claim", studies.claim(summary)),
        ("Runs", studies.runs(summary)),
        expected,
        ("Exponents", tables.numbers(summary["exponents"], "Critical exponents.")),
        (
            "Fixed points",
            tables.numbers(summary["fixed_point"], "The fixed point of the exponents.")
            + tables.fixed_points(summary.get("fixed_points", ())),
        ),
        (caption, tables.numbers(summary["observables"], f"{caption}.")),
        ("Free energy", tables.free_energies(summary["free_energy"])),
        ("Figures", plots.strip()),
        (
            "Levels",
            tables.by_level(levels, "couplings", "Couplings by level.")
            + tables.by_level(levels, "observables", f"{caption} by level."),
        ),
        ("Chains", tables.chains(summary.get("iterated", ()))),
        ("Eigenvalues", tables.eigenvalues(summary["eigenvalues"])),
    )


def _top(summary: Mapping[str, Any], date: str = "") -> str:
    """The title, what ran, and the warnings."""
    said = [
        f"{summary['scheme']} on {summary['backend']}",
        f"seed {summary['seed']}",
        f"rgc {summary['rgc']}",
        f"spec {summary['spec']['sha256'][:12]}",
        *([date] if date else []),
    ]
    line = f'<p class="small">{escape(", ".join(said))}</p>'
    return f"<h1>{escape(summary['spec']['title'])}</h1>\n{line}{_warnings(summary['warnings'])}"


def _warnings(warnings: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in warnings)
    return f'\n<div class="warnings"><h2>Warnings</h2><ul>{items}</ul></div>' if items else ""


def _contents(parts: Parts) -> str:
    links = "".join(f'<li><a href="#{_anchor(title)}">{title}</a></li>' for title, _ in parts)
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _sections(parts: Parts) -> str:
    return "\n".join(
        f'<section id="{_anchor(title)}"><h2>{title}</h2>\n{text}</section>'
        for title, text in parts
        if text
    )


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _model(shown: Portrait, drawings: Mapping[str, str]) -> str:
    math = f'<div class="wide" tabindex="0">{shown.formulas}</div>' if shown.formulas else ""
    return math + _drawing(LATTICE, drawings)


def _drawing(name: str, drawings: Mapping[str, str]) -> str:
    """The plot as an image, in which nothing runs and nothing is fetched."""
    if name not in drawings:
        return ""
    title = name.capitalize().replace("_", " ")
    caption = CAPTIONS.get(name, f"{title}.")
    return figure(drawings[name], f"{title}: {caption}", caption, plot=name != LATTICE)


def _again(summary: Mapping[str, Any]) -> str:
    """The command that gives the same digits again."""
    words = ["rgc", "run", "spec.rgc", "--seed", str(summary["seed"])]
    words += ["--backend", str(summary["backend"]), "--out", "again"]
    return (
        f'<pre tabindex="0">{escape(shlex.join(words))}</pre><p class="note">Files and specs that '
        "the spec names lie beside the one that was run.</p>"
    )


def _downloads(names: Sequence[str]) -> str:
    items = "".join(
        f'<li><a href="{escape(name)}" download>{escape(name)}</a></li>'
        for name in names
        if name != "report.html"
    )
    return f'<ul class="downloads">{items}</ul>' if items else ""
