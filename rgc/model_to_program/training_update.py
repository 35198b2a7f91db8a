"""An update of a layer: what its program is made for, and what the program asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from rgc.model.stack import Rbm, Side
from rgc.model.trainer import Knots, Trainer
from rgc.program.dense import Dense, Units

FINE, FINE_MEANS, FINE_REAL = 20, 22, 16
"""Bits of a gradient below the unit of parameters, of states, of means and of real units: as many
as leave sums of counts times numbers within 63 bits.
"""

SCALE, NORM, SHARE = 1 << 16, 1 << 16, 1 << 32
"""1 in the units of momentum and inverse temperatures, of norms, and of decay."""

Quantity = Literal["one", "rate", "momentum"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number that every update is handed: `factor` times a quantity of the schedule."""

    quantity: Quantity
    factor: Fraction

    def __truediv__(self, places: int) -> Number:
        return Number(self.quantity, self.factor / places)


@dataclass(frozen=True, slots=True)
class Shared:
    """An array of parameters of which many entries are one: how many different ones there are, and
    how many entries each of them is. Its gradient is averaged over these places.
    """

    classes: int
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update is made for: `batch` of `rows`, by the trainer of a layer.

    `shared` says which of the arrays "weights", "visible" and "hidden" are shared, and `sparse`
    whether some pairs of units are not connected. The rows are `fractional` where they are means of
    the units of the layer below.
    """

    layer: Rbm
    trainer: Trainer
    batch: int
    rows: int
    sparse: bool = False
    fractional: bool = False
    shared: Mapping[str, Shared] = field(default_factory=dict)

    @property
    def temperatures(self) -> int:
        return len(self.trainer.betas or (1.0,))

    @property
    def averaged(self) -> int:
        """The chains of the model that are averaged over."""
        chains = self.trainer.chains
        return self.batch if chains is None else chains // self.temperatures

    @property
    def k(self) -> int:
        """Gibbs sweeps of the model."""
        return self.trainer.k or 1

    @property
    def momentum(self) -> bool:
        """Whether there is momentum at any time."""
        return self.trainer.momentum != Knots((0.0,))

    @property
    def means(self) -> bool:
        """Whether means of hidden units enter the gradient, and not their states."""
        return self.trainer.gradient == "means"


@dataclass(frozen=True, slots=True)
class Training:
    """The program of an update, and what its numbers are, slot by slot.

    Its first field is the data, its second, where there are persistent chains, their hidden units.
    Its first parameters are the weights and, where there are biases, the visible and the hidden
    ones. Slot 0 of the scales are the inverse temperatures.
    """

    program: Dense
    numbers: tuple[Number, ...]


def units_of(side: Side) -> Units:
    """The units of a side in programs."""
    if side.spins.states is None:
        return Units(side.count, "gaussian")
    return Units(side.count, side.unit, int(side.spins.states))
