"""The layers of a small stack as one network, all of whose states are gone through.

The network of layers 1, ..., l draws the visible units of machine l and goes down through
p_k(v | h) of the layers below (`rgc.flows.machines.bound`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.machine import Machine
from rgc.flows.machines.monitors import divergence
from rgc.flows.machines.sides import Discrete
from rgc.flows.machines.tables import all_states, table

Floats = NDArray[np.float64]


def above(machine: Machine, chances: Floats) -> Floats:
    """The probabilities of all hidden states where those of all visible ones are given."""
    return chances @ _conditional(machine)


def below(machine: Machine, chances: Floats) -> Floats:
    """The probabilities of all visible states where those of all hidden ones are given."""
    return chances @ _conditional(machine.turned)


def network_kl(machines: Sequence[Machine], log_chances: Floats) -> float:
    """KL(P || q) in nats, where P has the given logarithms and q is the network of the machines."""
    found = table(machines[-1]).chances
    for machine in reversed(machines[:-1]):
        found = below(machine, found)
    with np.errstate(divide="ignore"):
        return divergence(log_chances, np.log(found))


def _conditional(machine: Machine) -> Floats:
    """p(h | v), float64[visible state, hidden state]. Raises `ValueError` for real units."""
    visible, hidden = machine.visible, machine.hidden
    if not isinstance(visible, Discrete) or not isinstance(hidden, Discrete):
        raise ValueError("real units have no table of states")
    fields = machine.hidden_fields(visible.features(all_states(visible)))
    sums = hidden.log_sums(fields).sum(axis=-1)
    return np.asarray(np.exp(fields @ hidden.features(all_states(hidden)).T - sums[:, None]))
