"""The curve of a fit as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.projected import Columns, Projected
from rgc.model.curve import Column, Curve, Unknown
from rgc.model.expressions import Expression, evaluate
from rgc.model_to_program.expressions_to_arithmetic import lower
from rgc.program.arithmetic import evaluate as evaluate_program

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fitting:
    """What is fitted: `series` [row, s], the data and then the nulls, on a grid that has the values
    `axes` of each nonlinear unknown, and the columns of the data by name in `table`.
    """

    scheme: str
    curve: Curve
    projected: Projected
    table: Mapping[str, Floats]
    series: Floats
    axes: tuple[Floats, ...]
    provenance: Mapping[str, Any]

    @property
    def free(self) -> int:
        """Rows less unknown numbers."""
        return len(self.series) - len(self.curve.quantities)

    @property
    def student(self) -> float:
        """Errors that hold the unknown with 68.3 %, of rows whose own error is estimated."""
        from scipy.special import stdtrit

        known = self.curve.error is not None
        return 1.0 if known else float(stdtrit(self.free, 0.8413447460685429))

    def most(self, least: float) -> float:
        """The sum of squares at the ends of an interval."""
        if self.curve.error is not None:
            return least + 1
        return least * (1 + self.student**2 / self.free)


def columns(curve: Curve, table: Mapping[str, Floats]) -> Columns:
    """The functions [..., row, k] that the linear unknowns multiply, and the rest [..., row], at
    values [..., u] of the nonlinear unknowns. What they share is computed once.
    """
    inputs = (*map(Column, curve.columns), *map(Unknown, curve.nonlinear))
    lowered = lower((*curve.parts, curve.rest), inputs)
    known, rows = [table[name] for name in curve.columns], len(table[curve.column])

    def at(values: Floats) -> tuple[Floats, Floats]:
        unknown = [values[..., k, None] for k in range(values.shape[-1])]
        found = evaluate_program(lowered.program, [*known, *unknown], lowered.constants, np)
        shape = (*values.shape[:-1], rows)
        *parts, rest = (np.broadcast_to(each, shape) for each in found)
        return np.moveaxis(np.array(parts).reshape(len(parts), *shape), 0, -1), rest

    return at


def value_of(
    expression: Expression, table: Mapping[str, Floats], known: Mapping[str, Any]
) -> Floats:
    """An expression of columns and of unknown numbers with known values."""

    def leaf(part: Expression) -> Any:
        match part:
            case Column(name):
                return table[name]
            case Unknown(name):
                return np.float64(known[name])
        raise TypeError(f"a curve holds {part}")

    return np.asarray(evaluate(expression, leaf, np), dtype=np.float64)


def unknowns(
    curve: Curve, projected: Projected, at: Floats, values: Floats
) -> Iterator[tuple[str, float]]:
    """All unknown numbers of the fit of a series, by name."""
    linear, _ = projected.solved(at, values)
    yield from zip(curve.linear, map(float, linear), strict=True)
    yield from zip(curve.nonlinear, map(float, at), strict=True)
