"""A fixed point of a study, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.analysis.linearised_map import SectorSpectrum, point_kind
from rgc.analysis.recursion import Floats


@dataclass(frozen=True, slots=True, eq=False)
class StudiedPoint:
    """A fixed point with its `spectra`, and the reason `beyond` why the map does not hold there."""

    couplings: Floats
    spectra: tuple[SectorSpectrum, ...]
    beyond: str

    @property
    def critical(self) -> bool:
        """Whether exponents may be taken from it."""
        return point_kind(self.spectra) == "critical" and not self.beyond
