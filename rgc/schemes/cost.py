"""The record of a cost, and what functions that find one share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rgc.model.options import Options
from rgc.model.spec import Spec

NUMBER = 8
"""The bytes of a float64, of an int64 and of a word of 64 replicas."""

FLOPS = 2e9
"""Multiplications with an addition that one core makes in a second in products of matrices."""

ELEMENTS = 2e8
"""Numbers on which one core works in a second where arrays are gone through one by one."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run takes at one point.

    - `memory` is the largest size of its arrays at one time, in bytes. It is right to about a
      factor of two where it is more than the program itself takes.
    - `seconds` is the time of one core: a count of operations over a rate that was measured once on
      one machine. It is rough.
    - `compiling` is the time that kernels take besides, once for all points that have them in
      common, and only where they are not in the cache folder.
    """

    memory: float
    seconds: float
    compiling: float = 0.0

    def beside(self, other: Cost) -> Cost:
        """The cost of both, whose arrays are there at the same time."""
        return Cost(
            self.memory + other.memory,
            self.seconds + other.seconds,
            self.compiling + other.compiling,
        )

    def then(self, other: Cost) -> Cost:
        """The cost of both, one after the other."""
        return Cost(
            max(self.memory, other.memory),
            self.seconds + other.seconds,
            self.compiling + other.compiling,
        )

    def times(self, runs: float) -> Cost:
        """The cost of so many runs of the same kernels, one after the other."""
        return replace(self, seconds=self.seconds * runs)


NOTHING = Cost(0.0, 0.0)

CostOf = Callable[[Spec, Options], Cost]
"""A function from a checked spec and the options of a scheme or of a method, all filled in, to the
cost of one run. It imports no array library and makes nothing of the size of the run.
"""

SharesOf = Callable[[Spec, Options], int]
"""The same, to the number of shares into which the run can be cut, each a run by itself."""
