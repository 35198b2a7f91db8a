"""How many singular values of each block are kept: the largest, and multiplets of equal ones whole
or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EQUAL = 1e-4
"""Relative distance of singular values of one multiplet; projections find them to 1e-5."""
ZERO = 1e-13
"""Of the largest singular value: what lies below it is rounding."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`counts`: the number kept of each block. `discarded`: the share of the sum of squares that is
    not kept. `dropped`: the number of values below `chi` that were left out because the multiplet
    that they belong to did not fit; `over`: how many were kept beyond `chi` because their multiplet
    began with the first value.
    """

    counts: tuple[int, ...]
    discarded: float
    dropped: int = 0
    over: int = 0


def choose(blocks: Sequence[Floats], chi: int, total: float, zero: float = ZERO) -> Kept:
    """What is kept of the singular values of the blocks, each falling, where about `chi` may be
    kept and the squares sum to `total`.

    Values below `zero` times the largest are rounding and never kept.
    """
    values = np.concatenate(blocks)
    owner = np.repeat(np.arange(len(blocks)), [len(each) for each in blocks])
    order = np.argsort(-values, kind="stable")
    falling = values[order]
    count = min(chi, int(np.sum(falling > zero * falling[0])))
    whole = _whole(falling[falling > zero * falling[0]], count)
    kept = order[:whole]
    counts = tuple(int(np.sum(owner[kept] == block)) for block in range(len(blocks)))
    discarded = max(0.0, 1.0 - float(np.sum(values[kept] ** 2)) / total)
    return Kept(counts, discarded, max(count - whole, 0), max(whole - count, 0))


def _whole(falling: Floats, count: int) -> int:
    """The largest number up to `count` that cuts no multiplet, and where there is none the whole of
    the first one.
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
