"""What is followed while a machine is trained. Nothing here changes the machine."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows
from rgc.flows.enumeration.rounding import without_rounding
from rgc.flows.machines.likelihood import average
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.sides import Discrete, features_of
from rgc.flows.machines.tables import table

Floats = NDArray[np.float64]

SATURATED = 0.01
"""A hidden unit of whose states one has less than this chance is saturated in a row."""

STILL = 1e-3
"""A hidden unit whose conditional means have a smaller standard deviation over the rows says
nothing about them: it is dead.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """<H(v)> over the rows kept for validation less that over the rows trained on, in nats, and its
    standard error. It is 0 within errors as long as the machine tells the two sets no better apart
    than chance does (Hinton 2010, section 6).
    """

    value: float
    error: float


def free_energy_gap(machine: Machine, train: Rows, validation: Rows) -> Gap:
    """The gap between two sets of rows, which are taken as independent of each other."""
    (ours, error), (theirs, other) = (
        average(machine.visible_energies(features_of(machine.visible, rows)), rows)
        for rows in (train, validation)
    )
    return Gap(value=theirs - ours, error=hypot(error, other))


def relative_entropy(machine: Machine, log_chances: Floats) -> float:
    """KL(P || machine) = sum P (ln P - ln p) in nats, from ln P of all visible states in the order
    of `all_states`. Raises `ValueError` where they are too many.
    """
    return divergence(log_chances, table(machine).log_chances)


def divergence(ours: Floats, theirs: Floats) -> float:
    """KL(P || q) in nats, from ln P and ln q of all states; 0 where rounding leaves no digit."""
    chances = np.exp(ours)
    size = float(chances @ np.maximum(np.abs(ours), np.abs(theirs)))
    return without_rounding(float(chances @ (ours - theirs)), size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """The shares of hidden units that are `saturated` in more than half of the rows, and `dead`."""

    saturated: float
    dead: float


def activity(machine: Machine, rows: Rows) -> Activity | None:
    """How the hidden units answer to rows; None where they are real."""
    hidden = machine.hidden
    if not isinstance(hidden, Discrete):
        return None
    fields = machine.hidden_fields(features_of(machine.visible, rows))
    chances = np.exp(hidden.exponents(fields) - hidden.log_sums(fields)[..., None])
    decided = np.average(chances.min(axis=-1) < SATURATED, axis=0, weights=rows.weights)
    apart = chances - np.average(chances, axis=0, weights=rows.weights)
    variance = np.average(apart**2, axis=0, weights=rows.weights)
    dead = (variance < STILL**2).all(axis=-1)
    return Activity(saturated=float((decided > 0.5).mean()), dead=float(dead.mean()))
