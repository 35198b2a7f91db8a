"""Dense programs: fields of states, parameters, and straight-line code for one update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from rgc.passes.largest_flip import LIMIT
from rgc.program.dense.nodes import Node, Units
from rgc.program.exponentials import UNIT

SHIFT = 6
"""Bits of a parameter that units do not see."""

KT = UNIT << SHIFT
"""1 kT in the unit of parameters, which is 2^-26 kT."""

WEIGHT_LIMIT = 32 * KT - 2**SHIFT
"""Weights stay within 32 kT, and in int32 where units round them."""

MOST_FIELD = LIMIT * UNIT
"""Fields of real units' values end at 2047 kT."""

BIAS_LIMIT = LIMIT * KT
"""Biases stay within 2047 kT."""


def seen(parameter: Any) -> Any:
    """What units see of parameters M, integers of any array library: (M + 32) >> 6, in units of
    2^-20 kT."""
    return (parameter + 2 ** (SHIFT - 1)) >> SHIFT


@dataclass(frozen=True, slots=True)
class Field:
    """States of the units of a layer, canonically `u64[planes, units, word]`, or their `means`, as
    those of real units always are, int32[chain, feature].

    Lane r of word w is chain, or row of data, 64 w + r; lanes beyond `chains` mean nothing, and
    `Put` leaves 0 in them. A lattice field u64[planes, *shape, letters, word] is one when its cells
    and letters are taken together: unit numbers are canonical site numbers.
    """

    name: str
    units: Units
    chains: int
    means: bool = False

    @property
    def numbers(self) -> bool:
        """Whether it holds means or values, and no bits."""
        return self.means or self.units.kind == "gaussian"

    @property
    def words(self) -> int:
        return -(-self.chains // 64)

    @property
    def shape(self) -> tuple[int, ...]:
        if self.numbers:
            return self.chains, self.units.features
        return self.units.planes, self.units.number, self.words

    @property
    def dtype(self) -> Literal["uint64", "int32"]:
        return "int32" if self.numbers else "uint64"


@dataclass(frozen=True, slots=True)
class Parameter:
    """An array that a program reads and changes: weights int32[feature, feature] or biases
    int64[feature] in units of 2^-26 kT, their velocities, their masks and ties."""

    name: str
    shape: tuple[int, ...]
    dtype: Literal["int32", "int64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """A dense program. One *step* runs the nodes once.

    - The state is the arrays of `fields`, then those of `parameters`.
    - `rows`, `numbers` and `scales` are the lengths of the second axes of the arguments.
    - `draws` is the number of keys that a step needs. Chains are keyed like replicas.
    """

    family: ClassVar[str] = "dense"

    name: str
    fields: tuple[Field, ...]
    parameters: tuple[Parameter, ...]
    nodes: tuple[Node, ...]
    rows: int = 0
    numbers: int = 0
    scales: int = 0
    draws: int = 0
