"""ln Z of a machine by annealed importance sampling, and averages that it weighs.

A chain starts among independent units with biases a, ln Z_0 known, and is taken to the machine
through inverse temperatures 0 = beta_0 < ... < beta_K = 1, by the programs of
`rgc.model_to_program.stack_to_sampling`. With

    ln w = sum_k [E_(k-1)(v_k) - E_k(v_k)]

of every chain, <w> = Z / Z_0, and the averages of the machine are those of the last states weighted
by w (Neal 2001), however slowly its own chains move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Backend
from rgc.flows.data.rows import States, states_in
from rgc.flows.machines.parameters import Arrays, parameters_in
from rgc.flows.machines.sides import numbers_of
from rgc.flows.machines.weights_file import in_kt
from rgc.model.stack import Rbm
from rgc.model_to_program.stack_to_sampling import ANNEALED, annealing, independent
from rgc.model_to_program.training_update import SCALE, units_of
from rgc.program.dense.arguments import dense_arguments
from rgc.program.draws import Key, step_keys
from rgc.program.exponentials import UNIT

Floats = NDArray[np.float64]

CHAINS, STEPS = 256, 1000
"""Chains and temperatures of an estimate, where nothing else is asked for."""

AT_ONCE = 100
"""Steps of one call of a kernel."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Annealed:
    """The log-weights of the chains float64[chain], their last states, and ln Z_0."""

    log_weights: Floats
    states: States
    log_z0: float

    @property
    def log_z(self) -> float:
        """ln Z_0 + ln <w>."""
        largest = float(self.log_weights.max())
        return self.log_z0 + largest + log(float(np.exp(self.log_weights - largest).mean()))

    @property
    def shares(self) -> Floats:
        """The weights of the chains, which add up to 1."""
        weights = np.exp(self.log_weights - self.log_weights.max())
        return np.asarray(weights / weights.sum())

    @property
    def effective(self) -> float:
        """The effective number of chains, 1 / sum of shares^2."""
        return 1 / float((self.shares**2).sum())

    @property
    def error(self) -> float:
        """The standard error of `log_z`: that of <w> over its value."""
        n = len(self.log_weights)
        spread = float((n * self.shares).std(ddof=1))
        return spread / sqrt(n)

    def average(self, values: Floats) -> tuple[float, float]:
        """The weighted average of a number of every chain, and its standard error."""
        mean = float(self.shares @ values)
        return mean, sqrt(float((self.shares**2) @ (values - mean) ** 2))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Annealing:
    """The machine of a layer on its way, in steps of a temperature. `arrays` are its integer
    parameters, `base` the biases a, int64[visible features] in the unit of parameters, and `betas`
    rise from 0 to 1, evenly spaced if not given.

    Its own arrays are `spins`, the canonical field of the chains, and `log_weights` int64[chain] in
    units of 2^-20, exact sums.
    """

    backend: Backend
    layer: Rbm
    arrays: Arrays
    base: NDArray[np.int64]
    key: Key
    chains: int = CHAINS
    betas: Floats = field(default_factory=lambda: np.linspace(0, 1, STEPS + 1))

    @property
    def steps(self) -> int:
        return len(self.betas) - 1

    def start(self) -> dict[str, NDArray[Any]]:
        """The arrays before the first step: chains of independent units."""
        backend, program = self.backend, independent(units_of(self.layer.visible), self.chains)
        empty = np.zeros(program.fields[0].shape, dtype=program.fields[0].dtype)
        state = [backend.pack(empty), backend.pack(self.base)]
        keys = step_keys(self.key, 0, 1, program.draws)
        state, _ = backend.compile(program)(state, dense_arguments(), keys)
        return {
            "spins": np.asarray(backend.unpack(state[0])),
            "log_weights": np.zeros(self.chains, dtype=np.int64),
        }

    def step(self, arrays: dict[str, NDArray[Any]], done: int, most: int) -> int:
        """Go on after `done` steps, and change `arrays`. Returns how many more are made."""
        backend, program = self.backend, annealing(self.layer, self.chains)
        scales = scales_of(self.betas[done : done + min(most, AT_ONCE) + 1])
        parameters = parameters_in(self.arrays, self.layer).arrays
        state = [*map(backend.pack, (arrays["spins"], *parameters, self.base))]
        keys = step_keys(self.key, 1 + done, len(scales), program.draws)
        state, tallies = backend.compile(program)(state, dense_arguments(scales=scales), keys)
        arrays["spins"] = np.asarray(backend.unpack(state[0]))
        arrays["log_weights"] = arrays["log_weights"] + (tallies[0] - tallies[1]).sum(axis=0)
        return len(scales)

    def whole(self) -> Annealed:
        """The chains after all steps."""
        arrays, done = self.start(), 0
        while done < self.steps:
            done += self.step(arrays, done, self.steps)
        return self.annealed(arrays)

    def annealed(self, arrays: Mapping[str, NDArray[Any]]) -> Annealed:
        """The chains after the last step."""
        return Annealed(
            log_weights=arrays["log_weights"] / UNIT,
            states=states_in(arrays["spins"], self.layer.visible.spins, self.chains),
            log_z0=_log_z0(self.layer, self.base),
        )


def scales_of(betas: Floats) -> NDArray[np.int32]:
    """int32[step, slot, 1] for steps between neighbouring inverse temperatures."""
    new = np.rint(betas * SCALE).astype(np.int32)
    old, new = new[:-1], new[1:]
    columns = {"old": old, "new": new, "rest of old": SCALE - old, "rest of new": SCALE - new}
    return np.stack([columns[name] for name in ANNEALED], axis=1)[:, :, None]


def _log_z0(layer: Rbm, base: NDArray[np.int64]) -> float:
    """ln Z of the independent units: those of the visible side in the biases that units see, and
    hidden ones in none.
    """
    visible, hidden = numbers_of(layer.visible), numbers_of(layer.hidden)
    none = np.zeros(layer.hidden.features)
    return float(visible.log_sums(in_kt(base)).sum() + hidden.log_sums(none).sum())
