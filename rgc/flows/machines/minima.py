"""The landscape of a small machine: the local minima of H(v) = -ln Tr_h e^-E."""

from __future__ import annotations

import numpy as np

from rgc.flows.machines.machine import Machine
from rgc.flows.machines.sides import States, discrete
from rgc.flows.machines.tables import table

FLAT = 1e-9
"""Energies that differ by less, in kT, are the same."""


def minima(machine: Machine) -> int:
    """How many states lie lower than every state that differs from them in one unit.

    Raises `ValueError` where there are too many states, or infinitely many.
    """
    energies, side = -table(machine).log_chances, discrete(machine.visible)
    grid = energies.reshape([side.states] * side.number)
    low = np.ones(grid.shape, dtype=bool)
    for axis in range(side.number):
        ordered = np.sort(grid, axis=axis)
        least, second = (np.take(ordered, [k], axis=axis) for k in (0, 1))
        low &= (grid <= least) & (second - least > FLAT)
    return int(low.sum())


def mass(machine: Machine, rows: States) -> float:
    """The probability that a machine gives to all the states that occur among the rows."""
    different = np.unique(rows, axis=0)
    energies = machine.visible_energies(machine.visible.features(different))
    return float(np.exp(-energies - table(machine).log_z).sum())
