"""Dropout: the average over masks that is trained, and the machine that stands for it.

A mask r keeps each hidden unit with probability q, and the units left out are 0, so that it is a
machine of those that are kept, with a normalisation of its own:

    p(v) = sum_r q^|r| (1 - q)^(n - |r|) p_r(v),    p_r(v) = exp(b.v + sum_j r_j l_j(v)) / Z_r,

l_j(v) = ln(1 + exp(c_j + (vW)_j)). The machine that is used in its place has all units, and its
weights are q W (Srivastava et al. 2014, J. Mach. Learn. Res. 15, 1929).
"""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.machine import Machine
from rgc.flows.machines.monitors import relative_entropy
from rgc.flows.machines.parameters import Arrays
from rgc.flows.machines.sides import discrete
from rgc.flows.machines.tables import all_digits, all_states
from rgc.model.trainer import Trainer
from rgc.passes.count_states import MOST_MASKED, fits

Floats = NDArray[np.float64]


def share_kept(trainer: Trainer | None) -> float:
    """The share of hidden units that an update keeps."""
    return 1.0 if trainer is None else 1 - (trainer.dropout or 0.0)


def scaled(arrays: Arrays, share: float) -> dict[str, NDArray[Any]]:
    """The arrays with their integer weights times the share of units that are kept."""
    weights = np.rint(arrays["weights"] * share).astype(np.int32)
    return {**arrays, "weights": weights}


def apart(machine: Machine, share: float) -> float | None:
    """KL(average over masks || machine) in nats, of a machine whose weights have been scaled; None
    where masks and states are too many.
    """
    states = machine.visible.configurations
    if states is None or not fits(states * 2**machine.hidden.number, MOST_MASKED):
        return None
    trained = replace(machine, weights=machine.weights / share)
    return relative_entropy(machine, log_chances(trained, share))


def log_chances(machine: Machine, share: float) -> Floats:
    """ln p(v) of the average over masks, of all visible states in the order of `all_states`."""
    side, hidden = discrete(machine.visible), machine.hidden
    features = side.features(all_states(side))
    units = hidden.log_sums(machine.hidden_fields(features))
    masks = all_digits([2] * hidden.number)
    kept = masks.sum(axis=1)
    weights = masks @ units.T + features @ machine.visible_bias
    shares = kept * log(share) + (hidden.number - kept) * log(1 - share)
    weights += (shares - np.logaddexp.reduce(weights, axis=1))[:, None]
    return np.asarray(np.logaddexp.reduce(weights, axis=0))
