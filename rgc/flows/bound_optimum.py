"""The p of Kadanoff's block map that makes the bound on F tightest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize

from rgc.analysis.recursion import Floats
from rgc.flows.cell_recursion import CellRecursion

MOST_P = 10.0
"""Beyond this the block spin is that of the majority but for exp(-4 p)."""

_GRID = np.concatenate([np.arange(0.0, 1.5, 0.025), np.arange(1.5, 4.0, 0.1), np.arange(4.0, 10.1, 0.5)])


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """What F of the last level counts as, and its derivative by K."""

    value: Callable[[Floats], float]
    slope: Callable[[Floats], Floats]


def bound(recursion: CellRecursion, start: Floats, steps: int, end: End | None = None) -> tuple[float, Floats]:
    """The bound on F/N after `steps` steps, and its derivatives by the p of each step [steps], by one sweep back."""
    flow, total, share = [np.asarray(start, dtype=np.float64)], 0.0, 1.0
    for step in range(steps):
        moved = recursion(flow[-1], step)
        total += share * moved.constant
        share /= recursion.sites
        flow.append(moved.couplings)
    covector, gradient = np.zeros(len(start)), np.zeros(steps)
    if end is not None:
        total += share * end.value(flow[-1])
        covector = share * end.slope(flow[-1])
    for step in reversed(range(steps)):
        share *= recursion.sites
        covector, gradient[step] = recursion.pulled_back(flow[step], step, np.concatenate([[share], covector]))
    return total, gradient
