"""Points as data: expressions of the row and of what is drawn, and simplices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rgc.model import shown
from rgc.model.draw import Distribution
from rgc.model.expressions import Expression, leaves, written
from rgc.text import Span


@dataclass(frozen=True, slots=True)
class Row(Expression):
    """The number of the row, from 0."""

    def __str__(self) -> str:
        return "row"


@dataclass(frozen=True, slots=True)
class Drawn(Expression):
    """A parameter that is drawn anew for each row."""

    name: str
    draw: Distribution

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """`count` points with coordinates that are expressions of `Row` and `Drawn`.

    `label` is the class of each row, None where there are none. `embed` is the number of dimensions
    into which a random isometry takes the points, None without one.
    """

    count: int
    coordinates: tuple[Expression, ...]
    label: Expression | None = None
    embed: int | None = None
    span: Span | None = field(default=None, repr=False, compare=False)

    @property
    def columns(self) -> int:
        """The numbers of one row."""
        return self.embed or len(self.coordinates)

    @property
    def draws(self) -> dict[str, Distribution]:
        """What is drawn in each row, by name."""
        return {leaf.name: leaf.draw for leaf in self._leaves() if isinstance(leaf, Drawn)}

    def _leaves(self) -> Iterator[Expression]:
        for expression in (*self.coordinates, *([] if self.label is None else [self.label])):
            yield from leaves(expression)

    def __str__(self) -> str:
        listed = tuple(written(coordinate) for coordinate in self.coordinates)
        label = None if self.label is None else written(self.label)
        options = {"label": label, "embed": self.embed}
        return shown.call("points", self.count, listed, options=options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simplex:
    """`points` points of the simplex whose corners are the unit vectors of `archetypes` dimensions.

    The corners are among them. The others are evenly distributed. Gaussian `noise` of that standard
    deviation is added to every coordinate of every point.
    """

    points: int
    archetypes: int
    noise: float = 0.0

    @property
    def count(self) -> int:
        return self.points

    @property
    def columns(self) -> int:
        """The numbers of one row."""
        return self.archetypes

    def __str__(self) -> str:
        options = {"noise": self.noise or None}
        return shown.call("simplex", self.points, self.archetypes, options=options)


Cloud = Points | Simplex
"""Data that are points of no lattice."""
