"""The nodes of a dense program: straight-line code for one update of a machine, on whole layers of
all chains.

A node names earlier ones by their index (`Value`). A node yields

- `states` of the units of a layer, one for each chain;
- `means` of units, int32 in units of 1 / 2^15 (`MEAN`), and so the values of real units, which end
  at 2^11;
- `fields` that units see, int32 in units of 2^-20 kT (`UNIT`), one for each feature and chain;
- `counts`, sums over chains, int64;
- `energies`, int64 for each chain, in units of 2^-20 kT.

Features are the numbers that stand for states: 0 or 1 of a binary unit, -1 or +1 of an Ising unit,
and one of 0 or 1 for each state of a softmax unit, unit by unit; a real unit is its own feature.
A node reads the fields and the parameters of the program as they were before the step; `Put` and
`Change` come into force after it.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Literal

Value = int
"""The index of an earlier node of the same program."""


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a layer: how many, of which kind, and the number of their states.

    Bit 1 of a field means 0 of a binary and -1 of an Ising unit. State a of a softmax unit is
    written in binary, plane k holding bit k. A real unit has no states, but the energy x^2 / 2
    besides that of its field.
    """

    number: int
    kind: Literal["binary", "ising", "softmax", "gaussian"]
    states: int = 2

    @property
    def planes(self) -> int:
        return (self.states - 1).bit_length()

    @property
    def letters(self) -> int:
        """Features of one unit."""
        return self.states if self.kind == "softmax" else 1

    @property
    def features(self) -> int:
        return self.number * self.letters


@dataclass(frozen=True, slots=True)
class Take:
    """states, or means from a field that holds them: chain r has row `rows[step, first + r]` of a
    field of data. A row is a lane of the field."""

    field: int
    first: int
    chains: int


@dataclass(frozen=True, slots=True)
class Read:
    """states or means: all chains of a field, as the last step left them."""

    field: int


@dataclass(frozen=True, slots=True)
class Put:
    """Leave states or means in a field for the next step. Yields nothing."""

    field: int
    x: Value


@dataclass(frozen=True, slots=True)
class Affine:
    """fields: bias + sum of x W over the features of `x`, which are the rows of the matrix, or its
    columns if `turned`.

    W = (M + 32) >> 6 is what units see of a weight M, and the bias likewise. Sums are exact, and
    int32 wraps; means are summed first and then cut to fields by >> 15. Fields that values of real
    units make do not wrap, but end at 2047 kT. Without `x` and matrix the bias alone is yielded,
    for so many `chains`.
    """

    x: Value | None
    matrix: int | None
    bias: int | None
    turned: bool = False
    chains: int | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """fields: base + (s x + 2^15) >> 16 with s = `scales[step, slot, chain]`. So s = 2^16 leaves x
    as it is."""

    x: Value
    slot: int
    base: Value | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """states, or values of real units, that are drawn in the fields x; or, without a draw, their
    means.

    `rgc.program.units` says how each kind decides. Where the states `mask` are 0, binary units are
    0, whatever their fields.
    """

    x: Value
    units: Units
    draw: int | None
    mask: Value | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """counts[i, j]: the sum of x_i y_j over the first `chains` chains (None: all). Counts of single
    features stand for one chain. Means bring a factor 2^15; of two the sum is cut by >> 15."""

    x: Value
    y: Value
    chains: int | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """counts[i]: the sum of x_i over the first `chains` chains (None: all)."""

    x: Value
    chains: int | None = None


