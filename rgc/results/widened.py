"""Errors that come from uncertain parameters: two more runs, with the parameter above and below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from math import hypot, isfinite
from typing import Any, TypeVar

from rgc.results.answer_data import Point
from rgc.results.result import (
    Eigenvalue,
    Estimate,
    FixedPoint,
    FreeEnergy,
    IteratedChains,
    Level,
    Result,
)

T = TypeVar("T")

SPREAD = 3.0
"""Standard deviations of the parameter from the middle to the runs above and below.

The noise of their difference adds 1 / (2 SPREAD^2), 6 %, to the variance of a number that does not
depend on the parameter at all; closer runs would add more, and farther ones bend the line.
"""

RECORDS = (Point, Result, Level, FixedPoint, IteratedChains)


def widened(found: T, above: T, below: T, name: str) -> T:
    """The numbers of an answer with the error that an uncertain parameter causes, called `name`.

    `above` and `below` are the same answer with the parameter `SPREAD` of its standard deviations
    higher and lower: a number x changes by (above - below) / (2 SPREAD) for one deviation, which is
    added to its error in quadrature, as a systematic part. Numbers that one of the three lacks have
    no error, with a note.
    """
    wider: T = _wider(found, (above, below), name)
    return wider


def _wider(found: Any, moved: tuple[Any, Any], name: str) -> Any:
    match found:
        case Estimate():
            return _estimate(found, _change(found, moved, "value"), name)
        case FreeEnergy():
            change = _change(found, moved, "value")
            note = _gone(name) if change is None and found.error is not None else found.note
            return replace(found, error=_sum(found.error, change), note=note)
        case Eigenvalue():
            return replace(
                found,
                error=_sum(found.error, _change(found, moved, "value")),
                exponent_error=_sum(found.exponent_error, _change(found, moved, "exponent")),
            )
        case Mapping():
            return {key: _wider(each, _parts(moved, key), name) for key, each in found.items()}
        case tuple():
            return tuple(_wider(each, _parts(moved, k), name) for k, each in enumerate(found))
    if not isinstance(found, RECORDS):
        return found
    keys = [field.name for field in fields(found)]
    above, below = ({key: getattr(each, key, None) for key in keys} for each in moved)
    parts = {key: _wider(getattr(found, key), (above[key], below[key]), name) for key in keys}
    return replace(found, **parts)


def _parts(moved: tuple[Any, Any], key: Any) -> tuple[Any, Any]:
    """The parts of two tables with one key; None where there is none."""
    above, below = (
        each[key]
        if isinstance(each, Mapping) and key in each
        else each[key]
        if isinstance(each, tuple) and key < len(each)
        else None
        for each in moved
    )
    return above, below


def _change(found: Any, moved: tuple[Any, Any], name: str) -> float | None:
    """What one standard deviation changes, or None where a number is missing."""
    values = [getattr(each, name, None) for each in (found, *moved)]
    known = [float(value) for value in values if value is not None and isfinite(value)]
    return abs(known[1] - known[2]) / (2 * SPREAD) if len(known) == 3 else None


def _sum(error: float | None, change: float | None) -> float | None:
    return None if error is None or change is None else hypot(error, change)


def _gone(name: str) -> str:
    return f"'{name}' is uncertain, and within three of its errors this number is not always there"


def _estimate(found: Estimate, change: float | None, name: str) -> Estimate:
    if found.value is None or found.error is None or change == 0:
        return found
    if change is None:
        return replace(found, error=None, statistical=None, systematic=None, note=_gone(name))
    return replace(
        found,
        error=hypot(found.error, change),
        kind="estimate" if found.kind == "exact" else found.kind,
        statistical=found.error if found.statistical is None else found.statistical,
        systematic=hypot(found.systematic or 0.0, change),
        rule=f"{found.rule}; with what the error of {name} changes" if found.rule else "",
    )
