"""What a level of a variational Monte Carlo RG sums over the configurations of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.analysis.eigenvalues import Correlations, solved
from rgc.analysis.newton_bias import Batch, batch
from rgc.analysis.statistics import GROUPS, grouped, resample
from rgc.flows.sampling.accumulate import SERIES, products_by_group
from rgc.flows.sampling.recorder import taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.variational.biased_level import BiasedLevel

    Floats = NDArray[np.float64]

WATCHED = ("bond", "m^2")
"""What the time series of a level are of."""

UNIFORM, TARGET, UNBIASED = 0, 1, 2
"""What is kept of a level, by number: with the bias of uniform block spins, with that of the
target, and, of the time series alone, without one.
"""


@dataclass(frozen=True, slots=True, eq=False)
class LevelSums:
    """The sums of a level, in arrays whose names end in its number n.

    S are the operators of a sector at the level, S- the same at the level before. Over records and
    the replicas of a group, whole numbers in float64, there are

    - `sum_<n>_<sector>` [kept, group, a] of S, and `hot_<n>_<sector>` over the replicas that
      started hot,
    - `below_<n>_<sector>` [kept, group, b] of S-,
    - `square_<n>_<sector>` and `cross_<n>_<sector>` [kept, group, a, b] of S S and of S S-,
    - `fine_<n>` [kept, group, term] of the groups of terms of the spec, and `drive_<n>` [kept,
      group, a, term] of them times the invariant S,
    - `outside_<n>` [kept, group, x] of invariant operators outside the basis.

    `series_<n>` [kept, watched, record, group] are averages over the replicas of a group of the
    watched operator and of the sum of squares of single spins (`WATCHED`).
    """

    level: BiasedLevel
    terms: int
    replicas: int

    def empty(self, records: int) -> dict[str, NDArray[Any]]:
        """The arrays before the first record, for batches of at most so many records."""
        n, level, terms = self.level.number, self.level, self.terms
        invariant = len(level.invariant)
        arrays = {
            f"series_{n}": np.zeros((3, len(WATCHED), min(records, SERIES), GROUPS)),
            f"fine_{n}": np.zeros((2, GROUPS, terms)),
            f"drive_{n}": np.zeros((2, GROUPS, invariant, terms)),
            f"outside_{n}": np.zeros((2, GROUPS, len(level.beyond))),
        }
        for sector, names in level.names.items():
            for kind in ("sum", "hot", "below"):
                arrays[f"{kind}_{n}_{sector}"] = np.zeros((2, GROUPS, len(names)))
            for kind in ("square", "cross"):
                arrays[f"{kind}_{n}_{sector}"] = np.zeros((2, GROUPS, len(names), len(names)))
        return arrays

    def clear(self, arrays: Mapping[str, NDArray[Any]], kept: int) -> None:
        """Forget what is kept under a number, before a batch."""
        for name in self.empty(1):
            if kept < len(arrays[name]):
                arrays[name][kept] = 0

    def record(
        self, arrays: Mapping[str, NDArray[Any]], kept: int, number: int, counts: NDArray[Any]
    ) -> None:
        """Add what was counted in a record, the `number`-th of its batch, in place."""
        n, level = self.level.number, self.level
        own = {sector: taken(made, counts) for sector, made in level.own.items()}
        if number < SERIES:
            squares = sum(own[sector][k] ** 2 for sector, k in level.singles)
            watched = np.array(
                [own[level.sector][level.watched], squares + np.zeros(self.replicas)]
            )
            series = grouped(watched) * (GROUPS / self.replicas)
            arrays[f"series_{n}"][kept, :, number] = series
        if kept == UNBIASED:
            return
        fine = taken(level.fine, counts)
        arrays[f"fine_{n}"][kept] += grouped(fine).T
        arrays[f"drive_{n}"][kept] += products_by_group(own[level.sector], fine)
        arrays[f"outside_{n}"][kept] += grouped(taken(level.outside, counts)).T
        for sector, values in own.items():
            below = taken(level.below[sector], counts)
            arrays[f"sum_{n}_{sector}"][kept] += grouped(values).T
            arrays[f"hot_{n}_{sector}"][kept] += grouped(values[:, ::2]).T
            arrays[f"below_{n}_{sector}"][kept] += grouped(below).T
            arrays[f"square_{n}_{sector}"][kept] += products_by_group(values, values)
            arrays[f"cross_{n}_{sector}"][kept] += products_by_group(values, below)

    # -- averages --------------------------------------------------------------------------------

    def samples(self, records: int) -> float:
        """The number of configurations in each group."""
        return records * self.replicas / GROUPS

    def batch(self, arrays: Mapping[str, NDArray[Any]], records: int) -> Batch:
        """The averages of the invariant operators with the bias of uniform block spins."""
        where = f"{self.level.number}_{self.level.sector}"
        sums, squares = (arrays[f"{kind}_{where}"][UNIFORM] for kind in ("sum", "square"))
        return batch(sums, squares, self.samples(records))

    def rate(
        self, arrays: Mapping[str, NDArray[Any]], records: int, coefficients: Sequence[float]
    ) -> Floats:
        """dK/dx [r, a] of the couplings of the level, where x multiplies the Hamiltonian of the
        spec, which is the sum of its groups with these coefficients.
        """
        n, counts = self.level.number, np.full(GROUPS, self.samples(records))
        of_batch = self.batch(arrays, records)
        fine = -resample(arrays[f"fine_{n}"][UNIFORM], counts) @ np.array(coefficients)
        both = -resample(arrays[f"drive_{n}"][UNIFORM], counts) @ np.array(coefficients)
        connected = both - of_batch.mean * fine[:, None]
        return solved(of_batch.covariance, connected[:, :, None])[:, :, 0]

    def correlations(
        self,
        arrays: Mapping[str, NDArray[Any]],
        kept: int,
        records: int,
        sectors: Sequence[str],
    ) -> Correlations:
        """Averages of the level and of the one before, of sectors that translations relate."""
        counts = np.full(GROUPS, self.samples(records) * len(sectors))

        def average(kind: str) -> Floats:
            names = [f"{kind}_{self.level.number}_{sector}" for sector in sectors]
            return resample(np.sum([arrays[name][kept] for name in names], axis=0), counts)

        return Correlations(average("sum"), average("below"), average("square"), average("cross"))
