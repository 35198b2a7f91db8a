"""The numbers of every update of a training run, made on the host as integers.

A number is a factor times a quantity that runs along the training, as the rate does. What is finer
than the unit of a parameter is spread over updates, number k being floor(S_(k+1)) - floor(S_k) with
S_k the sum of the exact numbers before update k: over the run its mean is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rgc.model.trainer import Trainer
from rgc.model_to_program.training_update import Number

Floats = NDArray[np.float64]

PRECISION = 1 << 32
"""Quantities are rounded to this part of 1 before they are added up."""


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The sums of rate, momentum and the constant 1 before each update, in units of 1 / PRECISION,
    int64[update + 1].
    """

    sums: dict[str, NDArray[np.int64]]

    def numbers(self, asked: Sequence[Number], first: int, count: int) -> NDArray[np.int64]:
        """int64[update, slot] for updates `first`, ..., `first + count - 1`."""
        columns = [self._column(number, first, count) for number in asked]
        return np.array(columns, dtype=np.int64).reshape(len(asked), count).T

    def _column(self, number: Number, first: int, count: int) -> list[int]:
        factor = abs(number.factor)
        sums = self.sums[number.quantity][first : first + count + 1]
        floors = [int(each) * factor.numerator // (factor.denominator * PRECISION) for each in sums]
        sign = 1 if number.factor >= 0 else -1
        return [sign * (after - before) for before, after in pairwise(floors)]


def make_schedule(trainer: Trainer, rows: int) -> Schedule:
    """The schedule of a trainer over so many rows."""
    updates = trainer.updates(rows)
    rate = [trainer.rate.at(update, updates) for update in range(updates)]
    momentum = [trainer.momentum.at(update, updates) for update in range(updates)]
    given = {"rate": rate, "momentum": momentum, "one": [1.0] * updates}
    return Schedule({name: _sums(np.array(values)) for name, values in given.items()})


def _sums(values: Floats) -> NDArray[np.int64]:
    parts = np.rint(values * PRECISION).astype(np.int64)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(parts)])
