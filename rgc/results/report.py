"""The HTML page of an answer: one file that loads nothing from elsewhere, with the plots as inline
SVG.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rgc.errors import Problem, SpecError
from rgc.errors import escape as visible
from rgc.results import files
from rgc.results.folder import files_of_the_run
from rgc.results.numbers import eigenvalue, with_error

POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
"""The page fetches nothing and runs nothing."""

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1b1b1b;max-width:62rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.5rem;margin-bottom:.2rem}
h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid #ccc}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.2rem .9rem .2rem 0;text-align:left}
th{font-weight:600;border-bottom:1px solid #999}
pre{background:#f6f6f3;padding:.8rem;overflow-x:auto}
.passed{color:#00684a}.failed{color:#b23c00;font-weight:600}
img{max-width:100%;height:auto} .small{color:#555;font-size:.85rem}
.wide{overflow-x:auto}
@media(prefers-color-scheme:dark){body{background:#fff}}
"""
ORDER = ("exponents", "flow", "configurations", "free_energy", "scan", "autocorrelation")
"""The order of the plots by name. Others come after them. Those of a part of another, such as
`scan.energy` of `scan`, are files only.
"""


def escape(text: str) -> str:
    """A text for the page. HTML has no place for control characters, which are made visible."""
    return html.escape("\n".join(map(visible, text.split("\n"))))


def report(summary: Mapping[str, Any], spec: str, drawings: Mapping[str, str]) -> str:
    """A whole page from the JSON document, the spec as it was run, and the plots as SVG texts by
    name.
    """
    title = escape(summary["spec"]["title"])
    head = (
        '<!doctype html>\n<html lang="en"><head><meta '
        f'charset="utf-8">{POLICY}<title>{title}</title><style>{STYLE}</style></head>'
    )
    end = f"<h2>The spec as run</h2><pre>{escape(spec)}</pre>" + _provenance(summary)
    return f"{head}\n<body>\n{body(summary, drawings)}\n{end}\n</body></html>\n"


def body(summary: Mapping[str, Any], drawings: Mapping[str, str]) -> str:
    """The page without its head, the spec and the provenance."""
    parts = [
        f"<h1>{escape(summary['spec']['title'])}</h1>",
        _line(summary),
        _checks(summary["checks"]),
    ]
    points = summary.get("points")
    names = [name for name in dict.fromkeys((*ORDER, *drawings)) if "." not in name]
    if points is None:
        parts += [
            _numbers(summary, key, title)
            for key, title in (("exponents", "Exponents"), ("fixed_point", "Fixed point"))
        ]
        parts += [
            _fixed_points(summary.get("fixed_points", ())),
            _numbers(summary, "observables", "Averages and other values"),
            _free_energies(summary["free_energy"]),
        ]
        parts += [_drawing(name, drawings) for name in names]
        parts += [_levels(summary["levels"]), _iterated(summary.get("iterated", ()))]
        parts += [_eigenvalues(summary["eigenvalues"])]
    else:
        parts += [_numbers(summary, "observables", "From the scan"), _points(points)]
        parts += [_drawing(name, drawings) for name in names]
    if summary["warnings"]:
        items = "".join(f"<li>{escape(text)}</li>" for text in summary["warnings"])
        parts.append(f"<h2>Warnings</h2><ul>{items}</ul>")
    return "\n".join(part for part in parts if part)


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
        page = report(summary, spec, drawings)
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


