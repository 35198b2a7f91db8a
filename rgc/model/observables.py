"""What is measured: functions of thermal averages, averages of functions of one configuration, sums
over the lattice.

An `Observable` is a tree of `rgc.model.expressions` whose leaves are `Average` and `Known`. What an
`Average` is taken of is another such tree, whose leaves are `Linear`, `Profile`,
`StructureFactor`, `Energy` and `Overlap`. A `Tally` is one sum over the lattice. The products of
spins in it say everything about symmetries that there is to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rgc.model.expressions import Expression, leaves, replaced
from rgc.model.groups import Group, Local, Signs
from rgc.model.operators import Operator, Product
from rgc.model.pair_sums import PairSum
from rgc.model.sectors import SectorOperator

Products = Operator | SectorOperator | Group
"""Sums over the lattice of products of the signs of two-state spins."""

Tallied = Products | Signs
"""Sums over the lattice that programs tally: every part of them is 1 or -1."""


@dataclass(frozen=True, slots=True)
class Combined:
    """The sum of weight * S over `parts` = (weight, S)."""

    parts: tuple[tuple[float, Products | Local], ...]

    @property
    def products(self) -> tuple[Product, ...]:
        """The spins of all parts."""
        return tuple(spins for _, part in self.parts for spins in part.products)


Summand = Tallied | Local | Combined | PairSum
"""What is summed over the lattice. For programs tables (`Local`) are split into signs, and what is
combined into its parts. A `PairSum` is summed without a program."""


@dataclass(frozen=True, slots=True)
class Tally:
    """A sum S over the lattice, or with `axis` one for each coordinate along that axis."""

    operator: Summand
    axis: int | None = None


# -- of one configuration --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Linear(Expression):
    """constant + sum of weight * S over `terms` = (weight, S)."""

    terms: tuple[tuple[float, Tally], ...]
    constant: float = 0.0


@dataclass(frozen=True, slots=True)
class Profile(Expression):
    """weight * S at one `coordinate` along the axis of a tally."""

    tally: Tally
    coordinate: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class StructureFactor(Expression):
    """|1/N sum_i s_i exp(i k r_i)|^2 for the smallest wave vector k along a reciprocal axis.

    `letters`: for each basis site the sums of its spins by coordinate along the axis, and its own
    coordinate in the cell.
    """

    letters: tuple[tuple[Tally, float], ...]
    sites: int


@dataclass(frozen=True, slots=True)
class Energy(Expression):
    """H/N with the additive constant, in kT. A flow puts in its place what it knows of H
    (`with_known`).
    """


@dataclass(frozen=True, slots=True)
class Overlap(Expression):
    """The overlap q of the first species with an independent copy of the spins. A flow that has
    copies puts its sum in its place (`with_known`).
    """


# -- of the ensemble -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Average(Expression):
    """The thermal average of a function of one configuration."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Known(Expression):
    """A number that a flow finds besides averages over configurations, by the name of its measure:
    `log_z`, `dF`.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Observable:
    """One number that a spec asks for under a `name`. `written` is its expression as the spec has
    it.
    """

    name: str
    expression: Expression
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.name} = {self.written}" if self.written else self.name


def averaged(expression: Expression) -> Expression:
    """The expression itself where it holds an average or a number that a flow knows, else its
    average.
    """
    whole = any(isinstance(leaf, Average | Known) for leaf in leaves(expression))
    return expression if whole else Average(expression)


def averages(expression: Expression) -> Iterator[Average]:
    """The averages in an expression of the ensemble, from left to right."""
    return (leaf for leaf in leaves(expression) if isinstance(leaf, Average))


def tallies(expression: Expression) -> Iterator[Tally]:
    """The sums over the lattice in an expression of one configuration, from left to right."""
    for leaf in leaves(expression):
        match leaf:
            case Linear(terms):
                yield from (tally for _, tally in terms)
            case Profile(tally):
                yield tally
            case StructureFactor(letters):
                yield from (tally for tally, _ in letters)


def with_known(expression: Expression, energy: Linear, overlap: Linear | None = None) -> Expression:
    """The expression with H/N in place of `Energy` and q in place of `Overlap`, inside averages
    too.
    """

    def meant(leaf: Expression) -> Expression:
        match leaf:
            case Energy():
                return energy
            case Overlap() if overlap is not None:
                return overlap
            case Average(of):
                return Average(replaced(of, meant))
        return leaf

    return replaced(expression, meant)


# -- of a finished scan ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScanMeasure(Expression):
    """`crossing(U, K)`, `extremum(chi, K)`, `central_charge(f, L)`: a number of the scanned curves
    of a measure.

    What is computed from such numbers, such as `1/K_c`, is an expression with these leaves.
    """

    kind: str
    measure: str
    parameter: str

    def __str__(self) -> str:
        return f"{self.kind}({self.measure}, {self.parameter})"
