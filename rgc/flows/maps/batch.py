"""Maps that a spec writes at many points at once, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from rgc.analysis.recursion import Floats
from rgc.flows.maps.expression_recursion import ExpressionRecursion
from rgc.flows.maps.rate_recursion import RateRecursion
from rgc.flows.study.study import Study
from rgc.model_to_program.expressions_to_arithmetic import Lowered
from rgc.program.arithmetic import evaluate


def _columns(lowered: Lowered, points: Floats) -> Floats:
    """The outputs [k, m] of a program at points [k, n]."""
    with np.errstate(all="ignore"):
        inputs: Any = points.T
        values = evaluate(lowered.program, inputs, lowered.constants, np)
    return np.stack([np.broadcast_to(value, len(points)) for value in values], axis=1)


def matrices(lowered: Lowered | None, points: Floats) -> Floats:
    """The Jacobians [k, n, n] at points [k, n], NaN where there are none."""
    k, n = points.shape
    if lowered is None:
        return np.full((k, n, n), np.nan)
    return _columns(lowered, points).reshape(k, n, n)


def defects(study: Study, points: Floats) -> tuple[Floats, Floats]:
    """A function [k, n] that vanishes at the fixed points of a study, and its Jacobians."""
    recursion, n = study.recursion, points.shape[1]
    if isinstance(recursion, ExpressionRecursion):
        moved, slopes = points, np.broadcast_to(np.eye(n), (len(points), n, n))
        for step in range(study.period):
            turn = recursion.turns[step % len(recursion.turns)]
            slopes = matrices(turn.slopes, moved) @ slopes
            moved = _columns(turn.moves, moved)
        return moved - points, slopes - np.eye(n)
    if isinstance(recursion, RateRecursion) and study.period == 1:
        rates = recursion.turns[0]
        return _columns(rates.values, points), matrices(rates.slopes, points)
    pairs = [study.returning.defect(point) for point in points]
    return np.array([value for value, _ in pairs]), np.array([slope for _, slope in pairs])