@dataclass(frozen=True, slots=True)
class Energy:
    """energies: minus the sums of x_i f_i over the features of every pair (states, fields) of
    `products`, and minus the sums over units of the logarithm of their partition sums in the fields
    of `traced`, each pair (fields, units).

    Logarithms are summed in units of 2^-32 and rounded to 2^-20. Each product of a real unit is
    rounded to 2^-20, and its partition sum is exp(f^2 / 2), which leaves its own energy and the
    factor sqrt(2 pi) out.
    """

    products: tuple[tuple[Value, Value], ...]
    traced: tuple[tuple[Value, Units], ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What x yields, states or energies, where chains at neighbouring temperatures have changed
    places.

    There are `temperatures` times C chains, and chain t C + c has temperature t. With s =
    `scales[step, slot, chain]`, chains r of t and r + C of t + 1 change places by `accepted` at
    ((s' - s) (E - E')) >> 16, primes being those of r + C, for t = first, first + 2, ... U is that
    of unit 0 and chain r.
    """

    x: Value
    energies: Value
    slot: int
    draw: int
    temperatures: int
    first: Literal[0, 1]


@dataclass(frozen=True, slots=True)
class Term:
    """`numbers[step, slot]` times counts. Without counts it is the same for every entry."""

    slot: int
    counts: Value | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """counts: by how much a parameter M is changed. In order:

    - g is the sum of the terms, divided by 2^`shift` to the nearest;
    - entries of one class of `ties` share the sum of their g, and entries of class -1 get 0;
    - with a `velocity` V, V becomes u = (momentum V >> 16) + g within `limit`, and g becomes u, or,
      with `ahead`, g + (ahead u >> 16), as Nesterov has it;
    - M becomes M + g within `limit`, decays by (decay |M| >> 32), and shrinks by `shrink`, towards
      0 and not beyond;
    - entries where `mask` is 0 become 0;
    - of a column with norm sqrt(sum of (M >> 10)^2) = n, rounded up, above `norm`, every M becomes
      norm M / n.

    `momentum`, `ahead`, `decay`, `shrink` and `norm` are slots of `numbers[step, slot]`. `velocity`
    is a parameter like M, `ties` and `mask` are int32 parameters of its shape, and classes are
    numbered from 0 to `classes` - 1. Products are cut towards 0.
    """

    parameter: int
    terms: tuple[Term, ...]
    _: KW_ONLY
    limit: int
    shift: int = 0
    velocity: int | None = None
    momentum: int | None = None
    ahead: int | None = None
    decay: int | None = None
    shrink: int | None = None
    norm: int | None = None
    ties: int | None = None
    classes: int = 0
    mask: int | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """counts: those of a matrix times those of a vector, summed over its columns, or over its rows
    if `turned`."""

    matrix: Value
    vector: Value
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """A result of the step: tally arrays are numbered in the order of these nodes.

    - `whole`: counts or energies as they are.
    - `mismatches`: how many units of all chains differ between two states.
    - `largest`: the largest absolute value of fields, or of the parameter that a `Change` leaves.
    - `reach`: a bound of the fields of an `Affine` in any states, in units of 2^-20 kT: the largest
      sum of absolute values, of softmax units those of one state. No field wraps below 2^31.

    Yields nothing.
    """

    what: Literal["whole", "mismatches", "largest", "reach"]
    x: Value
    other: Value | None = None


Node = (
    Take
    | Read
    | Put
    | Affine
    | Scale
    | Unit
    | Pairs
    | Total
    | Energy
    | Exchange
    | Change
    | Apply
    | Tally
)


def operands(node: Node) -> tuple[Value, ...]:
    """The values that a node uses."""
    match node:
        case Take() | Read():
            return ()
        case Affine(x):
            return _given(x)
        case Put(_, x) | Total(x):
            return (x,)
        case Scale(x, _, base):
            return _given(x, base)
        case Unit(x, _, _, mask):
            return _given(x, mask)
        case Pairs(x, y) | Exchange(x, y) | Apply(x, y):
            return x, y
        case Energy(products, traced):
            return (*(value for pair in products for value in pair), *(f for f, _ in traced))
        case Change(_, terms):
            return _given(*(term.counts for term in terms))
        case Tally(_, x, other):
            return _given(x, other)


def _given(*values: Value | None) -> tuple[Value, ...]:
    return tuple(value for value in values if value is not None)