def _line(summary: Mapping[str, Any]) -> str:
    return (
        f'<p class="small">{escape(summary["scheme"])} on {escape(summary["backend"])}, '
        f"seed {summary['seed']}, "
        f"rgc {escape(summary['rgc'])}, spec {escape(summary['spec']['sha256'][:12])}</p>"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{lines}</table>"


def _number(estimate: Mapping[str, Any]) -> str:
    return escape(with_error(estimate["value"], estimate["error"]))


def _numbers(summary: Mapping[str, Any], key: str, title: str) -> str:
    if not summary[key]:
        return ""
    rows = [
        (
            escape(name),
            _number(estimate),
            escape(estimate["kind"]),
            escape(estimate.get("rule") or estimate.get("note") or ""),
        )
        for name, estimate in summary[key].items()
    ]
    return f"<h2>{title}</h2>" + _table(("", "value", "kind", "how"), rows)


def _fixed_points(points: Sequence[Mapping[str, Any]]) -> str:
    """All fixed points with their kind, couplings and spectra, where there are several."""
    if len(points) < 2:
        return ""
    every = [row for each in points for row in each["eigenvalues"]]
    sectors = list(dict.fromkeys(row["sector"] for row in every))
    told = any(row["exponent"] is not None for row in every)
    rows = [
        (
            escape(point["kind"]),
            *(_number(coupling) for coupling in point["couplings"].values()),
            *(
                ", ".join(
                    escape(_power(row) if told else _eigenvalue(row))
                    for row in point["eigenvalues"]
                    if row["sector"] == sector
                )
                for sector in sectors
            ),
            escape(point.get("note", "")),
        )
        for point in points
    ]
    power = "y" if told else "eigenvalues"
    head = ("kind", *points[0]["couplings"], *(f"{power} ({sector})" for sector in sectors), "")
    return f'<h2>Fixed points</h2><div class="wide">{_table(head, rows)}</div>'


def _power(row: Mapping[str, Any]) -> str:
    return with_error(row["exponent"], row["exponent_error"])


def _eigenvalue(row: Mapping[str, Any]) -> str:
    return eigenvalue(row["value"], row["imag"], row["error"])


def _free_energies(entries: Sequence[Mapping[str, Any]]) -> str:
    if not entries:
        return ""
    rows = [
        (
            escape(entry["method"]),
            _number(entry),
            escape(entry["kind"]),
            f"per {escape(entry['per'])}",
            escape(entry.get("note", "")),
        )
        for entry in entries
    ]
    return "<h2>Free energy</h2>" + _table(("method", "F", "kind", "", ""), rows)


def _checks(checks: Sequence[Mapping[str, Any]]) -> str:
    if not checks:
        return ""
    rows = [
        (
            '<span class="passed">passed</span>'
            if check["passed"]
            else '<span class="failed">failed</span>',
            escape(check["name"]),
            escape(with_error(check["value"], check["error"])),
            f"{escape(check['relation'])} {check['expected']:.10g}",
            "" if check["within"] is None else f"within {check['within']:.3g}",
            escape(check["source"] or ""),
            escape(check["reason"]),
        )
        for check in checks
    ]
    return "<h2>What was expected</h2>" + _table(
        ("", "", "found", "expected", "", "source", ""), rows
    )


def _levels(levels: Sequence[Mapping[str, Any]]) -> str:
    return "".join(
        _by_level(levels, key, title)
        for key, title in (("couplings", "Couplings"), ("observables", "Averages and other values"))
    )


def _iterated(chains: Sequence[Mapping[str, Any]]) -> str:
    """What is seen of chains after each step, with the reasons for what is not known."""
    if not chains:
        return ""
    names = tuple(chains[0]["observables"])
    rows = [
        (
            "data" if each["temperature"] is None else f"T = {each['temperature']:g}",
            str(each["step"]),
            *(_number(each["observables"][name]) for name in names),
        )
        for each in chains
    ]
    notes = dict.fromkeys(
        row.get("note") for each in chains for row in each["observables"].values()
    )
    said = "".join(f'<p class="small">{escape(note)}</p>' for note in notes if note)
    return "<h2>Chains up and down the stack</h2>" + _table(("start", "step", *names), rows) + said


def _by_level(levels: Sequence[Mapping[str, Any]], key: str, title: str) -> str:
    names = list(dict.fromkeys(name for level in levels for name in level[key]))
    if not any(level[key] for level in levels[1:]):
        return ""
    rows = [
        [str(level["level"]), " x ".join(map(str, level["shape"]))]
        + [_number(level[key][name]) if name in level[key] else "" for name in names]
        for level in levels
    ]
    return (
        f'<h2>{title} by level</h2><div class="wide">'
        + _table(("level", "cells", *names), rows)
        + "</div>"
    )


def _eigenvalues(eigenvalues: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            escape(row["sector"]),
            str(row["level"]) + (" (wraps)" if row["wrapped"] else ""),
            str(row["operators"]),
            escape(with_error(row["value"], row["error"])),
            escape(with_error(row["exponent"], row["exponent_error"])),
        )
        for row in eigenvalues
        if row["index"] == 1
    ]
    title = "<h2>Leading eigenvalues</h2>"
    return (
        title + _table(("sector", "level", "operators", "eigenvalue", "exponent"), rows)
        if rows
        else ""
    )


def _points(points: Sequence[Mapping[str, Any]]) -> str:
    tables = [
        {
            **point["exponents"],
            **point["observables"],
            **{f"free_energy[{entry['method']}]": entry for entry in point["free_energy"]},
        }
        for point in points
    ]
    names = list(dict.fromkeys(name for table in tables for name in table))
    rows = [
        [f"{value:g}" for value in point["parameters"].values()]
        + [_number(table[name]) if name in table else "" for name in names]
        for point, table in zip(points, tables, strict=True)
    ]
    table = _table([*points[0]["parameters"], *names], rows)
    return f'<h2>Points</h2><div class="wide">{table}</div>'


def _drawing(name: str, drawings: Mapping[str, str]) -> str:
    """The plot as an image, in which nothing runs and nothing is fetched."""
    if name not in drawings:
        return ""
    title = escape(name.capitalize().replace("_", " "))
    data = b64encode(drawings[name].encode("utf-8")).decode("ascii")
    return f'<h2>{title}</h2>\n<img alt="{title}" src="data:image/svg+xml;base64,{data}">'


def _provenance(summary: Mapping[str, Any]) -> str:
    return f"<h2>Provenance</h2><pre>{escape(json.dumps(summary['provenance'], indent=2))}</pre>"
