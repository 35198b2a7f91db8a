"""The tables of the page of an answer, from its JSON document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Any

from rgc.portrait.markup import escape
from rgc.results.figures.labels import method_names
from rgc.results.numbers import eigenvalue, with_error, with_kind

SHORT = 40
"""A note of more letters stands below its table, once for all the numbers of which it is said."""

LONG = 24
"""A table of more rows is folded, and opens where it is wanted."""


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls by itself where the page is narrow, without its empty columns. Cells are
    HTML, the rest is text.
    """
    cells = list(rows)
    used = [any(column) for column in zip(*cells, strict=True)]
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in compress(head, used))
    lines = "".join(f"<tr>{''.join(map(_cell, compress(row, used)))}</tr>" for row in cells)
    name = escape(caption)
    made = (
        f'<div class="wide" role="region" tabindex="0" aria-label="{name}"><table>'
        f"<caption>{name}</caption><tr>{top}</tr>{lines}</table></div>"
    )
    if len(cells) <= LONG:
        return made
    return f"<details><summary>{name.rstrip('.')}: {len(cells)} rows</summary>{made}</details>"


def _beside(note: str) -> str:
    """A note that stands in the row of its number, as HTML."""
    return escape(note) if len(note) <= SHORT else ""


def _below(notes: Iterable[tuple[str, str]]) -> str:
    """The long notes, each with the names of the numbers of which it is said."""
    said: dict[str, list[str]] = {}
    for name, note in notes:
        if len(note) > SHORT:
            said.setdefault(note, []).append(name)
    return "".join(
        f'<p class="note">{escape(", ".join(names))}: {escape(note)}.</p>'
        for note, names in said.items()
    )


def _cell(text: str) -> str:
    """A cell, which does not break where it is a number."""
    kind = ' class="digits"' if re.match(r"((=|above|below|within|&[lg]t;) )?-?[\d.]", text) else ""
    return f"<td{kind}>{text}</td>"


def number(estimate: Mapping[str, Any]) -> str:
    return escape(with_error(estimate["value"], estimate["error"]))


def _with_kind(estimate: Mapping[str, Any]) -> str:
    return escape(with_kind(estimate["value"], estimate["error"], estimate["kind"]))


def numbers(named: Mapping[str, Mapping[str, Any]], caption: str) -> str:
    """Numbers by name. What is said of several of them stands once, below the table."""
    if not named:
        return ""
    rows = [
        (escape(name), number(each), escape(each["kind"]), _beside(each.get("note") or ""))
        for name, each in named.items()
    ]
    rules = dict.fromkeys(each["rule"] for each in named.values() if each.get("rule"))
    return (
        table(caption, ("", "value", "kind", "note"), rows)
        + _below((name, each.get("note") or "") for name, each in named.items())
        + "".join(f'<p class="note">Rule: {escape(rule)}.</p>' for rule in rules)
    )


def fixed_points(points: Sequence[Mapping[str, Any]]) -> str:
    """All fixed points with their kind, couplings and spectra, where there are several."""
    if len(points) < 2:
        return ""
    every = [row for each in points for row in each["eigenvalues"]]
    sectors = list(dict.fromkeys(row["sector"] for row in every))
    told = any(row["exponent"] is not None for row in every)
    rows = [
        (
            escape(point["kind"]),
            *(number(coupling) for coupling in point["couplings"].values()),
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
    return table("All fixed points, their couplings and spectra.", head, rows)


def _power(row: Mapping[str, Any]) -> str:
    return with_error(row["exponent"], row["exponent_error"])


def _eigenvalue(row: Mapping[str, Any]) -> str:
    return eigenvalue(row["value"], row["imag"], row["error"])


def free_energies(entries: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            escape(entry["method"]),
            number(entry),
            escape(entry["kind"]),
            f"per {escape(entry['per'])}",
            _beside(entry.get("note", "")),
        )
        for entry in entries
    ]
    head = ("method", "F", "kind", "", "")
    said = _below((entry["method"], entry.get("note", "")) for entry in entries)
    return table("F in units of kT, by method.", head, rows) + said if rows else ""


def checks(entries: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            '<span class="passed">passed</span>'
            if check["passed"]
            else '<span class="failed">failed</span>',
            escape(check["name"]),
            _word_or_number(check["value"], check["error"]),
            f"{escape(check['relation'])} {_expected(check['expected'])}",
            "" if check["within"] is None else f"within {check['within']:.3g}",
            escape(check["source"] or ""),
            _beside(check["reason"]),
        )
        for check in entries
    ]
    head = ("", "", "found", "expected", "", "source", "")
    said = _below((check["name"], check["reason"]) for check in entries)
    return table("What the spec says must come out.", head, rows) + said if rows else ""


