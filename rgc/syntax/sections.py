"""What the body of each section may be in either spelling.

This is the shape of its entries, and that no entry or section stands twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rgc.errors import Problems
from rgc.syntax.ast import Call, Changed, Entry, Expectation, Expr, Item, Name, Section, Text
from rgc.text import Span

Body = str | Expr | tuple[Entry | Item | Expectation, ...]

OPERATORS = {
    "parameters": ("=", "~"),
    "spins": (":",),
    "runs": ("=",),
    "scan": ("=",),
    "measure": ("=", None),
}
FORMS = {
    "parameters": "K = 0.44, a draw J ~ normal(0, 1), or a function J(r) = 1/r^2",
    "spins": "s: ising",
    "runs": 'hot = "ising.rgc" { K = 0.2 }',
    "scan": "K = 0.43:0.45:9",
    "measure": "energy, or m = mean(i) s[i]",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A section and the places of what may carry its comments: entries, terms, or a text."""

    section: Section
    spans: tuple[Span, ...]


def check_entry(section: str, entry: Entry, problems: Problems) -> None:
    """Report an entry whose operator or left side the section has no use for."""
    hint = f"an entry of '{section}' is written {FORMS[section]}"
    if entry.op not in OPERATORS[section]:
        what = (
            f"'{entry.op}' has no place in '{section}'"
            if entry.op
            else f"this entry of '{section}' has no value"
        )
        problems.error(
            "wrong-operator" if entry.op else "missing-value", what, entry.target.span, hint=hint
        )
    elif entry.op is not None and not _nameable(section, entry.target):
        problems.error(
            "expected-name", "a name stands on the left side", entry.target.span, hint=hint
        )
    elif section == "runs" and entry.value and not isinstance(entry.value, Text | Changed):
        problems.error("wrong-kind", "a run is a spec in quotes", entry.value.span, hint=hint)


def _nameable(section: str, target: Expr) -> bool:
    if isinstance(target, Call) and section == "parameters":
        return not target.options and all(
            isinstance(argument, Name) for argument in target.arguments
        )
    return isinstance(target, Name)


def check_duplicates(section: str, entries: Iterable[Any], problems: Problems) -> None:
    """Report a name that two entries of one section define."""
    seen: dict[str, Span | None] = {}
    for entry in entries:
        if (
            not isinstance(entry, Entry)
            or entry.op is None
            or not isinstance(entry.target, Name | Call)
        ):
            continue
        name = entry.target.name
        if name in seen:
            problems.error(
                "duplicate-entry",
                f"'{name}' stands twice in '{section}'",
                entry.target.span,
                label=_first(seen[name]),
            )
        seen.setdefault(name, entry.target.span)


def check_sections(sections: Sequence[Section], problems: Problems) -> None:
    """Report a section that stands twice and an `include` that is not first."""
    seen: dict[str, Span | None] = {}
    for section in sections:
        if section.name in seen:
            problems.error(
                "duplicate-section",
                f"section '{section.name}' stands twice",
                section.name_span,
                label=_first(seen[section.name]),
            )
        if section.name == "include" and set(seen) - {"title", "about", "include"}:
            problems.error(
                "include-order",
                "include stands before what it is to be merged with",
                section.name_span,
                hint="move it to the top",
            )
        seen.setdefault(section.name, section.name_span)


def _first(span: Span | None) -> str:
    return f"first in line {span.position[0]}" if span else ""
