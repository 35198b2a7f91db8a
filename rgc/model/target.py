"""Numbers of answers by their names, and what is expected of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from rgc.language.values import Value
from rgc.model.expressions import Expression
from rgc.text import Span

Bound = Literal["lower bound", "upper bound"]

SIDES: Mapping[str, Bound] = {"below": "lower bound", "above": "upper bound"}
"""The bounds that cannot show that something lies on a side of a limit."""


def article(kind: str) -> str:
    """A kind of bound with its article."""
    return f"an {kind}" if kind.startswith("u") else f"a {kind}"


@dataclass(frozen=True, slots=True)
class Tolerance:
    value: float
    unit: Literal["absolute", "percent", "sigma"] = "absolute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A number of an answer, by its name.

    - `target` is printed as written, e.g. `y_t[level=2]`.
    - `path` is its name, e.g. ("fixed_point", "K").
    - `index` is the bracketed number of `eigenvalue[1]`.
    - `selectors` are such as (("level", 2),).
    - `of_runs`: of a target of a study, what it is of the answers of its runs.
    """

    target: str
    path: tuple[str, ...]
    index: int | None = None
    selectors: tuple[tuple[str, Value], ...] = ()
    of_runs: Expression | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """Its name in the language, without selectors: `fixed_point.K`."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedValue(Target):
    """What must come out. `word` is the verdict on a claim that is expected, with `value` NaN."""

    relation: Literal["=", "below", "above"]
    value: float
    within: tuple[Tolerance, ...] = ()
    source: str | None = None
    word: str = ""

    @property
    def interval(self) -> tuple[float, float]:
        """The least and the largest value that obeys it, without tolerances in units of errors."""
        if self.relation == "below":
            return -inf, self.value
        if self.relation == "above":
            return self.value, inf
        widths = [
            each.value / 100 * abs(self.value) if each.unit == "percent" else each.value
            for each in self.within
            if each.unit != "sigma"
        ]
        width = min(widths, default=0.0)
        return self.value - width, self.value + width
