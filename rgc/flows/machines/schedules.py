"""What a trainer does in every update, as integers made on the host.

A step of `rate` times a gradient is a number of units of 2^-26 kT, which is mostly no integer. It
is spread: update k takes floor(S_(k+1)) - floor(S_k), with S_k the sum of the steps before it, so
that the sum of any number of updates is exact within one unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.flows.machines.weights_file import PARAMETER_UNIT
from rgc.model.trainer import Trainer

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

FRACTION = 32
"""Sums of steps are kept to 2^-32 of a unit."""

MOMENTUM_UNIT, DECAY_UNIT = 2.0**-16, 2.0**-32
"""The units in which programs have the momentum and the decay."""


def spread(values: Floats) -> Integers:
    """Integers int64[update] whose sums are those of the values float64[update], cut off: at most
    one away from them after any number of updates."""
    whole = np.floor(values)
    parts = np.rint((values - whole) * 2.0**FRACTION).astype(np.int64)
    sums = np.concatenate([[0], np.cumsum(parts)]) >> FRACTION
    return np.asarray(whole.astype(np.int64) + np.diff(sums))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Schedule:
    """The updates of the training of a layer.

    - `rate` and `momentum` float64[update] are those of the trainer.
    - `shrink` int64[update], in units of 2^-26 kT, is the soft threshold of `l1`.
    - `decay` int64[update], in units of 2^-32, is the share that `l2` takes.
    """

    rate: Floats
    momentum: Floats
    shrink: Integers
    decay: Integers

    @property
    def momenta(self) -> Integers:
        """The momentum in units of 2^-16, int64[update]."""
        return np.rint(self.momentum / MOMENTUM_UNIT).astype(np.int64)

    def steps(self, counted: NDArray[np.int64] | int, shift: int = 0) -> Integers:
        """What a program multiplies a sum over `counted` rows or chains with (of each update, or of
        all), int64[update], in units of 2^-(26 + shift) kT: rate / counted, spread."""
        return spread(self.rate / counted * (2.0**shift / PARAMETER_UNIT))


def make_schedule(trainer: Trainer, updates: int) -> Schedule:
    """The schedule of a trainer for so many updates."""
    each = range(updates)
    rate = np.array([trainer.rate.at(update, updates) for update in each])
    return Schedule(
        rate=rate,
        momentum=np.array([trainer.momentum.at(update, updates) for update in each]),
        shrink=spread(rate * trainer.l1 / PARAMETER_UNIT),
        decay=spread(rate * trainer.l2 / DECAY_UNIT),
    )
