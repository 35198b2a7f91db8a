"""The spectra of a Monte Carlo RG run, from the sums over its records: by sector, level and block
map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rgc.analysis.eigenvalues import Correlations, eigenvectors, leading_spectra, linearised
from rgc.analysis.free_map import FreeMap, Steps, choose_map
from rgc.analysis.level_spectra import LevelSpectrum, shells
from rgc.analysis.statistics import GROUPS, jackknife, resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.levels import Levels

Arrays = Mapping[str, "NDArray[Any]"]

MOST_SIZES = 24
"""Every number of operators up to this one is reported; beyond it only those at which a shell is
complete are.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a run measured: its levels, the sums of all block maps, and the number of configurations
    in each group.
    """

    levels: Levels
    arrays: Arrays
    samples: int

    @property
    def maps(self) -> int:
        """The number of block maps from each level to the next."""
        return len(self.levels.parameters or (None,))

    def by_map(self, k: int) -> Arrays:
        """The sums of one block map."""
        own = ("sum_", "hot_", "square_", "cross_", "origin_", "configuration_")
        return {name: value[k] for name, value in self.arrays.items() if name.startswith(own)}

    def families(self, sectors: Sequence[str]) -> list[Steps]:
        """The spectra of some sectors together, by every block map."""
        return [
            sector_spectra(self.levels, self.by_map(k), sectors, self.samples)
            for k in range(self.maps)
        ]

    def chosen(self, sectors: Sequence[str]) -> FreeMap:
        """The spectra of some sectors together by the map that they choose, or by the only one."""
        families = self.families(sectors)
        if self.levels.parameters is None:
            return FreeMap(steps=families[0])
        return choose_map(self.levels.parameters, families)


def sector_spectra(
    levels: Levels, arrays: Arrays, sectors: Sequence[str], samples: int
) -> tuple[LevelSpectrum, ...]:
    """The spectra of every step.

    Sums of several sectors, which translations relate, are added before anything else.
    """
    out = []
    for level in levels.levels[1:]:
        assert level.blocking is not None  # noqa: S101  (only level 0 has none)
        basis = kept(levels, level.number, sectors[0])
        ranges = tuple(levels.basis.ranges[sectors[0]][k] for k in basis)
        measured = correlations(arrays, level.number, sectors, samples)
        spectra = leading_spectra(measured, basis, reported_sizes(ranges))
        out.append(
            LevelSpectrum(level.number, level.blocking.block.scale, level.wrapped, ranges, spectra)
        )
    return tuple(out)


def reported_sizes(ranges: Sequence[float]) -> list[int]:
    """The numbers of operators of these ranges, rising, with which spectra are reported."""
    whole = shells(ranges)
    return [n for n in range(1, len(ranges) + 1) if n <= MOST_SIZES or n in whole]


def correlations(
    arrays: Arrays,
    level: int,
    sectors: Sequence[str],
    samples: int,
    *,
    kind: Literal["cross", "origin"] = "cross",
) -> Correlations:
    """Averages of a level and of the one before, or of level 0 for `origin`, resampled. `samples`
    is the number of configurations in each group.
    """
    counts = np.full(GROUPS, samples * len(sectors))

    def average(kind: str, number: int) -> NDArray[np.float64]:
        return resample(
            np.sum([arrays[f"{kind}_{number}_{sector}"] for sector in sectors], axis=0), counts
        )

    return Correlations(
        average("sum", level),
        average("sum", level - 1 if kind == "cross" else 0),
        average("square", level),
        average(kind, level),
    )


def kept(levels: Levels, level: int, sector: str) -> list[int]:
    """Numbers of the operators that stay in the basis at a level."""
    flagged = levels.levels[level].flagged
    return [k for k, name in enumerate(levels.names[sector]) if name not in flagged]


def exponents_by_map(measured: Measured) -> dict[str, NDArray[np.float64]]:
    """For each sector the leading exponent with the full basis and its error, by every map at every
    level, [map, level].
    """
    out: dict[str, NDArray[np.float64]] = {}
    for sector in measured.levels.names:
        families = measured.families((sector,))
        full = [[step.full for step in steps if step.ranges] for steps in families]
        if full[0]:
            value, error = jackknife(np.moveaxis(np.array(full), 2, 0))
            out |= {f"by_map_{sector}": value, f"by_map_error_{sector}": error}
    return out


def linearised_maps(levels: Levels, arrays: Arrays, samples: int) -> dict[str, NDArray[Any]]:
    """For each sector and step the linearised map T with the full basis, and its left and right
    eigenvectors.

    The eigenvectors are float64[part, row, column], where part 0 is the real and part 1 the
    imaginary one.
    """
    out: dict[str, NDArray[Any]] = {}
    for sector in levels.names:
        for level in levels.levels[1:]:
            basis = kept(levels, level.number, sector)
            if not basis:
                continue
            matrix = linearised(correlations(arrays, level.number, (sector,), samples), basis)[0]
            out[f"linearised_{level.number}_{sector}"] = matrix
            if np.isfinite(matrix).all():
                _, right, left = eigenvectors(matrix)
                out[f"right_{level.number}_{sector}"] = np.stack([right.real, right.imag])
                out[f"left_{level.number}_{sector}"] = np.stack([left.real, left.imag])
    return out
