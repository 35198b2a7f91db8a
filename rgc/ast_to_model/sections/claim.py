"""The section `claim`, and the lines that decide about it: `supports`, `refutes`, `identity`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.scope import problem
from rgc.ast_to_model.sections.bounds import check_shows
from rgc.ast_to_model.sections.expect import check_lines
from rgc.errors import Problem, listing
from rgc.model.claim import BEARINGS, Bearing, Claim, system_of
from rgc.model.spec import Spec
from rgc.model.target import ExpectedValue
from rgc.syntax import ast

Interval = tuple[float, float]


def check_claim(spec: Spec, context: Context) -> Spec:
    """The study with its claim.

    Reports a claim without a source, without runs that decide about it or without lines, lines
    without a claim, tolerances in units of the error, and lists of lines that can all hold where
    they say different things.
    """
    named = [name for name in ("claim", *BEARINGS) if context.section(name) is not None]
    if not named:
        return spec
    if not context.is_study:
        message = f"'{named[0]}' belongs to a study, which runs other specs"
        hint = 'add runs { hot = "ising.rgc" }'
        context.problems.extend([_at(named[0], message, hint, context)])
        return spec
    with context.failing("claim"):
        text, source = _said(context)
        lines = tuple(_lines(spec, context))
        if not context.failed & {"claim", *BEARINGS, "measure", "runs"}:
            _check_lines(lines, spec, context)
            claim = Claim(
                text=text, source=source, lines=lines, span=context.document.place("claim")
            )
            return replace(spec, claim=claim)
    return spec


def _at(section: str, message: str, hint: str, context: Context) -> Problem:
    found = context.section(section)
    return Problem("unused-section", message, found.name_span if found else None, hint=hint)


def _said(context: Context) -> tuple[str, str]:
    """What the claim says, and whose it is."""
    body = context.body("claim")
    match body:
        case ast.Sourced(text, source) if text.strip() and source.strip():
            return text, source
    hint = 'write claim "each layer is a step of the renormalisation group" from "Martin 2015"'
    if body is None:
        section = next(each for each in BEARINGS if context.section(each) is not None)
        found = context.section(section)
        message = f"'{section}' decides about a claim, and there is none"
        raise problem("missing-section", message, found.name_span if found else None, hint=hint)
    message = "a claim is a text, and says whose it is"
    raise problem("missing-source", message, body.span, hint=hint)


def _lines(spec: Spec, context: Context) -> Iterator[tuple[Bearing, ExpectedValue]]:
    for bearing in BEARINGS:
        for line in check_lines(bearing, spec, context):
            yield bearing, line


def _check_lines(
    lines: Sequence[tuple[Bearing, ExpectedValue]], spec: Spec, context: Context
) -> None:
    """Raise `SpecError` for lines that decide nothing, or two things at once."""
    if not lines:
        hint = "add supports { ... } and refutes { ... }"
        place = context.document.place("claim")
        raise problem("missing-section", "nothing decides about this claim", place, hint=hint)
    for bearing, line in lines:
        check_shows(line, spec)
        for tolerance in line.within:
            if tolerance.unit == "sigma":
                message = f"in '{bearing}' a tolerance of {tolerance.value:g} sigma holds for noise"
                hint = "write the tolerance as a number: a line holds by three errors of its value"
                raise problem("wrong-tolerance", message, line.span, hint=hint)
    for one, other in (("supports", "refutes"), ("supports", "identity"), ("refutes", "identity")):
        _check_apart(one, other, lines)


def _check_apart(one: str, other: str, lines: Sequence[tuple[Bearing, ExpectedValue]]) -> None:
    """Raise `SpecError` where two lists can both hold of one system."""
    these, those = _by_system(one, lines), _by_system(other, lines)
    for system in these.keys() & those.keys():
        first, second = _intervals(these[system]), _intervals(those[system])
        shared = first.keys() & second.keys()
        if any(_apart(first[name], second[name]) for name in shared):
            continue
        where = listing(system)
        message = f"of {where}, '{one}' and '{other}' can both hold, so that they decide nothing"
        hint = f"give both a line on one number of {where} whose bounds leave no common value"
        raise problem("both-can-hold", message, those[system][0].span, hint=hint)


def _by_system(
    bearing: str, lines: Sequence[tuple[Bearing, ExpectedValue]]
) -> dict[tuple[str, ...], list[ExpectedValue]]:
    found: dict[tuple[str, ...], list[ExpectedValue]] = {}
    for each, line in lines:
        if each == bearing:
            found.setdefault(tuple(sorted(system_of(line))), []).append(line)
    return found


def _intervals(lines: Sequence[ExpectedValue]) -> Mapping[str, Interval]:
    """The values with which all lines on a number hold, by the number."""
    found: dict[str, Interval] = {}
    for line in lines:
        low, high = line.interval
        least, most = found.get(line.target, (-inf, inf))
        found[line.target] = max(low, least), min(high, most)
    return found


def _apart(one: Interval, other: Interval) -> bool:
    return one[1] <= other[0] or other[1] <= one[0]
