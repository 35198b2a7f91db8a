"""Curves with unknown numbers, which are fitted to columns of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rgc.model import shown
from rgc.model.expressions import Expression, written

OF_A_FIT = ("R2", "rms", "passed")
"""What every fit answers besides its numbers."""

OF_NULLS = ("null_share", "null_R2", "null_exceeds")
"""What it answers where other series are fitted in the same way."""


@dataclass(frozen=True, slots=True)
class Column(Expression):
    """The values of a column of the data."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Unknown(Expression):
    """A number that the fit finds, or `R2`, which it finds besides."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A `column` of data as an expression of other columns and of unknown numbers.

    - `columns` are the names of all columns of the data.
    - `parts` are its derivatives by the `linear` unknowns, which hold none of these, and `rest` is
      the expression without them.
    - `error` is the standard error of each value, None where it is not known and the same for all.
    - `passes` are expressions of the unknowns and of R2, all above 0 where a fit passes.
    """

    name: ClassVar[str] = "curve"

    column: str
    columns: tuple[str, ...]
    expression: Expression
    linear: tuple[str, ...]
    nonlinear: tuple[str, ...]
    parts: tuple[Expression, ...]
    rest: Expression
    error: Expression | None = None
    passes: tuple[Expression, ...] = ()

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of its unknown numbers."""
        return (*self.linear, *self.nonlinear)

    @property
    def answers(self) -> tuple[str, ...]:
        ends = (f"{end}.{name}" for end in ("low", "high") for name in self.nonlinear)
        return (*self.quantities, *OF_A_FIT, *OF_NULLS, *ends)

    def __str__(self) -> str:
        options: Mapping[str, object] = {
            "linear": self.linear or None,
            "nonlinear": self.nonlinear or None,
            "error": None if self.error is None else written(self.error),
            "passes": tuple(map(written, self.passes)) or None,
        }
        line = f"{self.column} = {written(self.expression)}"
        return shown.call(self.name, line, options=options)
