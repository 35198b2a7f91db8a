"""Which part of the work at one point a flow does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """Share `number`, from 0, of `total`: of the replicas, or of the realisations of random
    couplings.
    """

    number: int = 0
    total: int = 1

    def __str__(self) -> str:
        return f"{self.number + 1} of {self.total}"

    def of(self, count: int) -> range:
        """Which of so many equal things it has. Raises `ValueError` where it has none."""
        mine = range(self.number * count // self.total, (self.number + 1) * count // self.total)
        if not mine:
            raise ValueError(f"{count} things have no share {self}")
        return mine


WHOLE = Share()
"""All of the work."""
