"""Whether persistent chains are where their machine is.

Chains that are held in one part of the state space give a wrong gradient, and nothing that is
computed from them alone can tell: chains started afresh fall into the same parts. Annealing weighs
its chains, so its averages are those of the machine (atlas T2 of the design was tried: P(m > 0) of
the machine 1.000, of persistent chains .49 to .51, of fresh ones .62 to .86, of weighted ones
1.000).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Backend
from rgc.flows.data.rows import Rows, states_in
from rgc.flows.machines.annealing import Annealed
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.parameters import Arrays
from rgc.flows.machines.passes import descended
from rgc.flows.machines.sides import Discrete
from rgc.model.stack import Rbm
from rgc.program.draws import Key

Floats = NDArray[np.float64]

APART = 4.0
"""The largest difference of an average, in its errors, that is chance."""

LEAST_EFFECTIVE = 10.0
"""Effective chains below which weighted averages say nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An average over the persistent chains, the weighted one, and the difference in errors."""

    chains: float
    machine: float
    z: float


def visible_states(
    backend: Backend, layer: Rbm, arrays: Arrays, count: int, key: Key
) -> NDArray[Any]:
    """Visible states drawn for the first of the persistent chains, which keep hidden ones."""
    hidden = states_in(arrays["chains"], layer.hidden.spins, count)
    rows = Rows(species=layer.hidden.spins, states=hidden)
    states: NDArray[Any] = descended(backend, layer, arrays, rows, key).states
    return states


def compared(
    machine: Machine, chains: NDArray[Any], annealed: Annealed
) -> Mapping[str, Difference]:
    """Averages over the chains beside those of the machine, by name; none where the weights leave
    too few effective chains.
    """
    if annealed.effective < LEAST_EFFECTIVE:
        return {}
    found = {}
    for name, of in AVERAGES.items():
        ours, theirs = of(machine, chains), of(machine, annealed.states)
        mean, error = float(ours.mean()), float(ours.std(ddof=1)) / sqrt(len(ours))
        weighted, weighted_error = annealed.average(theirs)
        errors = sqrt(error**2 + weighted_error**2)
        apart = mean - weighted
        found[name] = Difference(mean, weighted, apart / errors if errors else 0.0)
    return found


def _mean(machine: Machine, states: NDArray[Any]) -> Floats:
    return np.asarray(machine.visible.features(states).mean(axis=1))


def _positive(machine: Machine, states: NDArray[Any]) -> Floats:
    """1 where the mean is above the middle of the values, 1/2 at it; of real units that is 0."""
    side, middle = machine.visible, 0.0
    if isinstance(side, Discrete):
        middle = float(side.table[0].mean() + side.table[-1].mean()) / 2
    return np.asarray((np.sign(_mean(machine, states) - middle) + 1) / 2)


def _energy(machine: Machine, states: NDArray[Any]) -> Floats:
    energies = machine.visible_energies(machine.visible.features(states))
    return np.asarray(energies / machine.visible.number)


AVERAGES: Mapping[str, Callable[[Machine, NDArray[Any]], Floats]] = {
    "mean of a visible unit": _mean,
    "P(mean above the middle)": _positive,
    "H(v) per unit": _energy,
}
"""What is compared, one number a chain."""
