"""How many singular values of each block are kept. Multiplets of equal values are kept whole or not
at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EQUAL = 1e-4
"""The relative distance up to which singular values belong to one multiplet. Projections find them
to 1e-5.
"""
ZERO = 1e-13
"""Values below this fraction of the largest singular value are rounding."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a truncation keeps.

    - `counts` is the number of values kept of each block.
    - `discarded` is the fraction of the sum of squares that is not kept.
    - `dropped` is the number of values below `chi` that were left out because their multiplet did
      not fit.
    - `over` is the number of values kept beyond `chi` because their multiplet began with the first
      value.
    """

    counts: tuple[int, ...]
    discarded: float
    dropped: int = 0
    over: int = 0


def choose(blocks: Sequence[Floats], chi: int, total: float, zero: float = ZERO) -> Kept:
    """The singular values to keep, where about `chi` may be kept and the squares sum to `total`.

    The values of each block fall. Values below `zero` times the largest are rounding and are never
    kept.
    """
    values = np.concatenate(blocks)
    owner = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    order = np.argsort(-values, kind="stable")
    falling = values[order]
    count = min(chi, int(np.sum(falling > zero * falling[0])))
    whole = _whole(falling[falling > zero * falling[0]], count)
    kept = order[:whole]
    counts = tuple(int(np.sum(owner[kept] == block)) for block in range(len(blocks)))
    discarded = max(0.0, 1.0 - float(np.sum(values[kept] ** 2)) / total)
    return Kept(counts, discarded, max(count - whole, 0), max(whole - count, 0))


def _whole(falling: Floats, count: int) -> int:
    """The largest number up to `count` that cuts no multiplet, or the size of the first multiplet
    where there is none.
    """
    if count == len(falling) or not _equal(falling, count):
        return count
    start = count
    while start > 0 and _equal(falling, start):
        start -= 1
    if start > 0:
        return start
    end = count
    while end < len(falling) and _equal(falling, end):
        end += 1
    return end


def _equal(falling: Floats, cut: int) -> bool:
    """Whether the values on both sides of the cut belong to one multiplet."""
    return bool(falling[cut - 1] - falling[cut] <= EQUAL * falling[cut - 1])
