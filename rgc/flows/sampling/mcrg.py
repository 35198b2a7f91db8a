"""Swendsen's Monte Carlo renormalisation group, which blocks the configurations and correlates the
operators of neighbouring levels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.flows.sampling.accumulate import products
from rgc.flows.sampling.estimator import Estimator, make_estimator
from rgc.flows.sampling.histograms import Histograms, make_histograms, wanted
from rgc.flows.sampling.level_couplings import LevelCouplings, make_level_couplings
from rgc.flows.sampling.levels import Blocking, Levels, make_levels
from rgc.flows.sampling.mcrg_result import mcrg_result
from rgc.flows.sampling.model import Model, make_model
from rgc.flows.sampling.observables import observables_of
from rgc.flows.sampling.parts import Parts
from rgc.flows.sampling.recorder import taken
from rgc.flows.sampling.sample import first_words, frozen, picture, unfrozen, watched
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.flows.sampling.saved import Saver, make_saver
from rgc.model.observables import Linear
from rgc.model.supercells import as_written
from rgc.results.result import Result
from rgc.schemes.mcrg import SCHEME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import State as Packed
    from rgc.backend import Words


@dataclass(frozen=True, slots=True, eq=False)
class Mcrg:
    """`mcrg(...)` at one point.

    `maps[k]` are the block maps from each level to the next: one chain of maps, or with p=free one
    for each parameter. All of them block the same configurations.

    The state arrays are `spins_<k>`, those of the `Estimator` and of the `Saver`, if there is one,
    `configuration_<level>` [map, ...], and for each level and sector the following sums over
    records and the replicas of a part of `Parts` in float64, whole numbers where operators are
    products:

    - `sum_<level>_<sector>` [map, part, a] of S,
    - `hot_<level>_<sector>` [map, part, a] of S over the replicas that started hot,
    - `square_<level>_<sector>` [map, part, a, b] of S S,
    - `cross_<level>_<sector>` [map, part, a, b], from level 1 on, of S times that of the level
      before,
    - `origin_<level>_<sector>` [map, part, a, b], from level 1 on, of S times that of level 0, in
      the invariant sector.

    With a `driver`, dH/dx of a line of couplings, there are besides

    - `driver` [part] of dH/dx,
    - `driven_<level>_<sector>` [map, part, a, 1] of S dH/dx, in the invariant sector.
    """

    sampler: Sampler
    estimator: Estimator
    levels: Levels
    maps: tuple[tuple[Blocking, ...], ...]
    saver: Saver | None = None
    driver: Linear | None = None
    couplings: LevelCouplings | None = None
    histograms: Histograms | None = None

    @property
    def scheme(self) -> str:
        return SCHEME.name

    @property
    def steps(self) -> int:
        return self.sampler.plan.sweeps

    @property
    def provenance(self) -> Mapping[str, Any]:
        return self.sampler.provenance | {
            "sectors": list(self.levels.names),
            "operators": {sector: list(names) for sector, names in self.levels.names.items()},
            "flagged": {level.number: sorted(level.flagged) for level in self.levels.levels},
        }

    def start(self) -> State:
        arrays: dict[str, NDArray[Any]] = {
            f"spins_{k}": field for k, field in enumerate(self.sampler.start())
        }
        arrays |= self.estimator.start()
        for keeper in self._keepers:
            arrays |= keeper.start()
        arrays |= self.histograms.empty() if self.histograms is not None else {}
        for level in self.levels.levels:
            written = as_written(level.lattice)
            shape = (len(self.maps), *written.cells, len(written.basis))
            arrays[f"configuration_{level.number}"] = np.zeros(shape, dtype=np.int8)
        return State(0, arrays | self._sums())

    def _sums(self) -> dict[str, NDArray[Any]]:
        """The sums over operators before the first record."""
        arrays: dict[str, NDArray[Any]] = {}
        of_maps = (len(self.maps), len(self.sampler.plan.parts))
        for level in self.levels.levels:
            for sector, tallies in level.tallies.items():
                n, where = len(tallies), f"{level.number}_{sector}"
                arrays[f"sum_{where}"] = np.zeros((*of_maps, n))
                arrays[f"hot_{where}"] = np.zeros((*of_maps, n))
                arrays[f"square_{where}"] = np.zeros((*of_maps, n, n))
                if level.number:
                    arrays[f"cross_{where}"] = np.zeros((*of_maps, n, n))
                if level.number and sector == self.levels.basis.invariant:
                    arrays[f"origin_{where}"] = np.zeros((*of_maps, n, n))
                if self.driver is not None and sector == self.levels.basis.invariant:
                    arrays[f"driven_{where}"] = np.zeros((*of_maps, n, 1))
        if self.driver is not None:
            arrays |= {"driver": np.zeros(len(self.sampler.plan.parts))}
        return arrays

    def step(self, state: State) -> State:
        fine, coarse = unfrozen(self.sampler, state), [self._coarse_fields() for _ in self.maps]
        pieces = self.sampler.plan.pieces(state.done, state.most)
        records = [piece.record for piece in pieces if piece.record is not None]
        keys = (
            [blocking.keys(records[0], len(records)) for blocking in self.maps[0]]
            if records
            else []
        )
        for piece in pieces:
            fine = self.sampler.sweep(fine, piece.first, piece.count)
            if piece.record is not None:
                k = piece.record - records[0]
                own = [of_blocking[k : k + 1] for of_blocking in keys]
                fine = self._record(state.arrays, fine, coarse, piece.record, own)
        frozen(self.sampler, state, fine)
        first = self.sampler.model.species[0]
        for k, above in enumerate(coarse if records else ()):
            for level, (field, *_) in zip(self.levels.levels, (fine, *above), strict=True):
                seen = picture(first, level.lattice, self.sampler.backend.unpack(field))
                state.arrays[f"configuration_{level.number}"][k] = seen
        state.done += sum(piece.count for piece in pieces)
        return state

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all

    @property
    def shared(self) -> Mapping[str, int]:
        kept = {name: axis for keeper in self._keepers for name, axis in keeper.shared.items()}
        return {**self._by_part, **kept}

    @property
    def _keepers(self) -> tuple[Saver, ...]:
        """What keeps configurations, for whoever asks for them and for couplings."""
        of_couplings = None if self.couplings is None else self.couplings.saver
        return tuple(each for each in (self.saver, of_couplings) if each is not None)

    @property
    def _by_part(self) -> Mapping[str, int]:
        """The axis of parts of the replicas in what is summed over them."""
        sums = {name: 0 if name == "driver" else 1 for name in self._sums()}
        counts = self.histograms.empty() if self.histograms is not None else ()
        return {**self.estimator.shared, **sums, **dict.fromkeys(counts, 0)}

    def shown(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        configurations = (f"configuration_{level.number}" for level in self.levels.levels)
        pictures = {name: arrays[name] for name in configurations}
        return {**first_words(self.sampler.model, arrays), **pictures}

    def finish(self, state: State) -> Result:
        arrays = self.sums_by_group(state)
        found = mcrg_result(self.sampler, self.estimator, self.levels, arrays, self.provenance)
        for made in (self.couplings, self.histograms):
            found = found if made is None else made.result(found, arrays)
        return found if self.saver is None else replace(found, saved=self.saver.saved(arrays))

    def sums_by_group(self, state: State) -> dict[str, NDArray[Any]]:
        """The arrays of a state, with sums over groups of replicas in place of those over parts."""
        return self.sampler.plan.parts.by_group(state.arrays, self._by_part)

    def _coarse_fields(self) -> list[list[Packed]]:
        """Fields of the levels from 1 on, to be written by the block maps."""
        pack, words, species = (
            self.sampler.backend.pack,
            self.sampler.plan.words,
            self.sampler.model.species,
        )
        shapes = [
            (*level.lattice.cells, len(level.lattice.basis), words)
            for level in self.levels.levels[1:]
        ]
        return [
            [pack(np.zeros((kind.bits, *shape), dtype=np.uint64)) for kind in species]
            for shape in shapes
        ]

    def _record(
        self,
        arrays: dict[str, NDArray[Any]],
        fine: list[Packed],
        coarse: list[list[list[Packed]]],
        record: int,
        keys: Sequence[Words],
    ) -> list[Packed]:
        """Measure, then block and measure level by level with every map, in place. `keys` are those
        of the block maps. Returns the fine fields.
        """
        base, *above = self.levels.levels
        parts = self.sampler.plan.parts
        fine, sums = base.recorder(fine)
        of_tally = base.recorder.by_tally(sums)
        self.estimator.record(arrays, record, of_tally)
        if self.histograms is not None:
            self.histograms.record(arrays, 0, of_tally)
        first = {sector: taken(made, sums[0]) for sector, made in base.made.items()}
        invariant = self.levels.basis.invariant
        origin = {sector: each for sector, each in first.items() if sector == invariant}
        driven = {}
        if self.driver is not None:
            pushed = np.sum([x * of_tally[tally] for x, tally in self.driver.terms], axis=0)
            arrays["driver"] += parts.split(pushed).sum(axis=-1)
            driven = {"driven": {invariant: pushed[None]}}
        for k, blockings in enumerate(self.maps):
            _accumulate(arrays, k, 0, parts, first, **driven)
            fields, before = [fine, *coarse[k]], first
            for level, blocking, of_map in zip(above, blockings, keys, strict=True):
                n = level.number
                fields[n - 1], fields[n] = blocking(fields[n - 1], fields[n], of_map)
                fields[n], sums = level.recorder(fields[n])
                if self.histograms is not None:
                    self.histograms.record(arrays, n, level.recorder.by_tally(sums))
                now = {sector: taken(made, sums[0]) for sector, made in level.made.items()}
                _accumulate(arrays, k, n, parts, now, cross=before, origin=origin, **driven)
                before = now
            fine, *coarse[k] = fields
        for keeper in self._keepers:
            blocked = coarse[0][: len(keeper.coarse)]
            keeper.record(arrays, record, [fine, *blocked], of_tally)
        return fine


def _accumulate(
    arrays: dict[str, NDArray[Any]],
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


def make_mcrg(request: Request, *, chain: int = 0, moved: Collection[str] = ()) -> Mcrg:
    """The flow `mcrg` of a spec at one point, with the couplings of the spec.

    With `moved`, the names of terms that are multiplied by x, it measures dH/dx, and its couplings
    are no part of its kernels. `chain` keys its random numbers. Raises `SpecError` for what cannot
    be sampled, blocked or measured yet.
    """
    model = make_model(request.spec, request.zero)
    sampler = make_sampler(
        model,
        request.backend,
        seed=request.seed,
        point=request.point,
        specialise=not moved,
        level=chain,
        share=request.share,
    )
    observables = observables_of(
        request.spec,
        model.lattice,
        model.species,
        model.energy,
        ("energy",),
        sectors=model.symmetry,
    )
    estimator = make_estimator(observables, watched(model), sampler.plan)
    each = wanted(model) if model.options.flag("histograms") else ()
    levels = make_levels(sampler, request.blocks, [*estimator.tallies, *each], each)
    one_map = levels.parameters is None
    coarse = [level.lattice for level in levels.levels[1:]] if one_map else []
    saver = make_saver(sampler, estimator, coarse)
    driver = _driver(model, moved) if moved else None
    return Mcrg(
        sampler,
        estimator,
        levels,
        levels.maps(sampler.plan.words),
        saver,
        driver,
        make_level_couplings(sampler, levels),
        make_histograms(model, levels.levels, sampler.plan.parts, sampler.plan.records),
    )


def _driver(model: Model, moved: Collection[str]) -> Linear:
    """1/N dH/dx, where x multiplies the terms that are named."""
    terms = model.hamiltonian.terms
    return model.per_site(
        {term.name: term.coefficient if term.name in moved else 0.0 for term in terms}
    )
