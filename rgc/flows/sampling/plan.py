"""When a sampling run sweeps and when it records, cut into steps of the runner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rgc.model.options import Options

WORK = 4e8
"""Spin updates at once: some hundredths of a second."""

MOST_RECORDS = 256
"""Records at once."""


@dataclass(frozen=True, slots=True)
class PlannedSweeps:
    """Sweeps `first`, ..., `first + count - 1`, counted from the start of the run, and the record
    that follows them, if any.
    """

    first: int
    count: int
    record: int | None


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """`thermalise` sweeps, then `records` records with `every` sweeps before each, for `replicas`
    replicas.

    At most `stride` sweeps are made at once.
    """

    thermalise: int
    records: int
    every: int
    replicas: int
    stride: int

    @property
    def sweeps(self) -> int:
        """All sweeps of the run."""
        return self.thermalise + self.records * self.every

    @property
    def words(self) -> int:
        return self.replicas // 64

    def pieces(self, done: int, most: int) -> list[PlannedSweeps]:
        """The work after `done` sweeps: at most `most` more, and the records that follow them."""
        return list(self._pieces(done, min(done + min(most, self.stride), self.sweeps)))

    def _pieces(self, at: int, end: int) -> Iterator[PlannedSweeps]:
        while at < end:
            done = max(at - self.thermalise, 0) // self.every
            mark = self.thermalise + (done + 1) * self.every if self.records else end
            stop = min(mark, end)
            yield PlannedSweeps(at, stop - at, done if stop == mark and self.records else None)
            at = stop


def make_plan(options: Options, sites: int) -> SweepPlan:
    """The plan of `sweeps`, `thermalise`, `every` and `replicas` on a lattice of that many sites.

    `every` is at most `sweeps`, so that there is at least one record. Sweeps beyond the last whole
    `every` are not made.
    """
    sweeps, replicas = options.integer("sweeps"), options.integer("replicas")
    every = min(options.integer("every"), sweeps)
    stride = max(1, min(int(WORK / (sites * replicas)), MOST_RECORDS * every))
    return SweepPlan(options.integer("thermalise"), sweeps // every, every, replicas, stride)
