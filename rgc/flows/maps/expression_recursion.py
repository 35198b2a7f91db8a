"""A recursion of quantities that a spec writes: p' = f(p) with F(p) = g(p) + F(p')/n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rgc.analysis.recursion import Floats, Moved, Recursion
from rgc.model.expressions import Constant, Expression, written
from rgc.model.map import Quantity, RecursionMap
from rgc.model_to_program.expressions_to_arithmetic import Lowered, lower
from rgc.passes.differentiate import NotDifferentiable, differentiate


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One map of those that take turns.

    `values` computes the new quantities and the constant, `moves` the new quantities alone, and
    `slopes` their derivatives, row by row. It is None where a function has no derivative.
    """

    values: Lowered
    moves: Lowered
    slopes: Lowered | None
    formula: str


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionRecursion:
    """R(K) by programs of the expressions, one map for each step in turn (see
    `rgc.analysis.recursion.Recursion`).
    """

    names: tuple[str, ...]
    turns: tuple[Turn, ...]
    scale: float
    sites: float

    @property
    def sectors(self) -> Mapping[str, Floats]:
        return {"invariant": np.eye(len(self.names))}

    @property
    def account(self) -> Mapping[str, str]:
        return {
            "a step": "evaluates the expressions of the map in float64",
            "formula": "; then ".join(turn.formula for turn in self.turns),
        }

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        values = self.turns[step % len(self.turns)].values.at(couplings)
        return Moved(values[:-1], float(values[-1]))

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        """NaN where a function of the map has no derivative."""
        slopes, n = self.turns[step % len(self.turns)].slopes, len(couplings)
        if slopes is None:
            return np.full((n, n), np.nan)
        return slopes.at(couplings).reshape(n, n)

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        return self(couplings).couplings - couplings, self.jacobian(couplings) - np.eye(
            len(couplings)
        )

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """There is no lattice."""
        del couplings
        return -np.inf, np.inf


def expression_recursion(maps: Sequence[RecursionMap]) -> ExpressionRecursion:
    """The recursion of maps that take turns, all of the same quantities."""
    first = maps[0]
    return ExpressionRecursion(
        names=first.quantities,
        turns=tuple(map(_turn, maps)),
        scale=np.nan if first.scale is None else first.scale,
        sites=np.nan if first.sites is None else first.sites,
    )


def only_turn(recursion: Recursion) -> Turn | None:
    """The map whose program computes every step, None where no single one does."""
    if isinstance(recursion, ExpressionRecursion) and len(recursion.turns) == 1:
        return recursion.turns[0]
    return None


def _turn(one: RecursionMap) -> Turn:
    leaves = tuple(map(Quantity, one.quantities))
    values = tuple(value for _, value in one.updates)
    constant = Constant(0.0) if one.constant is None else one.constant
    formula = ", ".join(f"{name}' = {written(value)}" for name, value in one.updates)
    return Turn(
        values=lower((*values, constant), leaves),
        moves=lower(values, leaves),
        slopes=slopes(values, leaves),
        formula=formula,
    )


def slopes(values: Sequence[Expression], leaves: Sequence[Expression]) -> Lowered | None:
    """The program of the derivatives of every value by every leaf, row by row, or None where there
    is none.
    """
    try:
        derivatives = [differentiate(value, leaf) for value in values for leaf in leaves]
    except NotDifferentiable:
        return None
    return lower(derivatives, leaves)
