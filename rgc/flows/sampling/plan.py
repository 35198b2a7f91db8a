"""When a sampling run sweeps and when it records, cut into steps of the runner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rgc.flows.sampling.parts import Parts, make_parts
from rgc.model.options import Options
from rgc.model.share import WHOLE, Share
from rgc.schemes.options import WORD_REPLICAS

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

    At most `stride` sweeps are made at once. The replicas are those of the words from `word0` on,
    and sums over them are kept by their `parts`.

    Where random couplings have several `realisations`, each lane of a word is one of them, and the
    words of 64 realisations are their `copies`, one after the other, which differ in nothing but
    their random numbers. Otherwise `realisations` is 0.
    """

    thermalise: int
    records: int
    every: int
    replicas: int
    stride: int
    parts: Parts
    word0: int = 0
    realisations: int = 0

    @property
    def copies(self) -> int:
        """Replicas of each realisation; 0 where there are not several."""
        return self.replicas // self.realisations if self.realisations else 0

    @property
    def blocks(self) -> range:
        """The numbers of the sets of 64 realisations; there are none without several."""
        if not self.realisations:
            return range(0)
        first = self.word0 // self.copies
        return range(first, first + self.realisations // WORD_REPLICAS)

    @property
    def sweeps(self) -> int:
        """All sweeps of the run."""
        return self.thermalise + self.records * self.every

    @property
    def words(self) -> int:
        return self.replicas // WORD_REPLICAS

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


def make_plan(options: Options, sites: int, share: Share = WHOLE) -> SweepPlan:
    """The plan of `sweeps`, `thermalise`, `every` and a share of `replicas` on a lattice of that
    many sites.

    `every` is at most `sweeps`, so that there is at least one record. Sweeps beyond the last whole
    `every` are not made.
    """
    sweeps, replicas = options.integer("sweeps"), options.integer("replicas")
    realisations = options.integer("disorder") if "disorder" in options else 0
    every, parts = min(options.integer("every"), sweeps), make_parts(replicas, realisations, share)
    mine = sum(parts.sizes)
    return SweepPlan(
        thermalise=options.integer("thermalise"),
        records=sweeps // every,
        every=every,
        replicas=mine,
        stride=max(1, min(int(WORK / (sites * mine)), MOST_RECORDS * every)),
        parts=parts,
        word0=parts.word0,
        realisations=realisations * mine // replicas,
    )
