"""Everything exact about a small machine, from a table of all states of one side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, prod

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.rounding import without_rounding
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.sides import Discrete, Gaussian, States
from rgc.passes.count_states import MOST_TABLED, fits

Floats = NDArray[np.float64]


EXACT = 1e-14
"""An eigenvalue that rounding makes of 0."""


def all_states(side: Discrete) -> States:
    """Every state of a side, int64[states ** number, number], the first unit changing slowest."""
    return all_digits([side.states] * side.number)


def all_digits(radices: Sequence[int]) -> States:
    """Every row of digits below the radices, int64[row, digit], the first changing slowest."""
    sizes, rows = np.array(radices, dtype=np.int64), prod(radices)
    return np.asarray(np.arange(rows)[:, None] // (rows // np.cumprod(sizes)) % sizes)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The visible states of a machine: their `features`, and ln of the probability of each."""

    features: Floats
    log_z: float
    log_chances: Floats

    @property
    def chances(self) -> Floats:
        return np.exp(self.log_chances)

    @property
    def entropy(self) -> float:
        """- sum_v p(v) ln p(v), in nats."""
        return float(-(self.chances @ self.log_chances))


def table(machine: Machine) -> Table:
    """All visible states. Raises `ValueError` where there are too many of them, or infinitely
    many.
    """
    side = machine.visible
    if isinstance(side, Gaussian) or not fits(side.configurations, MOST_TABLED):
        raise ValueError(f"a table has at most {MOST_TABLED} states")
    features = side.features(all_states(side))
    weights = -machine.visible_energies(features)
    largest = weights.max()
    log_z = float(largest + np.log(np.exp(weights - largest).sum()))
    return Table(features, log_z, weights - log_z)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Moments:
    """Averages of the features under a distribution of visible units with p(h | v) of a machine:
    float64[visible features], float64[hidden features], float64[visible, hidden].
    """

    visible: Floats
    hidden: Floats
    pairs: Floats


def moments(machine: Machine, features: Floats, chances: Floats) -> Moments:
    """The averages over visible states `features` float64[state, visible features] of the given
    probabilities, with hidden units drawn from p(h | v).

    The gradient of the mean log-likelihood of data is the difference between the moments of the
    data and those of the machine.
    """
    hidden = machine.hidden.means(machine.hidden_fields(features))
    weighted = chances[:, None] * features
    return Moments(visible=weighted.sum(axis=0), hidden=chances @ hidden, pairs=weighted.T @ hidden)


def own_moments(machine: Machine) -> Moments:
    """The averages under the machine itself, by the states of its visible side or, where these are
    too many, of its hidden one; the other is summed in closed form. Raises `ValueError` as `table`
    does.
    """
    if not fits(machine.visible.configurations, MOST_TABLED):
        found = _moments_of(machine.turned)
        return Moments(visible=found.hidden, hidden=found.visible, pairs=found.pairs.T)
    return _moments_of(machine)


def _moments_of(machine: Machine) -> Moments:
    """The same by the states of the visible side."""
    states = table(machine)
    return moments(machine, states.features, states.chances)


def information(machine: Machine) -> float:
    """I(v; h) = S(h) - <S(h | v)>, in nats, 0 where rounding leaves no digit of it. Both sides are
    tabled.

    Raises `ValueError` as `table` does.
    """
    visible, hidden = table(machine), table(machine.turned)
    fields = machine.hidden_fields(visible.features)
    left = machine.hidden.log_sums(fields).sum(axis=1)
    left -= (fields * machine.hidden.means(fields)).sum(axis=1)
    size = hidden.entropy + float(np.abs(fields).sum(axis=1).max())
    return without_rounding(hidden.entropy - float(visible.chances @ left), size)


def autocorrelation_time(machine: Machine) -> float:
    """The sweeps v -> h -> v in which what is forgotten most slowly falls by e: -1 / ln of the
    second eigenvalue of a sweep, which is the square of the second singular value of
    p(v, h) / sqrt(p(v) p(h)). It is 0 where one sweep forgets everything.

    Raises `ValueError` as `table` does, on either side.
    """
    visible, hidden = table(machine), table(machine.turned)
    joint = visible.features @ machine.weights @ hidden.features.T
    joint += (visible.features @ machine.visible_bias)[:, None]
    joint += hidden.features @ machine.hidden_bias - machine.constant - visible.log_z
    kernel = np.exp(joint - (visible.log_chances[:, None] + hidden.log_chances) / 2)
    kernel = kernel if len(kernel) < kernel.shape[1] else kernel.T
    second = float(np.linalg.eigvalsh(kernel @ kernel.T)[-2])
    if second >= 1:
        return inf
    return -1 / log(second) if second > EXACT else 0.0


def pseudo_log_likelihood(machine: Machine, states: States) -> Floats:
    """sum_i ln p(v_i | all other v) of every row, float64[row], from states[row, unit].

    It is exact and over all sites. Divided by the number of units it is the pseudo-log-likelihood
    per site. Raises `ValueError` for real units.
    """
    side = machine.visible
    if isinstance(side, Gaussian):
        raise ValueError("real units have no pseudo-likelihood here")
    features = side.features(states)
    fields, base = machine.hidden_fields(features), features @ machine.visible_bias
    own = base + machine.hidden.log_sums(fields).sum(axis=1)
    total = np.zeros(len(states))
    for unit in range(side.number):
        rows = slice(unit * side.width, (unit + 1) * side.width)
        moved = side.table[None, :, :] - features[:, None, rows]  # row, other state, feature
        others = base[:, None] + moved @ machine.visible_bias[rows]
        changed = fields[:, None, :] + moved @ machine.weights[rows]
        others = others + machine.hidden.log_sums(changed).sum(axis=-1)
        largest = others.max(axis=1)
        total += own - largest - np.log(np.exp(others - largest[:, None]).sum(axis=1))
    return total
