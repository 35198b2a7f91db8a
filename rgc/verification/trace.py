"""A short version of the user's run on one backend: its start, some sweeps, and one record at every
level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows.sampling.levels import Blocking
from rgc.flows.sampling.recorder import Recorder
from rgc.model.lattice import Lattice

if TYPE_CHECKING:
    from rgc.backend import Backend, Words

SWEEPS = 32
"""The number of sweeps before the record."""

EVERY = tuple(range(1, SWEEPS + 1))


@dataclass(frozen=True, slots=True, eq=False)
class Station:
    """What a record does at one level: the map from the level before (None at level 0), then the
    tallies, which `record` counts.
    """

    lattice: Lattice
    blocking: Blocking | None
    recorder: Recorder
    record: Callable[..., Any]


def stations(flow: Any) -> list[Station]:
    """The stations of a flow `sample` or `mcrg`."""
    if not hasattr(flow, "levels"):
        return [Station(flow.sampler.model.lattice, None, flow.recorder, flow.counted)]
    return [
        Station(level.lattice, level.blocking, level.recorder, level.recorder)
        for level in flow.levels.levels
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The trace of a run.

    - `history[n]` holds the canonical fields after n sweeps, for some n of which the last is the
      number of all sweeps.
    - `levels[n]` holds the fields of level n.
    - `sums[n]` holds what its recorder counted, by array.
    """

    flow: Any
    history: dict[int, list[Words]]
    levels: list[list[Words]]
    sums: list[list[Any]]

    @property
    def fields(self) -> list[Words]:
        """The fields after the sweeps."""
        return self.history[max(self.history)]


def trace(flow: Any, backend: Backend, marks: Sequence[int] = EVERY) -> Trace:
    """The trace from the start of the run, with the fields after each of `marks` sweeps.

    One call goes from each mark to the next.
    """
    sampler = flow.sampler
    history = {0: sampler.fields()}
    now = [backend.pack(field) for field in history[0]]
    for first, last in pairwise([0, *marks]):
        now = sampler.sweep(now, first, last - first)
        history[last] = [backend.unpack(field) for field in now]
    levels, sums = [], []
    for station in stations(flow):
        if station.blocking is not None:
            shape = (*station.lattice.cells, len(station.lattice.basis), sampler.plan.words)
            coarse = [backend.pack(empty((kind.bits, *shape))) for kind in sampler.model.species]
            _, now = station.blocking(now, coarse, station.blocking.keys(0, 1))
        now, counted = station.record(now)
        levels.append([backend.unpack(field) for field in now])
        sums.append(counted)
    return Trace(flow, history, levels, sums)


def later_words(flow: Any, backend: Backend, sweeps: int = SWEEPS) -> list[Words]:
    """The canonical fields of all words but the first, or the first that belong together, run by
    themselves.
    """
    sampler, first = flow.sampler, flow.sampler.together
    state = [backend.pack(np.ascontiguousarray(field[..., first:])) for field in sampler.fields()]
    return [backend.unpack(field) for field in sampler.later(first).sweep(state, 0, sweeps)]


def empty(shape: tuple[int, ...]) -> Words:
    """A field to be written."""
    return np.zeros(shape, dtype=np.uint64)
