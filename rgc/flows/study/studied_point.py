"""A fixed point of a study, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from rgc.analysis.linearised_map import PointKind, SectorSpectrum, point_kind
from rgc.analysis.recursion import Floats


@dataclass(frozen=True, slots=True, eq=False)
class StudiedPoint:
    """A fixed point with its `spectra`, and the reason `beyond` why it is none of a transition."""

    couplings: Floats
    spectra: tuple[SectorSpectrum, ...]
    beyond: str

    @property
    def kind(self) -> PointKind:
        return point_kind(self.spectra)

    @property
    def critical(self) -> bool:
        """Whether exponents may be taken from it."""
        return self.kind == "critical" and not self.beyond
