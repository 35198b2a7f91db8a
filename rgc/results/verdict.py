"""The verdict of a study on its claim: which lines hold, of which system, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rgc.model.claim import Bearing, Claim, System, Word, system_of
from rgc.model.target import SIDES, ExpectedValue, article
from rgc.results.checks import unusable, wrong_side
from rgc.results.numbers import with_error
from rgc.results.result import Estimate

ROUNDING = 1e-9
"""A relative error below which a number is told to six digits, without it."""

ERRORS = 3.0
"""Errors of its value by which a line must hold."""

SAID: Mapping[str, str] = {
    "supported": "supported",
    "refuted": "not supported",
    "identity": "true by construction",
    "depends": "depends",
    "undecided": "undecided",
}
"""Verdicts in words for people."""

FOLLOWS: Mapping[Bearing, Word] = {
    "supports": "supported",
    "refutes": "refuted",
    "identity": "identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that decides about a claim, and how it came out.

    `holds` is None where the value is too near to the bound for its error, or decides nothing, as
    `reason` says.
    """

    bearing: Bearing
    expected: ExpectedValue
    system: System
    found: Estimate | None
    holds: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on a claim, and in `because` the reason for people."""

    claim: Claim
    word: Word
    because: str
    lines: tuple[Line, ...]


HELD: Mapping[Bearing, str] = {
    "supports": "supported",
    "refutes": "refuted",
    "identity": "true by construction",
}


def verdict(claim: Claim, find: Callable[[ExpectedValue], Estimate]) -> Verdict:
    """The verdict on a claim, where `find` gives the value of a line.

    A list of lines holds of a system where each of its lines about it holds by three errors. What
    `supports` a claim of every system that it speaks of, while nothing refutes it of any, makes it
    `supported`; `refuted` and `identity` likewise. What supports it of one system and refutes it of
    another makes it depend. Anything else leaves it undecided.
    """
    lines = tuple(_line(bearing, line, find(line)) for bearing, line in claim.lines)
    held = {
        bearing: {
            system: all(each.holds for each in lines if _is(each, bearing, system))
            for system in dict.fromkeys(each.system for each in lines if each.bearing == bearing)
        }
        for bearing in FOLLOWS
    }
    somewhere = [bearing for bearing in FOLLOWS if any(held[bearing].values())]
    everywhere = [bearing for bearing in somewhere if all(held[bearing].values())]
    if len(somewhere) > 1:
        because = "; ".join(_of_systems(bearing, held[bearing], lines) for bearing in somewhere)
        return Verdict(claim=claim, word="depends", because=because, lines=lines)
    if everywhere:
        because = _held(lines, everywhere[0])
        return Verdict(claim=claim, word=FOLLOWS[everywhere[0]], because=because, lines=lines)
    because = "; ".join(dict.fromkeys(each.reason for each in lines if not each.holds))
    return Verdict(claim=claim, word="undecided", because=because, lines=lines)


def _is(line: Line, bearing: Bearing, system: System) -> bool:
    return line.bearing == bearing and line.system == system


def _of_systems(bearing: Bearing, held: Mapping[System, bool], lines: Sequence[Line]) -> str:
    """Of which systems a list holds, with its lines about them."""
    systems = [system for system, holds in held.items() if holds]
    named = ", ".join(" and ".join(system) for system in systems)
    there = [each for each in lines if each.system in systems]
    return f"{HELD[bearing]} of {named}, where {_held(there, bearing)}"


def _held(lines: Sequence[Line], bearing: Bearing) -> str:
    """The lines of a list that decide, with their numbers."""
    return "; ".join(
        f"{each.expected.target} = {_short(each.found)}, {bound(each.expected)}"
        for each in lines
        if each.bearing == bearing
    )


def _short(found: Estimate | None) -> str:
    """A number with its error, and one without any to six digits."""
    if found is None or found.value is None:
        return "-"
    known = found.error is not None and found.error <= ROUNDING * abs(found.value)
    return f"{found.value:.6g}" if known else with_error(found.value, found.error)


def bound(line: ExpectedValue) -> str:
    """What a line asks for, in words: `below 0.1`, `within 0.02 of 1`."""
    if line.relation != "=":
        return f"{line.relation} {line.value:.10g}"
    widths = " and ".join(
        f"{each.value:.10g}{' %' if each.unit == 'percent' else ''}" for each in line.within
    )
    return f"within {widths} of {line.value:.10g}" if widths else f"equal to {line.value:.10g}"


def _line(bearing: Bearing, line: ExpectedValue, found: Estimate) -> Line:
    holds, reason = decided(line, found)
    said = f"{line.target} {reason}" if reason else ""
    return Line(
        bearing=bearing,
        expected=line,
        system=system_of(line),
        found=found,
        holds=holds,
        reason=said,
    )


def decided(line: ExpectedValue, found: Estimate) -> tuple[bool | None, str]:
    """Whether a line holds by three errors of its value, fails by as much, or neither, and why it
    does not hold.
    """
    reason = unusable(found) or wrong_side(line, found)
    if not reason and line.relation == "=" and found.kind in SIDES.values():
        reason = f"{article(found.kind)} cannot show what it is"
    if reason:
        return None, f"decides nothing: {reason}"
    value, error = found.value or 0.0, ERRORS * (found.error or 0.0)
    low, high = line.interval
    margin = min(value - low, high - value)
    if margin > error or (margin == error and line.relation == "="):
        return True, ""
    if margin < -error:
        return False, f"= {_short(found)} is not {bound(line)}"
    return (
        None,
        f"= {_short(found)} is too near to what is asked, {bound(line)}, for three of its errors",
    )
