"""The two sides of a restricted Boltzmann machine: a layer of units, as numbers.

A unit enters the energy through its features, which biases and weights multiply: the value of a
two-state or a real unit, and for a Potts unit one number for each state, which is 1 in that state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import log, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows
from rgc.language.alphabets import Alphabet
from rgc.model.stack import Side as Units

Floats = NDArray[np.float64]
States = NDArray[np.integer[Any]]


FEW = 8
"""States from which on numpy adds in another order than one after the other."""


def _over_states(function: np.ufunc, values: Floats) -> Floats:
    """The reduction over the last axis, with the same bits as by numpy, whose loops over an axis of
    two states take most of their time to begin.
    """
    if values.shape[-1] >= FEW:
        return np.asarray(function.reduce(values, axis=-1))
    return reduce(function, (values[..., state] for state in range(values.shape[-1])))


@dataclass(frozen=True, slots=True, eq=False)
class Discrete:
    """`number` units, each in one of the states whose features are the rows of `table`,
    float64[states, width].
    """

    number: int
    table: Floats

    @property
    def width(self) -> int:
        """Features of one unit."""
        return int(self.table.shape[1])

    @property
    def states(self) -> int:
        """States of one unit."""
        return int(self.table.shape[0])

    @property
    def configurations(self) -> int:
        """States of all units together, an integer of any size."""
        return int(self.states**self.number)

    def features(self, states: States) -> Floats:
        """float64[..., number * width] of states[..., number]."""
        return self.table[states].reshape(*states.shape[:-1], self.number * self.width)

    def exponents(self, fields: Floats) -> Floats:
        """field * feature of every state, float64[..., number, states]."""
        exponents: Floats = (
            fields.reshape(*fields.shape[:-1], self.number, self.width) @ self.table.T
        )
        return exponents

    def log_sums(self, fields: Floats) -> Floats:
        """ln of the sum over the states of exp(field * feature), float64[..., number]."""
        exponents = self.exponents(fields)
        largest = _over_states(np.maximum, exponents)
        total = _over_states(np.add, np.exp(exponents - largest[..., None]))
        sums: Floats = largest + np.log(total)
        return sums

    def means(self, fields: Floats) -> Floats:
        """The average features in given fields, float64[..., number * width]."""
        exponents = self.exponents(fields)
        weights = np.exp(exponents - _over_states(np.maximum, exponents)[..., None])
        weights /= _over_states(np.add, weights)[..., None]
        means: Floats = (weights @ self.table).reshape(fields.shape)
        return means

    def energies(self, features: Floats) -> Floats:
        """What the units have by themselves, besides biases: nothing, float64[...]."""
        return np.zeros(features.shape[:-1])


@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """`number` real units x with the energies precision x^2 / 2; `precision` is float64[number]."""

    number: int
    precision: Floats

    @property
    def width(self) -> int:
        """Features of one unit."""
        return 1

    @property
    def configurations(self) -> None:
        """Real units have no number of them."""
        return None

    def features(self, values: NDArray[Any]) -> Floats:
        """The values themselves, float64[..., number]."""
        return np.asarray(values, dtype=np.float64)

    def log_sums(self, fields: Floats) -> Floats:
        """ln of the integral of exp(field * x - precision x^2 / 2), float64[..., number]."""
        return (fields**2 / self.precision + log(2 * pi) - np.log(self.precision)) / 2

    def means(self, fields: Floats) -> Floats:
        """The average features in given fields, float64[..., number * width]."""
        return fields / self.precision

    def energies(self, features: Floats) -> Floats:
        """sum precision x^2 / 2, float64[...]."""
        energies: Floats = (features**2 @ self.precision) / 2
        return energies


Side = Discrete | Gaussian


def side(alphabet: Alphabet, number: int, states: int | None = None) -> Side:
    """A layer of units of an alphabet. `states` is the number of states of Potts units.

    Units whose states have no order, as those of `potts`, have one feature a state. Raises
    `ValueError` where the alphabet has no such states.
    """
    if alphabet.real:
        return Gaussian(number, np.ones(number))
    values = alphabet.values_of(len(alphabet.values) or states)
    table = np.array(values, dtype=float)[:, None] if alphabet.values else np.eye(len(values))
    return Discrete(number, table)


def discrete(side: Side) -> Discrete:
    """The side, whose units have states. Raises `ValueError` for real units."""
    if not isinstance(side, Discrete):
        raise ValueError("real units have no states to go through")
    return side


def features_of(side: Side, rows: Rows) -> Floats:
    """The features of the units of every row, float64[row, number * width], or their averages."""
    return rows.values if rows.means else side.features(rows.states)


def numbers_of(units: Units) -> Side:
    """The units of one side of a layer as numbers."""
    return side(units.spins.kind, units.count, units.spins.states)
