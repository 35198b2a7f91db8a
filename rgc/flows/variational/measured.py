"""What a run of a variational Monte Carlo RG measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rgc.analysis.eigenvalues import leading_spectra
from rgc.analysis.level_spectra import LevelSpectrum
from rgc.flows.sampling.mcrg_spectra import reported_sizes
from rgc.flows.variational.sums import TARGET, UNIFORM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.flows.sampling.basis import Basis
    from rgc.flows.sampling.model import Model
    from rgc.flows.sampling.plan import SweepPlan
    from rgc.flows.variational.sums import LevelSums

    Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Measured:
    """What a run measured: the sums of its levels, and `failed`, why some have no couplings.

    `plan` is that of the batches that answers come from, `uniform` the same with all sweeps before
    that had a bias of uniform block spins, and `unbiased` that of the batch without a bias.
    `target` says whether there is a batch with the bias of a target.
    """

    model: Model
    basis: Basis
    sums: Sequence[LevelSums]
    arrays: Arrays
    failed: Mapping[str, str]
    plan: SweepPlan
    uniform: SweepPlan
    unbiased: SweepPlan
    target: bool

    @property
    def found(self) -> list[LevelSums]:
        """Those of the levels that have couplings."""
        return [sums for sums in self.sums if str(sums.level.number) not in self.failed]

    @property
    def kept(self) -> int:
        """Which sums exponents are taken from."""
        return TARGET if self.target else UNIFORM

    def steps(self, sectors: Sequence[str]) -> tuple[LevelSpectrum, ...]:
        """The spectra of the maps between levels, of sectors that translations relate."""
        return tuple(
            self._spectrum(sums, sectors) for sums in self.found if sectors[0] in sums.level.names
        )

    def _spectrum(self, sums: LevelSums, sectors: Sequence[str]) -> LevelSpectrum:
        level, ranges = sums.level, sums.level.ranges[sectors[0]]
        both = sums.correlations(self.arrays, self.kept, self.plan.records, sectors)
        spectra = leading_spectra(both, range(len(ranges)), reported_sizes(ranges))
        return LevelSpectrum(level.number, level.scale, level.wrapped, ranges, spectra)
