"""A restricted Boltzmann machine as numbers, and what follows from its energy on either side.

    E(v, h) = - b.v - c.h - v.W.h  (+ g x^2 / 2 for every real unit x of precision g)

with v and h the features of the units (`rgc.flows.machines.sides`). Summing one side out leaves an
effective Hamiltonian of the other, H(v) = -ln Tr_h e^-E, which is what Mehta and Schwab
(arXiv:1410.3831) call the renormalised Hamiltonian of a layer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.sides import Discrete, Gaussian, Side

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Machine:
    """One machine: `weights` float64[visible features, hidden features], the biases of both sides,
    and a `constant` that the energy has besides.
    """

    visible: Side
    hidden: Side
    weights: Floats
    visible_bias: Floats
    hidden_bias: Floats
    constant: float = 0.0

    @property
    def turned(self) -> Machine:
        """The same machine with its sides exchanged."""
        return Machine(
            visible=self.hidden,
            hidden=self.visible,
            weights=self.weights.T,
            visible_bias=self.hidden_bias,
            hidden_bias=self.visible_bias,
            constant=self.constant,
        )

    def hidden_fields(self, visible: Floats) -> Floats:
        """c + v.W, from features of visible units float64[..., visible features]."""
        return self.hidden_bias + visible @ self.weights

    def visible_energies(self, visible: Floats) -> Floats:
        """H(v) = -ln Tr_h e^-E, from features float64[..., visible features]."""
        sums: Floats = self.hidden.log_sums(self.hidden_fields(visible)).sum(axis=-1)
        own = self.visible.energies(visible) - visible @ self.visible_bias
        return self.constant + own - sums

    def hidden_energies(self, hidden: Floats) -> Floats:
        """H(h) = -ln Tr_v e^-E, from features float64[..., hidden features]."""
        return self.turned.visible_energies(hidden)

    def energies(self, visible: Floats, hidden: Floats) -> Floats:
        """E(v, h), from features of both sides."""
        own = self.visible.energies(visible) + self.hidden.energies(hidden)
        coupled: Floats = (self.hidden_fields(visible) * hidden).sum(axis=-1)
        return self.constant + own - visible @ self.visible_bias - coupled


def in_signs(machine: Machine) -> Machine:
    """The same machine with its visible units written in signs, -1 and +1. Raises `ValueError`
    where they have not two states.
    """
    return in_values(machine, -1.0, 1.0)


def in_values(machine: Machine, low: float, high: float) -> Machine:
    """The same machine with its visible units written in two other values. All energies are equal.

    A unit x of values a < b becomes a unit y of the values `low` < `high` by x = o + r y, with r =
    (b - a) / (high - low) and o = a - r low.

    Raises `ValueError` where these units have not two states.
    """
    middle, half = two_values(machine.visible)
    ratio = 2 * half / (high - low)
    offset = middle - half - ratio * low
    return replace(
        machine,
        visible=Discrete(machine.visible.number, np.array([[low], [high]])),
        weights=ratio * machine.weights,
        visible_bias=ratio * machine.visible_bias,
        hidden_bias=machine.hidden_bias + offset * machine.weights.sum(axis=0),
        constant=float(machine.constant - offset * machine.visible_bias.sum()),
    )


def two_values(side: Side) -> tuple[float, float]:
    """The offset (a + b) / 2 and the scale (b - a) / 2 of two-state units of values a < b.

    Raises `ValueError` for other units.
    """
    if isinstance(side, Gaussian) or side.table.shape != (2, 1):
        raise ValueError("only two-state units are written in signs")
    low, high = map(float, side.table[:, 0])
    return (low + high) / 2, (high - low) / 2


def zero_sum(machine: Machine) -> Machine:
    """The same machine in the zero-sum gauge: the features of every Potts unit multiply numbers
    that add up to 0 over its states. All energies are equal.

    A number that is the same for all states of a unit multiplies a sum of features that is always
    1, so it moves from the weights into the biases of the other side, and from the biases into the
    constant. It is a view of a machine: an update of the weights alone would change the model.
    """
    return _gauged(_gauged(machine).turned).turned


def _gauged(machine: Machine) -> Machine:
    """The machine in the zero-sum gauge on its visible side."""
    side = machine.visible
    if side.width == 1:
        return machine
    weights = machine.weights.reshape(side.number, side.width, -1)
    bias = machine.visible_bias.reshape(side.number, side.width)
    common, level = weights.mean(axis=1), bias.mean(axis=1)
    return replace(
        machine,
        weights=(weights - common[:, None]).reshape(machine.weights.shape),
        visible_bias=(bias - level[:, None]).reshape(-1),
        hidden_bias=machine.hidden_bias + common.sum(axis=0),
        constant=float(machine.constant - level.sum()),
    )