def _word_or_number(value: float | str | None, error: float | None) -> str:
    return escape(value if isinstance(value, str) else with_error(value, error))


def _expected(value: float | str) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.10g}"


def chains(entries: Sequence[Mapping[str, Any]]) -> str:
    """What is seen of chains after each step, with the reasons for what is not known."""
    if not entries:
        return ""
    names = tuple(entries[0]["observables"])
    rows = [
        (
            "data" if each["temperature"] is None else f"T = {each['temperature']:g}",
            str(each["step"]),
            *(number(each["observables"][name]) for name in names),
        )
        for each in entries
    ]
    notes = dict.fromkeys(
        row.get("note") for each in entries for row in each["observables"].values()
    )
    said = "".join(f'<p class="note">{escape(note)}</p>' for note in notes if note)
    caption = "Chains up and down the stack, by where they start and by step."
    return table(caption, ("start", "step", *names), rows) + said


def by_level(levels: Sequence[Mapping[str, Any]], key: str, caption: str) -> str:
    """Numbers of one kind by level. A run of one level has them elsewhere."""
    names = list(dict.fromkeys(name for level in levels for name in level[key]))
    if not any(level[key] for level in levels[1:]):
        return ""
    rows = [
        [str(level["level"]), "&#xD7;".join(map(str, level["shape"]))]
        + [number(level[key][name]) if name in level[key] else "" for name in names]
        for level in levels
    ]
    return table(caption, ("level", "cells", *names), rows)


def eigenvalues(entries: Sequence[Mapping[str, Any]]) -> str:
    """The leading eigenvalue of each sector, level and basis."""
    rows = [
        (
            escape(row["sector"]),
            str(row["level"]) + (" (wraps)" if row["wrapped"] else ""),
            str(row["operators"]),
            escape(with_error(row["value"], row["error"])),
            escape(with_error(row["exponent"], row["exponent_error"])),
        )
        for row in entries
        if row["index"] == 1
    ]
    head = ("sector", "level", "operators", "eigenvalue", "exponent")
    caption = (
        "The leading eigenvalue of the linearised map, by sector, level and size of the basis."
    )
    return table(caption, head, rows) if rows else ""


def points(entries: Sequence[Mapping[str, Any]]) -> str:
    """A row for each point of a scan, with bounds behind < and >."""
    column = method_names([[each["method"] for each in point["free_energy"]] for point in entries])
    tables = [
        {
            **point["exponents"],
            **point["observables"],
            **{f"free_energy[{column(entry['method'])}]": entry for entry in point["free_energy"]},
        }
        for point in entries
    ]
    names = list(dict.fromkeys(name for each in tables for name in each))
    rows = [
        [f"{value:g}" for value in point["parameters"].values()]
        + [_with_kind(each[name]) if name in each else "" for name in names]
        for point, each in zip(entries, tables, strict=True)
    ]
    return table("Every point of the scan.", [*entries[0]["parameters"], *names], rows)


# -- where it comes from ---------------------------------------------------------------------------


def provenance(summary: Mapping[str, Any]) -> str:
    """What ran where, and below what differs from point to point."""
    common = {
        "rgc": summary["rgc"],
        "spec": summary["spec"]["sha256"],
        "scheme": summary["scheme"],
        "seed": summary["seed"],
        **summary["provenance"],
    }
    whole = table("What ran, and where.", ("", ""), _flat(common))
    differ = [
        (", ".join(f"{key} = {value:g}" for key, value in point["parameters"].items()), *row)
        for point in summary.get("points", ())
        for row in _flat(point.get("provenance", {}))
    ]
    rows = [(escape(where), key, value) for where, key, value in differ]
    caption = "What differs from that at other points than the first."
    return whole + (table(caption, ("point", "", ""), rows) if rows else "")


def _flat(entries: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    """Names and values as HTML, with the names of mappings before those inside, and floats to six
    digits.
    """
    rows: list[tuple[str, str]] = []
    for key, value in entries.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{above}{key}, ")
        else:
            rows.append((escape(f"{above}{key}"), escape(_shown(value))))
    return rows


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return "-" if value is None else str(value)
