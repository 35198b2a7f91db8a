"""The cost of fitting a curve to data and to other series."""

from __future__ import annotations

from rgc.language.values import CallValue
from rgc.model.curve import Curve
from rgc.model.data import rows_of
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.schemes.cost import ELEMENTS, NUMBER, Cost
from rgc.schemes.costs.iteration import operations
from rgc.schemes.needs.couplings import count_starts

EVALUATIONS = 80
"""Curves of one refined start, and of one point of a profile, measured."""

REFINED = 8
"""Starts that are refined for the data."""

TOGETHER = 25
"""What the starts of another series cost, in single curves, as all are refined together; measured.
"""

PROFILED = 60
"""Points of a profile with its two ends, measured."""

CALL = 1e-4
"""Seconds of one curve of few rows."""


def fit(spec: Spec, options: Options) -> Cost:
    """Every point of the grid costs a curve and its products with all series, every refined start
    some hundred curves.
    """
    curve, rows = spec.map[0], rows_of(spec.data) or 0
    if not isinstance(curve, Curve):
        raise ValueError(f"'{curve.name}' is no curve")
    null = options.values.get("null")
    count = dict(null.options).get("count", 0) if isinstance(null, CallValue) else 0
    series = 1 + (count if isinstance(count, int) else 0)
    lines = (*curve.parts, curve.rest)
    work = sum(map(operations, lines)) * 2 + (1 + len(curve.linear)) ** 2
    one = CALL + rows * work / ELEMENTS
    grid = count_starts(options.values.get("starts")) if curve.nonlinear else 1
    across = rows * series * (1 + len(curve.linear)) / ELEMENTS
    own = EVALUATIONS * (REFINED + PROFILED * len(curve.nonlinear))
    refined = own + TOGETHER * (series - 1)
    seconds = grid * (one + across) + (refined * one if curve.nonlinear else 0.0)
    numbers = rows * (3 * series + 4 * len(lines)) + grid * series
    return Cost(numbers * NUMBER, seconds)
