"""The parameters that training begins with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.quantiles import normal
from rgc.flows.data.rows import Rows, key_of
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.parameters import Arrays, Fixed, connected, tied
from rgc.flows.machines.sides import numbers_of
from rgc.flows.machines.streams import WEIGHTS
from rgc.flows.machines.weights_file import Parameters, load, parameters_of, rounded
from rgc.model.stack import Rbm
from rgc.program.draws import Key, uniforms

Floats = NDArray[np.float64]

SPREAD = 0.01
"""The standard deviation of first weights in kT (Hinton 2010, section 8)."""


def start(layer: Rbm, fixed: Fixed, rows: Rows, key: Key) -> Parameters:
    """The parameters of a layer before its training: those of its file, or else weights drawn from
    a Gaussian and biases with which a visible unit alone has the frequencies of its rows.

    `key` is that of the training of the layer. Weights that are tied are equal, those that are not
    there are 0. Raises `SpecError` for what is wrong with the file.
    """
    if layer.weights is not None:
        return rounded(parameters_of(load(layer), layer), layer)
    features, hidden = layer.shape
    draws = uniforms(key_of(key, WEIGHTS), features * hidden)
    weights = np.asarray(normal(draws, 0.0, SPREAD)).reshape(layer.shape)
    visible = first_biases(layer, rows) if layer.biases else np.zeros(features)
    machine = Machine(
        visible=numbers_of(layer.visible),
        hidden=numbers_of(layer.hidden),
        weights=connected(_first(weights, fixed.arrays), fixed.arrays),
        visible_bias=tied(visible, fixed.arrays, "visible"),
        hidden_bias=np.zeros(hidden),
    )
    return rounded(parameters_of(machine, layer), layer)


def first_biases(layer: Rbm, rows: Rows) -> Floats:
    """Biases of visible units, float64[feature], from n of N rows in each state: the logarithms of
    (n + 1)/(N + q) for q states, so that they are finite where a state is in no row or in every
    one; of real units their means. Weighted rows count as often as their weights say.
    """
    weights = np.ones(rows.count) if rows.weights is None else rows.weights
    weights = weights * (rows.count / weights.sum())
    if layer.visible.unit == "gaussian":
        return np.asarray(weights @ rows.values / rows.count)
    states = range(len(rows.species.values))
    found = np.array([weights @ shares for shares in _shares(rows)]) + 1
    logs = np.log(found / (rows.count + len(states)))
    if layer.visible.unit == "softmax":
        return np.asarray((logs - logs.mean(axis=0)).T.ravel())
    low, high = rows.species.values
    return np.asarray((logs[1] - logs[0]) / (high - low))


def _shares(rows: Rows) -> Iterator[NDArray[Any]]:
    """For each state of a unit in how far every row has it, [row, unit], from 0 to 1."""
    values = rows.species.values
    if not rows.means:
        yield from (rows.states == state for state in range(len(values)))
    elif rows.species.two_states:
        upper = (rows.values - values[0]) / (values[1] - values[0])
        yield from (1 - upper, upper)
    else:
        yield from np.moveaxis(rows.values.reshape(rows.count, -1, len(values)), 2, 0)


def _first(weights: Floats, arrays: Arrays) -> Floats:
    """The weights, of each class of those that are one the first, so that they keep their spread; 0
    where there is none.
    """
    classes = arrays.get("classes of weights")
    if classes is None:
        return weights
    _, at, numbers = np.unique(classes, return_index=True, return_inverse=True)
    chosen = weights.ravel()[at][numbers].reshape(weights.shape)
    return np.where(classes >= 0, chosen, 0.0)
