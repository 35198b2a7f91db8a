"""Records of a Monte Carlo RG: operators of every level, and products of those of neighbouring
ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rgc.flows.flow import State
from rgc.flows.sampling.accumulate import products
from rgc.flows.sampling.parts import Parts
from rgc.flows.sampling.recorder import taken
from rgc.flows.sampling.sample import picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import State as Packed
    from rgc.backend import Words
    from rgc.flows.sampling.estimator import Estimator
    from rgc.flows.sampling.histograms import Histograms
    from rgc.flows.sampling.levels import Blocking, Levels
    from rgc.flows.sampling.sampler import Sampler
    from rgc.flows.sampling.saved import Saver
    from rgc.model.observables import Linear

Arrays = dict[str, "NDArray[Any]"]


class Measuring(Protocol):
    """What `Mcrg` measures with, and keeps."""

    @property
    def sampler(self) -> Sampler: ...
    @property
    def estimator(self) -> Estimator: ...
    @property
    def levels(self) -> Levels: ...
    @property
    def maps(self) -> tuple[tuple[Blocking, ...], ...]: ...
    @property
    def keepers(self) -> tuple[Saver, ...]: ...
    @property
    def driver(self) -> Linear | None: ...
    @property
    def histograms(self) -> Histograms | None: ...


@dataclass(frozen=True, slots=True, eq=False)
class McrgRecording:
    """The records of one step of `Mcrg`: `count` of them, the first of them `first`.

    - `coarse[k]` are the fields of the levels from 1 on, which block map k overwrites.
    - `keys` are those of the block maps, for each record.
    """

    flow: Measuring
    state: State
    first: int
    count: int
    coarse: list[list[list[Packed]]]
    keys: Sequence[Words]

    def __call__(self, number: int, packed: Sequence[Packed]) -> list[Packed]:
        """Measure, then block and measure level by level with every map."""
        flow, arrays = self.flow, self.state.arrays
        base, *above = flow.levels.levels
        parts, place = flow.sampler.plan.parts, number - self.first
        fine, sums = base.recorder(packed)
        of_tally = base.recorder.by_tally(sums)
        flow.estimator.record(arrays, number, of_tally)
        if flow.histograms is not None:
            flow.histograms.record(arrays, 0, of_tally)
        own = {sector: taken(made, sums[0]) for sector, made in base.made.items()}
        invariant = flow.levels.basis.invariant
        origin = {sector: each for sector, each in own.items() if sector == invariant}
        driven = {}
        if flow.driver is not None:
            pushed = np.sum([x * of_tally[tally] for x, tally in flow.driver.terms], axis=0)
            arrays["driver"] += parts.split(pushed).sum(axis=-1)
            driven = {"driven": {invariant: pushed[None]}}
        keys = [of_blocking[place : place + 1] for of_blocking in self.keys]
        for k, blockings in enumerate(flow.maps):
            _accumulate(arrays, k, 0, parts, own, **driven)
            fields, before = [fine, *self.coarse[k]], own
            for level, blocking, of_map in zip(above, blockings, keys, strict=True):
                n = level.number
                fields[n - 1], fields[n] = blocking(fields[n - 1], fields[n], of_map)
                fields[n], sums = level.recorder(fields[n])
                if flow.histograms is not None:
                    flow.histograms.record(arrays, n, level.recorder.by_tally(sums))
                now = {sector: taken(made, sums[0]) for sector, made in level.made.items()}
                _accumulate(arrays, k, n, parts, now, cross=before, origin=origin, **driven)
                before = now
            fine, *self.coarse[k] = fields
        for keeper in flow.keepers:
            blocked = self.coarse[0][: len(keeper.coarse)]
            keeper.record(arrays, number, [fine, *blocked], of_tally)
        return list(fine)

    def close(self, packed: Sequence[Packed]) -> None:
        """Put pictures of all levels into the state."""
        if not self.count:
            return
        sampler, levels = self.flow.sampler, self.flow.levels.levels
        for k, above in enumerate(self.coarse):
            for level, (field, *_) in zip(levels, (packed, *above), strict=True):
                seen = picture(
                    sampler.model.species[0], level.lattice, sampler.backend.unpack(field)
                )
                self.state.arrays[f"configuration_{level.number}"][k] = seen


def recording(flow: Measuring, state: State, numbers: Sequence[int]) -> McrgRecording:
    """What takes the records of these numbers into a state of the flow."""
    first, count = (numbers[0], len(numbers)) if numbers else (0, 0)
    keys = [blocking.keys(first, count) for blocking in flow.maps[0]] if count else []
    coarse = [_coarse_fields(flow) for _ in flow.maps]
    return McrgRecording(flow, state, first, count, coarse, keys)


def _coarse_fields(flow: Measuring) -> list[list[Packed]]:
    """Fields of the levels from 1 on, to be written by the block maps."""
    sampler = flow.sampler
    shapes = [
        (*level.lattice.cells, len(level.lattice.basis), sampler.plan.words)
        for level in flow.levels.levels[1:]
    ]
    return [
        [
            sampler.backend.pack(np.zeros((kind.bits, *shape), dtype=np.uint64))
            for kind in sampler.model.species
        ]
        for shape in shapes
    ]


def _accumulate(
    arrays: Arrays,
    k: int,
    level: int,
    parts: Parts,
    now: Mapping[str, NDArray[Any]],
    **others: Mapping[str, NDArray[Any]],
) -> None:
    """Add the sums of a record to those of map k. `others` are the operators of other levels, by
    the name of what is summed.
    """
    for sector, values in now.items():
        where = f"{level}_{sector}"
        split = parts.split(values)
        arrays[f"sum_{where}"][k] += split.sum(axis=-1).T
        arrays[f"hot_{where}"][k] += parts.split(values[:, ::2]).sum(axis=-1).T
        arrays[f"square_{where}"][k] += products(split, split)
        for kind, there in others.items():
            if sector in there:
                arrays[f"{kind}_{where}"][k] += products(split, parts.split(there[sector]))
