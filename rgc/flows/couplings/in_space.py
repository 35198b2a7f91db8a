"""What recursions of couplings have in common: their couplings are the coordinates of a space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from rgc.analysis.recursion import Floats


class Space(Protocol):
    """Couplings by name, and the sectors of their directions (see `rgc.analysis.recursion`)."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def sectors(self) -> Mapping[str, Floats]: ...


class InSpace:
    """Names and sectors of a recursion, which are those of its `space`."""

    __slots__ = ()

    space: Space

    @property
    def names(self) -> tuple[str, ...]:
        return self.space.names

    @property
    def sectors(self) -> Mapping[str, Floats]:
        return self.space.sectors
