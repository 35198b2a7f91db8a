"""ln Z of a machine by summing over all states of its smaller discrete side.

The other side is summed in closed form for each of them, so that the cost is the number of states
of the smaller side times the features of the larger one.
"""

from __future__ import annotations

from collections.abc import Callable
from math import fsum, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.machine import Machine
from rgc.flows.machines.sides import Discrete, Gaussian, Side, discrete
from rgc.flows.machines.tables import all_states
from rgc.passes.count_states import MOST_SUMMED, fits
from rgc.routines.log_z import LARGEST, log_z_small_side

Floats = NDArray[np.float64]
Routine = Callable[[Any, Any, Any, Any], float]

PART = 1 << 16
"""Numbers in one of the two arrays that a routine works on."""


def summable(machine: Machine) -> bool:
    """Whether ln Z can be found by summing over the smaller side."""
    sides = (machine.visible, machine.hidden)
    return any(fits(side.configurations, MOST_SUMMED) for side in sides)


def exact_log_z(machine: Machine, routine: Routine = log_z_small_side, xp: Any = np) -> float:
    """ln Z. `routine` is a version of `log_z_small_side` and `xp` its array namespace.

    Raises `ValueError` where both sides are too large, and where Z does not exist because real
    units on both sides are coupled too strongly.
    """
    if isinstance(machine.visible, Gaussian) and isinstance(machine.hidden, Gaussian):
        return _of_squares(machine, machine.visible, machine.hidden)
    if not summable(machine):
        raise ValueError(f"neither side has at most {MOST_SUMMED} states")
    if _states(machine.visible) > _states(machine.hidden):
        machine = machine.turned
    if isinstance(machine.hidden, Gaussian) or _largest_exponent(machine) > LARGEST:
        return _by_energies(machine)
    return -machine.constant + _over(_Halves(machine), routine, xp)


def _largest_exponent(machine: Machine) -> float:
    """A bound on the difference of -E between two states of one hidden unit."""
    small, large = discrete(machine.visible), discrete(machine.hidden)
    most = np.abs(small.exponents(machine.weights.T)).max(axis=-1).sum(axis=-1)
    fields = np.abs(machine.hidden_bias) + most
    return float(2 * np.abs(large.table).sum(axis=1).max() * fields.max(initial=0.0))


def _by_energies(machine: Machine) -> float:
    """ln Z from the effective energies of the smaller side, `PART` fields at a time."""
    small = discrete(machine.visible)
    inner = _fitting(small.states, small.number, PART / len(machine.hidden_bias))
    outer = all_states(Discrete(small.number - inner, small.table))
    states, parts = all_states(Discrete(inner, small.table)), []
    for state in outer:
        whole = np.concatenate([np.broadcast_to(state, (len(states), len(state))), states], axis=1)
        parts.append(_log_sum(-machine.visible_energies(small.features(whole))))
    return _log_sum(np.array(parts))


def _log_sum(exponents: Floats) -> float:
    largest = float(exponents.max())
    return largest + log(fsum(np.exp(exponents - largest).tolist()))


def _of_squares(machine: Machine, visible: Gaussian, hidden: Gaussian) -> float:
    """ln of the integral of exp(b.x - x.A.x / 2): (b.A^-1.b + n ln(2 pi) - ln(det A)) / 2."""
    matrix = np.block(
        [
            [np.diag(visible.precision), -machine.weights],
            [-machine.weights.T, np.diag(hidden.precision)],
        ]
    )
    if np.linalg.eigvalsh(matrix)[0] <= 0:
        raise ValueError("Z does not exist: real units are coupled more strongly than held")
    bias = np.concatenate([machine.visible_bias, machine.hidden_bias])
    square = bias @ np.linalg.solve(matrix, bias) + len(bias) * np.log(2 * np.pi)
    return float((square - np.linalg.slogdet(matrix)[1]) / 2 - machine.constant)


def _states(side: Side) -> float:
    """How many states there are; of real units more than any number."""
    return np.inf if side.configurations is None else side.configurations


class _Halves:
    """The small side cut into three: outer units, whose states are taken one by one, and two groups
    whose states are worked on as arrays.
    """

    def __init__(self, machine: Machine) -> None:
        small, large = discrete(machine.visible), discrete(machine.hidden)
        self.small, self.large, self.machine = small, large, machine
        others = max(1, large.number * (large.states - 1))
        self.inner = _fitting(small.states, small.number, PART / others)
        self.middle = _fitting(small.states, small.number - self.inner, PART / others)
        self.outer = small.number - self.inner - self.middle

    def part(self, start: int, stop: int, bias: Floats | None = None) -> tuple[Floats, Floats]:
        """For all states of some units of the small side: what they add to -E by themselves, and
        the fields on the large side as exponents, with those of `bias` where it is given.
        """
        small, large, width = self.small, self.large, self.small.width
        states = all_states(Discrete(stop - start, small.table))
        features = Discrete(stop - start, small.table).features(states)
        rows = slice(start * width, stop * width)
        fields = features @ self.machine.weights[rows]
        if bias is not None:
            fields = fields + bias
        exponents = large.exponents(fields)
        first = exponents[..., :1]
        own = features @ self.machine.visible_bias[rows] + first.sum(axis=(-1, -2))
        return own, exponents[..., 1:] - first


def _over(halves: _Halves, routine: Routine, xp: Any) -> float:
    """ln Z over the outer states."""
    outer, middle = halves.outer, halves.outer + halves.middle
    own, fields = halves.part(0, outer, halves.machine.hidden_bias)
    first, x = halves.part(outer, middle)
    second, y = (xp.asarray(part) for part in halves.part(middle, halves.small.number))
    parts = [
        own[k] + routine(xp.asarray(first), second, xp.asarray(x + fields[k]), y)
        for k in range(len(own))
    ]
    return _log_sum(np.array(parts))


def _fitting(states: int, number: int, most: float) -> int:
    """The largest number of units, up to `number`, that have at most so many states together."""
    return min(number, max(0, int(log(max(most, 1)) / log(states) + 1e-9)))
