"""Numbers computed of other numbers that have errors and kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt
from typing import Any

import numpy as np

from rgc.analysis.statistics import jackknife
from rgc.model.expressions import Apply, Expression, evaluate, written
from rgc.results.result import Estimate, Kind

Found = Mapping[Expression, Estimate]

OPPOSITE: Mapping[Kind, Kind] = {"lower bound": "upper bound", "upper bound": "lower bound"}

BENT = 2.0
"""How many times as large changes to one side are as those to the other where an expression bends.
"""

STEP = 1e-6
"""Relative step by which it is found whether a number rises with another, and part of an error that
is next to nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """Which run a leaf is of, and its seed: replicas of the same number share random numbers in all
    runs with one seed.
    """

    name: str
    seed: int


Source = Callable[[Expression], Run | None]


def derived(asked: Expression, found: Found, of: Source = lambda leaf: None) -> Estimate:
    """An expression of numbers, whose leaves were found, each `of` a run.

    Statistical errors of runs with one seed go together by the jackknife where all their leaves
    have resamples. Other errors of leaves of one run are added, since nothing is known of how they
    go together; those of different runs, which are independent, add in quadrature. Where a leaf has
    no value there is none, with its note.
    """
    missing = next((each for each in found.values() if each.value is None), None)
    if missing is not None:
        return Estimate(None, None, note=missing.note)
    value = _at(asked, found)
    if not np.isfinite(value):
        return Estimate(None, None, note="not a finite number")
    notes = dict.fromkeys(each.note for each in found.values() if each.note)
    together = _together(found, of)
    joint = [_jackknifed(asked, found, leaves) for leaves in together]
    resampled = {leaf for leaves in together for leaf in leaves}

    def propagated(part: Callable[[Estimate], float | None], leaves: Collection[Expression]) -> Any:
        return _propagated(asked, found, {leaf: part(found[leaf]) for leaf in leaves}, of)

    alone = found.keys() - resampled
    statistical = propagated(lambda each: each.statistical, alone)
    error = propagated(lambda each: each.error, alone)
    return Estimate(
        value,
        _quadrature(error, propagated(_unshared, resampled), *joint),
        _kind(asked, found),
        statistical=_quadrature(statistical, *joint),
        systematic=propagated(lambda each: each.systematic, found.keys()),
        rule=f"{written(asked)}; {_how(found, together, of)}" if isinstance(asked, Apply) else "",
        note="; ".join(notes),
    )


def _together(found: Found, of: Source) -> list[tuple[Expression, ...]]:
    """The leaves of runs with one seed, as many as have the same number of resamples and no leaf of
    the run without them.
    """
    bare = {of(leaf) for leaf, each in found.items() if each.error and not each.resamples}
    groups: dict[tuple[int, int], list[Expression]] = {}
    for leaf, each in found.items():
        run = of(leaf)
        if run is not None and run not in bare and each.resamples:
            groups.setdefault((run.seed, len(each.resamples)), []).append(leaf)
    return [tuple(leaves) for leaves in groups.values()]


def _jackknifed(asked: Expression, found: Found, leaves: Sequence[Expression]) -> float | None:
    """The error of an expression where some leaves are resampled together: the larger one of the
    expression and of the linear one that changes as it does over an error of each leaf, since
    resamples are closer than errors, and may all lie on one side of a bend, as that of |x| at 0.
    """
    first, resamples = leaves[0], {leaf: np.array(found[leaf].resamples) for leaf in leaves}
    aside = (found[first].value or 0.0) + STEP * (found[first].error or 0.0)  # not on a bend
    near = {**found, first: replace(found[first], value=aside)}

    def leaf_values(leaf: Expression) -> Any:
        return resamples.get(leaf, np.float64(found[leaf].value))

    with np.errstate(all="ignore"):
        curved = evaluate(asked, leaf_values, np)
        straight = sum(_slope(asked, near, leaf) * resamples[leaf] for leaf in leaves)
        count = len(resamples[first])
        both = [jackknife(np.broadcast_to(each, (count,)))[1] for each in (curved, straight)]
    error = float(max(both))
    return error if np.isfinite(error) else None


def _slope(asked: Expression, found: Found, leaf: Expression) -> float:
    """By how much an expression changes with a leaf over its error, by that error."""
    error = found[leaf].error
    return _change(asked, found, leaf, error) / error if error else 0.0


def _unshared(each: Estimate) -> float | None:
    """The part of an error that is not statistical."""
    if each.error is None or each.statistical is None:
        return each.error
    return sqrt(max(0.0, each.error**2 - each.statistical**2))


def _quadrature(*errors: float | None) -> float | None:
    """The root of the sum of squares, None where one is not known."""
    known = [each for each in errors if each is not None]
    return hypot(*known) if len(known) == len(errors) else None


def _how(found: Found, together: Sequence[Sequence[Expression]], of: Source) -> str:
    """How the errors of the parts go together, in words."""
    several = len(set(map(of, found))) > 1
    if sum(map(len, together)) == len(found):
        one = "of replicas" if not several else "of runs with one seed"
        return f"the errors of its parts go together by the jackknife {one}"
    how = "are added, those of different runs in quadrature" if several else "are added"
    return f"the errors of its parts {how}"


def _at(asked: Expression, found: Found, moved: Expression | None = None, by: float = 0.0) -> float:
    """The value of an expression where one of its leaves is moved."""

    def leaf(each: Expression) -> np.float64:
        return np.float64((found[each].value or 0.0) + by * (each == moved))

    with np.errstate(all="ignore"):
        return float(evaluate(asked, leaf, np))


def _propagated(
    asked: Expression, found: Found, errors: Mapping[Expression, float | None], of: Source
) -> float | None:
    """The change by some errors of leaves, None where one is not known."""
    totals: dict[Run | None, float] = {}
    for leaf, error in errors.items():
        if error is None:
            return None
        change = abs(_change(asked, found, leaf, error))
        totals[of(leaf)] = totals.get(of(leaf), 0.0) + change
    total = hypot(*totals.values())
    return total if np.isfinite(total) else None


def _change(asked: Expression, found: Found, leaf: Expression, error: float) -> float:
    """By how much an expression rises with a leaf: half of the difference over an error to both
    sides, and the larger change to one side where the expression bends between them, as |x| does
    near 0, where that difference is next to nothing.
    """
    value = _at(asked, found)
    up, down = (_at(asked, found, leaf, sign * error) - value for sign in (1, -1))
    larger, smaller = max(abs(up), abs(down)), min(abs(up), abs(down))
    straight = up * down <= 0 and larger <= BENT * smaller
    return (up - down) / 2 if straight else up if abs(up) >= abs(down) else -down


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
