"""Checks of fits: the curve that was drawn is that of the text, and it is the best one near it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import fsum

import numpy as np
from numpy.typing import NDArray

from rgc.flows.fits.fit import Fit
from rgc.results.result import Result
from rgc.syntax import ast
from rgc.verification.arrays import ROUNDINGS, result_on
from rgc.verification.certificate import Finding, unchecked, within
from rgc.verification.energies import UNIT
from rgc.verification.evaluator import Unreadable, evaluator_of_numbers
from rgc.verification.subject import Subject

CURVE = "the curve of the answer is what the text says, row by row"
BEST = "the sum of squares is least: changes of one unknown number either way raise it alike"

MOST = 2000
"""The largest number of rows whose curve is computed one by one."""

MOVE = 1e-3
"""By how much an unknown number is moved, in units of its error or of its size."""

LOPSIDED = 1e-2
"""The largest difference of what is left on both sides, relative to how much more it is."""

Line = Callable[[Mapping[str, float]], NDArray[np.float64]]


def check_fit(subject: Subject) -> Iterator[Finding]:
    """Compare the curve with the text at every row, and what is left with that of curves beside."""
    flow = subject.own
    if not isinstance(flow, Fit):
        return
    result, rows = result_on(subject, 0), len(flow.series)
    if rows > MOST:
        yield unchecked("a", "fit", CURVE, "L3", f"there are more than {MOST} rows")
        return
    known = {name: float(result.values[name].value or 0.0) for name in flow.curve.quantities}
    try:
        line = _line(subject, flow)
        found = line(known)
    except Unreadable as error:
        yield unchecked("a", "fit", CURVE, "L3", str(error))
        return
    expected = result.tables["fit"][:, 2]
    size = sum(abs(value) for value in known.values()) + float(np.abs(expected).max())
    bound = ROUNDINGS * UNIT * rows * size
    difference = float(np.abs(found - expected).max())
    yield within("a", "fit", CURVE, f"{rows} rows", difference=difference, bound=bound)
    yield _least(flow, result, line, known)


def _line(subject: Subject, flow: Fit) -> Line:
    """The curve of the text at every row, as a function of the unknown numbers."""
    section = subject.document.section("map")
    call = None if section is None else section.body
    if not isinstance(call, ast.Call):
        raise Unreadable("the independent evaluator cannot read this curve")
    text = next(each.value for each in call.options if each.name == flow.curve.column)
    evaluate, columns = evaluator_of_numbers(subject.document), flow.table
    rows = range(len(flow.series))
    return lambda known: np.array(
        [evaluate(text, {**{n: float(c[k]) for n, c in columns.items()}, **known}) for k in rows]
    )


def _least(flow: Fit, result: Result, line: Line, known: Mapping[str, float]) -> Finding:
    values, weights = flow.series[:, 0], flow.projected.weights

    def left(numbers: Mapping[str, float]) -> float:
        return fsum(((values - line(numbers)) * weights) ** 2)

    least, worst, where = left(known), 0.0, ""
    edges = zip(flow.curve.nonlinear, flow.projected.low, flow.projected.high, strict=True)
    inside = {name: (low, high) for name, low, high in edges}
    for name, value in known.items():
        step = MOVE * (result.values[name].error or abs(value) or 1.0)
        low, high = inside.get(name, (-np.inf, np.inf))
        if not low < value - step < value + step < high:
            continue
        above, below = (left({**known, name: value + way * step}) for way in (1, -1))
        rise, rounding = above + below - 2 * least, 64 * UNIT * least
        lopsided = (abs(above - below) - rounding) / max(rise, rounding) if least else 0.0
        if lopsided >= worst:
            worst, where = lopsided, f"{name} moved by {step:.3g}"
    return within("a", "fit", BEST, where, difference=worst, bound=LOPSIDED)
