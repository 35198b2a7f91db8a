"""Small machines with the kinds of units of a spec, and their energies by an evaluator of their
own: docs/language.md, unit by unit and state by state.

    -E(v, h) = sum_i b_i v_i + sum_j c_j h_j + sum_ij v_i W_ij h_j

A unit of two states enters by its declared value; of a Potts unit the row of its state is taken. A
real unit has the energy x^2 / 2 besides, and integrals over it are Gauss-Hermite sums, so that its
nodes stand for its states.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

from rgc.flows.machines.layer_training import LayerTraining
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.parameters import parameters_in
from rgc.flows.machines.weights_file import machine_of
from rgc.model.stack import Dense, Rbm, Side
from rgc.model.trainer import Trainer
from rgc.program.draws import stream, uniforms
from rgc.verification.energies import UNIT
from rgc.verification.subject import Subject
from rgc.verification.training_bits import training_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]

VISIBLE, HIDDEN = 1 << 10, 1 << 6
"""The most states of all units of a side of a small machine: 10 visible and 6 hidden units of two
states.
"""

STREAM = 1 << 16
"""The level of the training stream from which the parameters of small machines are drawn."""

NODES = 40
"""Nodes of the sum that is the integral over a real unit. In fields of up to 8 kT, as small
machines have them, it is exact to rounding.
"""

REAL_UNITS = 2
"""Real units on a side of a small machine."""

PARAMETER_UNIT = 2.0**-26
"""The unit of parameters in kT."""


@dataclass(frozen=True)
class Small:
    """A small machine: a layer, and its parameters as programs have them."""

    layer: Rbm
    arrays: Arrays

    @cached_property
    def visible(self) -> Integers:
        """int64[state, unit], the numbers of the states of all visible units."""
        return states_of(self.layer.visible)

    @cached_property
    def hidden(self) -> Integers:
        return states_of(self.layer.hidden)

    @cached_property
    def seen(self) -> dict[str, Floats]:
        """What units see of the parameters, in kT: integers of 2^-20 kT, to the nearest."""
        return {
            name: (array.astype(np.int64) + 32) // 64 / 2.0**20
            for name, array in self.arrays.items()
        }

    @cached_property
    def minus_energies(self) -> Floats:
        """-E(v, h) without the own energies of real units, float64[visible state, hidden state]."""
        return minus_energies(self.layer, self.seen)

    @cached_property
    def own(self) -> tuple[Floats, Floats]:
        """The own energies of the units of either side, float64[state]."""
        layer = self.layer
        return own_energies(layer.visible, self.visible), own_energies(layer.hidden, self.hidden)

    @cached_property
    def measure(self) -> tuple[Floats, Floats]:
        """ln of what each state of either side counts in a sum, float64[state]."""
        layer = self.layer
        return log_measure(layer.visible, self.visible), log_measure(layer.hidden, self.hidden)

    def weighed(self, beta: float = 1.0) -> Floats:
        """The logarithms of what is summed for Z, at an inverse temperature, which leaves the own
        energies of units as they are.
        """
        visible, hidden = self.measure
        return beta * self.minus_energies + visible[:, None] + hidden

    @property
    def machine(self) -> Machine:
        """The machine as the flow has it."""
        return machine_of(parameters_in(self.arrays, self.layer), self.layer)

    @property
    def summands(self) -> int:
        return sum(array.size for array in self.seen.values())

    @property
    def size(self) -> float:
        """The sum of the absolute values of all parameters, in kT."""
        return float(sum(np.abs(array).sum() for array in self.seen.values()))

    @property
    def where(self) -> str:
        """The machine in words."""
        visible, hidden = self.layer.visible, self.layer.hidden
        return (
            f"{visible.count} {visible.spins.alphabet} and {hidden.count} "
            f"{hidden.spins.alphabet} units, {self.minus_energies.size} states"
        )

    def bound(self, summed: int) -> float:
        """The bound on what is the logarithm of a sum over so many states: 2 (n + 8) u for the
        summands of the energies, 2 (N + 8) u for the sum. Nodes of real units lie within 12, and
        their weights are known to some u for each of their number.
        """
        real = any(side.unit == "gaussian" for side in (self.layer.visible, self.layer.hidden))
        largest = 12 * NODES if real else 1
        energies = 2 * (self.summands + 8) * UNIT * (self.size * largest + np.log(summed))
        return float(energies + 2 * (summed + 8) * UNIT)


def states_of(side: Side) -> Integers:
    """All states of a side, int64[state, unit], the first unit changing slowest."""
    q = len(values_of(side))
    grids = np.indices((q,) * side.count)
    return grids.reshape(side.count, -1).T.astype(np.int64)


@cache
def _nodes() -> tuple[Floats, Floats]:
    """The nodes of the sum that is the integral of f(x) exp(-x^2 / 2), and their weights."""
    nodes, weights = hermegauss(NODES)
    return np.asarray(nodes), np.asarray(weights)


def values_of(side: Side) -> Floats:
    """The numbers that stand for the states of a unit, float64[state]; of a real unit its nodes."""
    if side.unit == "gaussian":
        return _nodes()[0]
    return np.array(side.spins.values, dtype=np.float64)


def log_measure(side: Side, states: Integers) -> Floats:
    """ln of what states count in a sum: 1, or the weights of the nodes of all units."""
    if side.unit != "gaussian":
        return np.zeros(len(states))
    return np.asarray(np.log(_nodes()[1])[states].sum(axis=1))


def own_energies(side: Side, states: Integers) -> Floats:
    """x^2 / 2 of every real unit, float64[state]."""
    if side.unit != "gaussian":
        return np.zeros(len(states))
    return np.asarray((values_of(side)[states] ** 2).sum(axis=1) / 2)


def features_of(side: Side, states: NDArray[Any]) -> Floats:
    """What biases multiply, as docs/language.md has it, float64[state, feature], of the numbers of
    states, or of the values of real units.
    """
    if side.unit == "gaussian" and states.dtype.kind == "f":
        return np.asarray(states)
    values = values_of(side)
    if side.unit != "softmax":
        return np.asarray(values[states])
    found = states[:, :, None] == np.arange(len(values))
    return np.asarray(found.reshape(len(states), -1).astype(np.float64))


def minus_energies(layer: Rbm, parameters: Mapping[str, Floats]) -> Floats:
    """-E(v, h) in kT without the own energies of real units, float64[visible state, hidden
    state].
    """
    visible, hidden = states_of(layer.visible), states_of(layer.hidden)
    total = np.zeros((len(visible), len(hidden)))
    if layer.biases:
        for i in range(layer.visible.count):
            total += _bias(layer.visible, parameters["visible"], i)[visible[:, i], None]
        for j in range(layer.hidden.count):
            total += _bias(layer.hidden, parameters["hidden"], j)[None, hidden[:, j]]
    for i in range(layer.visible.count):
        for j in range(layer.hidden.count):
            pair = _weight(layer, parameters["weights"], i, j)
            total += pair[visible[:, i]][:, hidden[:, j]]
    return total


def _bias(side: Side, bias: Floats, unit: int) -> Floats:
    """b v of every state of a unit."""
    values = values_of(side)
    if side.unit == "softmax":
        return bias[unit * len(values) : (unit + 1) * len(values)]
    return np.asarray(bias[unit] * values)


def _weight(layer: Rbm, weights: Floats, i: int, j: int) -> Floats:
    """v W h of every pair of states of two units."""
    found, sides = weights, ((layer.visible, i, 0), (layer.hidden, j, 1))
    for side, unit, axis in sides:
        values = values_of(side)
        if side.unit == "softmax":
            rows = np.arange(unit * len(values), (unit + 1) * len(values))
            found = np.take(found, rows, axis)
        else:
            shape = (-1, 1) if axis == 0 else (1, -1)
            found = np.take(found, [unit], axis) * values.reshape(shape)
    return found


def log_sum(exponents: Floats, axis: int | None = None) -> Any:
    """ln sum exp along an axis, or of everything."""
    largest = exponents.max(axis=axis, keepdims=True)
    sums = np.log(np.exp(exponents - largest).sum(axis=axis, keepdims=True)) + largest
    return np.squeeze(sums, axis) if axis is not None else float(sums.reshape(()))


def machines(subject: Subject) -> Iterator[Small]:
    """A small machine for each combination of kinds of units in the spec, but for real units on
    both sides, which have no sum for all weights.
    """
    known = set()
    for taught in training_of(subject).stack.layers:
        kinds, sides = _kinds(taught.layer), (taught.layer.visible, taught.layer.hidden)
        if kinds not in known and any(side.unit != "gaussian" for side in sides):
            known.add(kinds)
            yield small_machine(subject, taught.layer)


@dataclass(frozen=True, slots=True)
class TrainedLayer:
    """A layer, its trainer, whether programs train it, and whether its rows are means."""

    layer: Rbm
    trainer: Trainer
    sampled: bool
    fractional: bool


def trained_layers(subject: Subject) -> Iterator[TrainedLayer]:
    """A layer for each combination of kinds of units, of rows and of trainers."""
    known = set()
    for taught in training_of(subject).stack.layers:
        layer, trainer, fractional = taught.layer, taught.layer.train, taught.watch.fractional
        key = (_kinds(layer), trainer, fractional)
        if trainer is not None and key not in known:
            known.add(key)
            sampled = isinstance(taught.learning, LayerTraining)
            yield TrainedLayer(layer, trainer, sampled, fractional)


def _kinds(layer: Rbm) -> Hashable:
    """The kinds of units of both sides, and whether they have biases."""
    sides = (layer.visible, layer.hidden)
    return (*((side.unit, side.spins.states) for side in sides), layer.biases)


def small_machine(
    subject: Subject, layer: Rbm, visible: int = VISIBLE, hidden: int = HIDDEN
) -> Small:
    """A machine of the kinds of units of a layer, with so many states of each side at most and
    random parameters of up to 1 kT. Real hidden units see few visible ones, so that their fields
    stay small.
    """
    most = min(visible, HIDDEN) if layer.hidden.unit == "gaussian" else visible
    small = replace(
        layer,
        visible=_few(layer.visible, most),
        hidden=_few(layer.hidden, hidden),
        connect=Dense(),
        weights=None,
    )
    shapes: dict[str, tuple[int, ...]] = {"weights": small.shape}
    if small.biases:
        shapes |= {"visible": small.shape[:1], "hidden": small.shape[1:]}
    arrays, start = {}, 0
    key = stream(subject.seed, {}, "training", STREAM)
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        drawn = 2 * uniforms(key, count, start) - 1
        dtype = np.int32 if name == "weights" else np.int64
        arrays[name] = np.rint(drawn / PARAMETER_UNIT).astype(dtype).reshape(shape)
        start += count
    return Small(small, arrays)


def _few(side: Side, most: int) -> Side:
    """As many units as have at most so many states together, and few real ones."""
    if side.unit == "gaussian":
        return replace(side, places=REAL_UNITS if most >= NODES else 1)
    q = len(side.spins.values)
    count = 1
    while q ** (count + 1) <= most:
        count += 1
    return replace(side, places=count)
