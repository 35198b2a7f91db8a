"""Numbers computed of other numbers that have errors and kinds."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from math import hypot

import numpy as np

from rgc.model.expressions import Apply, Expression, evaluate, written
from rgc.results.result import Estimate, Kind

Found = Mapping[Expression, Estimate]

OPPOSITE: Mapping[Kind, Kind] = {"lower bound": "upper bound", "upper bound": "lower bound"}

BENT = 2.0
"""How many times as large changes to one side are as those to the other where an expression bends.
"""

STEP = 1e-6
"""Relative step by which it is found whether a number rises with another."""


def derived(
    asked: Expression, found: Found, source: Callable[[Expression], Hashable] = lambda leaf: None
) -> Estimate:
    """An expression of numbers, whose leaves were found.

    Errors of leaves of one `source` are added, since nothing is known of how they go together;
    those of different sources, which are independent, add in quadrature. Where a leaf has no value
    there is none, with its note.
    """
    missing = next((each for each in found.values() if each.value is None), None)
    if missing is not None:
        return Estimate(None, None, note=missing.note)
    value = _at(asked, found)
    if not np.isfinite(value):
        return Estimate(None, None, note="not a finite number")
    notes = dict.fromkeys(each.note for each in found.values() if each.note)
    several = isinstance(asked, Apply)
    apart = len(set(map(source, found))) > 1
    how = "are added, those of different runs in quadrature" if apart else "are added"
    return Estimate(
        value,
        _propagated(asked, found, "error", source),
        _kind(asked, found),
        statistical=_propagated(asked, found, "statistical", source),
        systematic=_propagated(asked, found, "systematic", source),
        rule=f"{written(asked)}; the errors of its parts {how}" if several else "",
        note="; ".join(notes),
    )


def _at(asked: Expression, found: Found, moved: Expression | None = None, by: float = 0.0) -> float:
    """The value of an expression where one of its leaves is moved."""

    def leaf(each: Expression) -> np.float64:
        return np.float64((found[each].value or 0.0) + by * (each == moved))

    with np.errstate(all="ignore"):
        return float(evaluate(asked, leaf, np))


def _propagated(
    asked: Expression, found: Found, part: str, source: Callable[[Expression], Hashable]
) -> float | None:
    """The change by a part of the error of all leaves, None where one is not known."""
    totals: dict[Hashable, float] = {}
    for leaf, each in found.items():
        error = getattr(each, part)
        if error is None:
            return None
        totals[source(leaf)] = totals.get(source(leaf), 0.0) + _change(asked, found, leaf, error)
    total = hypot(*totals.values())
    return total if np.isfinite(total) else None


def _change(asked: Expression, found: Found, leaf: Expression, error: float) -> float:
    """By how much an expression changes with a leaf: half of the difference over an error to both
    sides, and the larger change to one side where the expression bends between them, as |x| does
    near 0, where that difference is next to nothing.
    """
    value = _at(asked, found)
    up, down = (_at(asked, found, leaf, sign * error) - value for sign in (1, -1))
    larger, smaller = max(abs(up), abs(down)), min(abs(up), abs(down))
    straight = up * down <= 0 and larger <= BENT * smaller
    return abs(up - down) / 2 if straight else larger


def _kind(asked: Expression, found: Found) -> Kind:
    """The kind of the expression. One of a single bound is the same bound where it rises with it,
    and the opposite where it falls; one of several numbers compares bounds as they stand.
    """
    kinds = {each.kind for each in found.values()}
    if len(found) == 1:
        ((leaf, only),) = found.items()
        return _through(asked, found, leaf) if only.kind in OPPOSITE else only.kind
    if "estimate" in kinds:
        return "estimate"
    return "truncated" if "truncated" in kinds else "exact"


def _through(asked: Expression, found: Found, leaf: Expression) -> Kind:
    """The kind of an expression of one bound."""
    step = STEP * max(1.0, abs(found[leaf].value or 0.0))
    rises = _at(asked, found, leaf, step) >= _at(asked, found, leaf, -step)
    kind = found[leaf].kind
    return kind if rises else OPPOSITE[kind]
