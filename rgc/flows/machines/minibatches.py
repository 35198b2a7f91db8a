"""Which rows of the data make which gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import key_of, permutation
from rgc.flows.machines.streams import OFFSET, ORDER
from rgc.program.draws import Key, uniforms

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Minibatches:
    """`rows` rows in batches of `batch`, every epoch in an order of its own, which is the rank of
    random words keyed by layer and epoch.

    With `weights` float64[row] an epoch holds as many rows, each of them as often as its weight
    says, rounded up or down at random so that the mean is exact (systematic resampling). `key` is
    that of the training of a layer.
    """

    rows: int
    batch: int
    key: Key
    weights: NDArray[np.float64] | None = None

    @property
    def in_epoch(self) -> int:
        """Batches of an epoch, of which the last may be smaller."""
        return -(-self.rows // self.batch)

    def of(self, update: int) -> Numbers:
        """The numbers of the rows of an update, int32[row]. Updates are numbered from 0."""
        epoch, place = divmod(update, self.in_epoch)
        first = place * self.batch
        return _order(self, epoch)[first : first + self.batch]

    def between(self, first: int, count: int) -> Numbers:
        """The rows of updates whose batches are of one size, int32[update, row]."""
        return np.stack([self.of(update) for update in range(first, first + count)])


@lru_cache(maxsize=4)
def _order(batches: Minibatches, epoch: int) -> Numbers:
    """The numbers of the rows in the order of an epoch."""
    order = permutation(key_of(batches.key, ORDER, epoch), batches.rows)
    if batches.weights is not None:
        order = _weighted(batches.weights, key_of(batches.key, OFFSET, epoch))[order]
    return order.astype(np.int32)


def _weighted(weights: NDArray[np.float64], key: Key) -> NDArray[np.intp]:
    """As many rows as there are, at equal distances along the sums of their weights."""
    upper = np.cumsum(weights)
    marks = (np.arange(len(weights)) + uniforms(key, 1)[0]) * (upper[-1] / len(weights))
    return np.asarray(np.minimum(np.searchsorted(upper, marks, side="right"), len(weights) - 1))
