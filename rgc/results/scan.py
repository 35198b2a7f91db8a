"""Measures of a finished scan: `crossing(U, K)`, `extremum(chi, K)`, `central_charge(f, L)` and
`scaling_dimensions(f, L)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot, log
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.curve_features import Absent, Feature, maximum, zero
from rgc.analysis.interpolation import Curve
from rgc.analysis.statistics import student
from rgc.analysis.systematic import Change, systematic
from rgc.language.measures import SCAN_MEASURES
from rgc.model.expressions import Expression, leaves
from rgc.model.lattice import Lattice
from rgc.model.observables import ScanMeasure
from rgc.results.derived import derived
from rgc.results.result import Estimate
from rgc.results.strips import central_charge, scaling_dimensions

if TYPE_CHECKING:
    from rgc.model.spec import Axis
    from rgc.results.answer_data import Point

Values = Mapping[float, tuple[float, float]]
"""The value and the error at each value of the parameter."""

NO_ERROR = "every way to it gives the same number, so that its error is not known"


def measure(asked: Expression, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """The value of one measure of a scan, or of an expression of several.

    They come from the same points, so that the errors which they cause are added, not in
    quadrature. Where there is none (`Absent`), the value is None with a note.
    """
    if isinstance(asked, ScanMeasure):
        try:
            return KINDS[asked.kind](asked, axes, points)
        except Absent as error:
            return _none(str(error))
    found = {leaf: measure(leaf, axes, points) for leaf in leaves(asked)}
    return replace(derived(asked, found), kind="estimate")


@dataclass(frozen=True, slots=True, eq=False)
class _Sampled:
    """A measure against the parameter, and the length N^(1/d) of a finite lattice, else NaN.
    `together` says that replicas were exchanged along the parameter, so that the errors of its
    points are not independent.
    """

    values: Values
    length: float
    together: bool


def _curves(
    asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]
) -> Sequence[_Sampled]:
    """The measure against the parameter, one curve for each value of the other axes, in their order
    in the scan. Values without an error are left out.
    """
    others = [axis.name for axis in axes if axis.name != asked.parameter]
    curves: dict[tuple[float, ...], tuple[dict[float, tuple[float, float]], float]] = {}
    for point in points:
        key = tuple(point.parameters[name] for name in others)
        curve, _ = curves.setdefault(key, ({}, _length(point)))
        estimate = point.result.observables.get(asked.measure)
        if estimate is not None and estimate.value is not None and estimate.error is not None:
            curve[point.parameters[asked.parameter]] = estimate.value, estimate.error
    together = any(axis.tempered for axis in axes if axis.name == asked.parameter)
    return [_Sampled(values, length, together) for values, length in curves.values()]


def _length(point: Point) -> float:
    lattice = point.lattice
    if not isinstance(lattice, Lattice) or not lattice.finite:
        return float("nan")
    return float(lattice.sites ** (1 / lattice.dimension))


# -- crossings -------------------------------------------------------------------------------------

OMEGA = 0.8
"""The slowest correction to scaling L^-OMEGA that the shift of a crossing is taken to have: it is
4/5 in the three-state Potts model in two dimensions, 0.83 in the Ising model in three.
"""


@dataclass(frozen=True, slots=True, eq=False)
class _Meeting:
    """Where two curves cross, and the slope of their difference there."""

    place: Feature
    slope: float
    lengths: tuple[float, float]


def _crossing(asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """Where the last two curves cross. The systematic error is that of the interpolation, and of
    the shift with size, from the two pairs of curves before. Raises `Absent`.
    """
    curves = _curves(asked, axes, points)
    if len(curves) < 2:
        raise Absent("a crossing needs two curves")
    try:
        last = _meeting(*curves[-2:])
    except Absent as error:
        raise Absent(f"the last two curves of {asked.measure}: {error}") from None
    before = list(_meetings(curves[:-1]))
    rule = "crossing of the last two curves; systematic error: of the interpolation"
    if not before:
        note = "two sizes only: the shift with size is not known and not in the error"
        return _estimate(last.place, 0.0, rule, note)
    rule = (
        f"{rule}, and what is left of the shift from the pairs before by corrections L^-{OMEGA:g}; "
        "a single shift is widened by Student's t"
    )
    return _estimate(last.place, _shift(last, before), rule, "")


def _meetings(curves: Sequence[_Sampled]) -> Iterator[_Meeting]:
    """Where the last two pairs of neighbouring curves cross, if they do, the last one first."""
    for first, second in list(pairwise(curves))[:-3:-1]:
        try:
            yield _meeting(first, second)
        except Absent:
            continue


def _meeting(first: _Sampled, second: _Sampled) -> _Meeting:
    """Raises `Absent`."""
    curve = _difference(first, second)
    place = zero(curve)
    slope = float(curve(np.array([place.at]), 1)[0])
    return _Meeting(place, slope, (first.length, second.length))


def _shift(last: _Meeting, before: Sequence[_Meeting]) -> float:
    """How far the crossing still is from that of infinite sizes, by one shift or two.

    Statistics are taken out of each as if the two crossings were independent: their common curve
    makes the noise larger, by up to sqrt(2). A single shift may be small by chance, and is widened
    as one of two draws is.
    """
    changes = [
        Change(
            last.place.at - each.place.at,
            hypot(last.place.statistical or 0.0, each.place.statistical or 0.0),
            _left(each, last),
        )
        for each in before
    ]
    return systematic(changes) or student(2) * changes[0].size


def _left(narrow: _Meeting, wide: _Meeting) -> float:
    """What is left of the shift from one crossing, of sizes a < b, to another, of c < d, in units
    of it: 1/(r - 1).

    With corrections L^-w to a function of (K - K_c) L^y, r is (a^-w - b^-w)/(c^-w - d^-w) times the
    ratio of the slopes of both differences. Slopes may be noisy, and grow at least as for y = 0.
    Where these are no rising sizes the shift counts as it is.
    """
    (a, b), (c, d) = narrow.lengths, wide.lengths
    if not a < b <= c < d:
        return 1.0
    fall = float((a**-OMEGA - b**-OMEGA) / (c**-OMEGA - d**-OMEGA))
    steeper = max(wide.slope / narrow.slope, log(d / c) / log(b / a))
    return 1 / (fall * steeper - 1)


def _difference(first: _Sampled, second: _Sampled) -> Curve:
    """The difference of two curves at the points that they share."""
    a, b = first.values, second.values
    shared = {x: (b[x][0] - a[x][0], hypot(a[x][1], b[x][1])) for x in a.keys() & b.keys()}
    return _curve(shared, first.together)


def _extremum(asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """Where the last curve has its maximum. Raises `Absent`."""
    curve = _curves(asked, axes, points)[-1]
    try:
        found = maximum(_curve(curve.values, curve.together))
    except Absent as error:
        raise Absent(f"the last curve of {asked.measure}: {error}") from None
    rule = "maximum of the curve near its largest point; systematic error: of the interpolation"
    return _estimate(found, 0.0, rule, "")


def _curve(values: Values, together: bool) -> Curve:
    if len(values) < 2:
        raise Absent("fewer than two points have a value with an error")
    x = sorted(values)
    y, errors = zip(*(values[each] for each in x), strict=True)
    return Curve(np.array(x), np.array(y), np.array(errors), together)


def _none(note: str) -> Estimate:
    return Estimate(None, None, note=note)


def _estimate(found: Feature, shift: float, rule: str, note: str) -> Estimate:
    """A place on a curve with its errors. One of 0 would say that it is exact, and is null."""
    systematic = None if found.interpolation is None else hypot(found.interpolation, shift)
    error, unknown = None, found.note
    if found.statistical is not None and systematic is not None:
        error = hypot(found.statistical, systematic) or None
        unknown = found.note if error else NO_ERROR
    return Estimate(
        found.at,
        error,
        statistical=found.statistical,
        systematic=systematic,
        rule=rule,
        note="; ".join(text for text in (unknown, note) if text),
    )


KINDS: Mapping[str, Callable[[ScanMeasure, Sequence[Axis], Sequence[Point]], Estimate]] = {
    "crossing": _crossing,
    "extremum": _extremum,
    "central_charge": central_charge,
    "scaling_dimensions": scaling_dimensions,
}
"""The measures of a scan by name, those of `SCAN_MEASURES` in rgc/language/measures.py. They raise
`Absent` where there is no such number.
"""

ON_AXIS = frozenset({"crossing", "extremum"})
"""Those that are values of the parameter, so that a figure shows them on its axis."""

for _name in set(KINDS) ^ set(SCAN_MEASURES):
    raise LookupError(
        f"'{_name}' needs a row in KINDS of rgc/results/scan.py and one in SCAN_MEASURES of "
        "rgc/language/measures.py"
    )
