"""The user's run in short on one backend: its start, some sweeps, and one record at every level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rgc.flows.levels import Blocking
from rgc.flows.recorder import Recorder
from rgc.model.lattice import Lattice

if TYPE_CHECKING:
    from rgc.backend import Backend, Words

SWEEPS = 32
"""Sweeps before the record."""


@dataclass(frozen=True, slots=True, eq=False)
class Station:
    """What a record does at one level: the map from the level before (None at level 0), then the tallies."""

    lattice: Lattice
    blocking: Blocking | None
    recorder: Recorder


def stations(flow: Any) -> list[Station]:
    """Those of `sample` or `mcrg`."""
    if not hasattr(flow, "levels"):
        return [Station(flow.sampler.model.lattice, None, flow.recorder)]
    return [Station(level.lattice, level.blocking, level.recorder) for level in flow.levels.levels]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """`fields`: canonical fields after the sweeps; `levels[n]`: those of level n; `sums[n]`: what its recorder counted, by array."""

    flow: Any
    fields: list[Words]
    levels: list[list[Words]]
    sums: list[list[Any]]


def trace(flow: Any, backend: Backend, sweeps: int = SWEEPS, cuts: Sequence[int] = ()) -> Trace:
    """From the start of the run. The sweeps are made in one call, or cut after so many."""
    sampler, now = flow.sampler, [backend.pack(field) for field in flow.sampler.start()]
    for first, last in pairwise([0, *cuts, sweeps]):
        now = sampler.sweep(now, first, last - first)
    fields = [backend.unpack(each) for each in now]
    levels, sums = [], []
    for station in stations(flow):
        if station.blocking is not None:
            shape = (1, *station.lattice.cells, len(station.lattice.basis), sampler.plan.words)
            coarse = [backend.pack(empty(shape)) for _ in now]
            _, now = station.blocking(now, coarse, station.blocking.keys(0, 1))
        now, found = station.recorder(now)
        levels.append([backend.unpack(each) for each in now])
        sums.append(found)
    return Trace(flow, fields, levels, sums)


def empty(shape: tuple[int, ...]) -> Words:
    """A field to be written."""
    import numpy as np

    return np.zeros(shape, dtype=np.uint64)
