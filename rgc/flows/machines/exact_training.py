"""Training by the exact gradient of the log-likelihood, in float64: the oracle for small machines.

    d <ln p> / dW_ij = <x_i y_j>_data - <x_i y_j>_machine,

the first by a sum over visible states weighted by how often they occur, or by the probabilities of
the Hamiltonian, the second over the states of either side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.parameters import Fixed, arrays_of, tied
from rgc.flows.machines.sides import discrete, features_of, numbers_of
from rgc.flows.machines.start import start
from rgc.flows.machines.tables import moments, own_moments
from rgc.flows.machines.target import Target
from rgc.flows.machines.weights_file import PARAMETER_UNIT
from rgc.model.stack import Rbm
from rgc.model.trainer import Trainer
from rgc.program.draws import Key

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Visible states as features float64[state, visible features] and their probabilities."""

    features: Floats
    chances: Floats


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ExactTraining:
    """A layer in training by exact gradients. `target` is the Hamiltonian whose probabilities take
    the place of the data, or None.
    """

    layer: Rbm
    trainer: Trainer
    fixed: Fixed
    key: Key
    target: Target | None = None

    @property
    def updates(self) -> int:
        return self.trainer.epochs

    @property
    def _names(self) -> tuple[str, ...]:
        return ("weights", "visible", "hidden") if self.layer.biases else ("weights",)

    def start(self, rows: Rows) -> Arrays:
        """The arrays before the first update: parameters and velocities in kT."""
        first = arrays_of(start(self.layer, self.fixed, rows, self.key), self.layer)
        arrays: Arrays = {name: array * PARAMETER_UNIT for name, array in first.items()}
        return arrays | {f"velocity of {name}": np.zeros_like(arrays[name]) for name in first}

    def feed(self, rows: Rows) -> Distribution:
        """The distribution that the machine is to have."""
        if self.target is not None:
            states = self.target.states()
            weights = self.target.log_weights(states)
            chances = np.exp(weights - weights.max())
        else:
            states, where = np.unique(rows.states, axis=0, return_inverse=True)
            weights = np.ones(rows.count) if rows.weights is None else rows.weights
            chances = np.bincount(where.reshape(-1), weights)
        features = features_of(numbers_of(self.layer.visible), replace(rows, states=states))
        return Distribution(features, chances / chances.sum())

    def run(
        self, arrays: Arrays, data: Distribution, first: int, count: int
    ) -> tuple[Distribution, NDArray[np.int64]]:
        """Make the updates `first`, ..., `first + count - 1`, changing `arrays`.

        Returns the data and the largest |w| after each update in units of 2^-26 kT.
        """
        largest = []
        for update in range(first, first + count):
            self._update(arrays, data, update)
            largest.append(round(float(np.abs(arrays["weights"]).max()) / PARAMETER_UNIT))
        return data, np.array(largest, dtype=np.int64)

    def integers(self, arrays: Arrays) -> Arrays:
        """The parameters rounded to the unit of programs."""
        dtypes = {"weights": np.int32, "visible": np.int64, "hidden": np.int64}
        rounded = {name: np.rint(arrays[name] / PARAMETER_UNIT) for name in self._names}
        return {name: array.astype(dtypes[name]) for name, array in rounded.items()}

    def machine(self, arrays: Arrays) -> Machine:
        """The machine as it is."""
        visible, hidden = self.layer.visible, self.layer.hidden
        return Machine(
            visible=numbers_of(visible),
            hidden=numbers_of(hidden),
            weights=np.array(arrays["weights"]),
            visible_bias=np.array(arrays.get("visible", np.zeros(visible.features))),
            hidden_bias=np.array(arrays.get("hidden", np.zeros(hidden.features))),
        )

    def _update(self, arrays: Arrays, data: Distribution, update: int) -> None:
        trainer, machine = self.trainer, self.machine(arrays)
        rate = trainer.rate.at(update, self.updates)
        momentum = trainer.momentum.at(update, self.updates)
        ours = moments(machine, data.features, data.chances)
        theirs = own_moments(machine)
        gradients = {
            "weights": ours.pairs - theirs.pairs,
            "visible": ours.visible - theirs.visible,
            "hidden": ours.hidden - theirs.hidden,
        }
        gradients["hidden"] += self._sparse(ours.hidden)
        for name in self._names:
            step = rate * tied(gradients[name], self.fixed.arrays, name)
            velocity = momentum * arrays[f"velocity of {name}"] + step
            arrays[f"velocity of {name}"] = velocity
            ahead = step + momentum * velocity if trainer.nesterov else velocity
            arrays[name] = arrays[name] + ahead
        arrays["weights"] = self._held(arrays["weights"], rate)

    def _sparse(self, activity: Floats) -> Floats:
        """The pull of hidden units towards their mean activity, which runs from 0 to 1."""
        trainer, hidden = self.trainer, numbers_of(self.layer.hidden)
        if trainer.sparsity is None or trainer.sparsity_cost is None:
            return np.zeros_like(activity)
        values = discrete(hidden).table
        low, high = values.min(), values.max()
        return np.asarray(
            trainer.sparsity_cost * (low + (high - low) * trainer.sparsity - activity)
        )

    def _held(self, weights: Floats, rate: float) -> Floats:
        """The weights less their decay, their shrinkage, and what is beyond the largest norm."""
        trainer = self.trainer
        weights = weights * (1 - rate * trainer.l2)
        weights = np.sign(weights) * np.maximum(np.abs(weights) - rate * trainer.l1, 0)
        if trainer.max_norm is not None:
            norms = np.sqrt((weights**2).sum(axis=0))
            weights = weights * np.minimum(1, trainer.max_norm / np.maximum(norms, 1e-300))
        return np.asarray(weights)
