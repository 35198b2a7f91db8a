"""Couplings of the levels of a Monte Carlo RG from their configurations, by Callen's equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.statistics import GROUPS
from rgc.flows.sampling.callen import (
    HEAD,
    Configurations,
    Found,
    found_couplings,
    with_couplings,
)
from rgc.flows.sampling.mcrg_spectra import kept
from rgc.flows.sampling.saved import Saver, spins
from rgc.model.operators import Operator
from rgc.results.result import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.levels import Levels
    from rgc.flows.sampling.sampler import Sampler

MOST_KEPT = 32
"""Configurations of each replica, at most, from which couplings are found."""


@dataclass(frozen=True, slots=True, eq=False)
class LevelCouplings:
    """Keeps block spins of some records, and finds the couplings of every level at the end."""

    levels: Levels
    saver: Saver

    def result(self, found: Result, arrays: Mapping[str, NDArray[Any]]) -> Result:
        """The answer of the run with the couplings of every level."""
        numbers = (level.level for level in found.levels if level.level)
        return with_couplings(found, {each: self._of_level(each, arrays) for each in numbers})

    def _of_level(self, number: int, arrays: Mapping[str, NDArray[Any]]) -> Found:
        """The couplings of a level, in its operators of the invariant sector."""
        sector = self.levels.basis.invariant
        index = kept(self.levels, number, sector)
        names = [self.levels.names[sector][k] for k in index]
        by_name = {each.name: each for each in self.levels.basis.equal.unchanged}
        operators = [each for name in names if isinstance(each := by_name[name], Operator)]
        fields = spins(arrays[f"{HEAD}_{number}_0"], (1, -1))
        group = np.arange(len(fields)) * GROUPS // len(fields)
        parts = (Configurations(fields[:, k], group) for k in range(fields.shape[1]))
        ranges = [self.levels.basis.ranges[sector][k] for k in index]
        return found_couplings(parts, operators, ranges, "replicas")


def make_level_couplings(sampler: Sampler, levels: Levels) -> LevelCouplings | None:
    """What finds the couplings that the option `couplings` asks for, or None."""
    if "couplings" not in sampler.model.options:
        return None
    count = min(sampler.plan.records, MOST_KEPT)
    coarse = [level.lattice for level in levels.levels[1:]]
    return LevelCouplings(levels, Saver(sampler, count, {}, coarse, HEAD, fine=False))
