"""How sums over replicas are kept, so that shares of them come to the digits of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import GROUPS
from rgc.model.share import WHOLE, Share
from rgc.schemes import shares
from rgc.schemes.options import WORD_REPLICAS

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """Consecutive parts of the replicas of a share, each in one group of the jackknife and in one
    piece of those that shares are made of.

    Sums over each part are kept, and those of a group are added up at the end. So how the work was
    cut changes no digit, though sums are rounded. `sizes[part]` are numbers of replicas, all even;
    `longest` is the largest of them in the whole, `per_group` how many replicas a group has there,
    and `groups[part]` the group of each. The first replica is that of word `word0`.
    """

    sizes: tuple[int, ...]
    longest: int
    per_group: int
    groups: tuple[int, ...]
    word0: int = 0

    def __len__(self) -> int:
        return len(self.sizes)

    def split(self, values: Array, axis: int = -1) -> Array:
        """[..., replica, ...] as [..., part, replica of the part, ...], with zeros behind the
        replicas of a part that is not the longest. An axis may hold every other replica only, or
        pairs of them.
        """
        axis %= values.ndim
        before, length, after = values.shape[:axis], values.shape[axis], values.shape[axis + 1 :]
        each = sum(self.sizes) // length
        if min(self.sizes) == self.longest:
            return values.reshape(*before, len(self), self.longest // each, *after)
        ends = np.cumsum(self.sizes)[:, None] // each
        index = ends - np.array(self.sizes)[:, None] // each + np.arange(self.longest // each)
        index[index >= ends] = length
        zero = np.zeros((*before, 1, *after), values.dtype)
        return np.asarray(np.concatenate([values, zero], axis).take(index, axis))

    def by_group(self, arrays: Mapping[str, Array], axes: Mapping[str, int]) -> dict[str, Array]:
        """The arrays of the whole, where those of `axes` hold the sums of groups in place of those
        of parts along that axis.
        """
        first = [k for k, group in enumerate(self.groups) if group not in self.groups[:k]]
        summed = {name: np.add.reduceat(arrays[name], first, axis) for name, axis in axes.items()}
        return {**arrays, **summed}


def make_parts(replicas: int, realisations: int = 0, share: Share = WHOLE) -> Parts:
    """The parts of a share of so many replicas, of so many realisations of random couplings."""
    pieces, words = shares.pieces(replicas, realisations), replicas // WORD_REPLICAS
    starts = [piece * words // pieces * WORD_REPLICAS for piece in range(pieces + 1)]
    cuts = sorted({*starts, *(group * replicas // GROUPS for group in range(GROUPS))})
    own = share.of(pieces)
    first, last = starts[own.start], starts[own.stop]
    parts = [(low, high) for low, high in pairwise(cuts) if first <= low < last]
    return Parts(
        sizes=tuple(high - low for low, high in parts),
        longest=max(high - low for low, high in pairwise(cuts)),
        per_group=replicas // GROUPS,
        groups=tuple(low * GROUPS // replicas for low, _ in parts),
        word0=first // WORD_REPLICAS,
    )
