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
from rgc.flows.sampling.estimator import Estimator, make_estimator
from rgc.flows.sampling.histograms import Histograms, make_histograms, wanted
from rgc.flows.sampling.level_couplings import LevelCouplings, make_level_couplings
from rgc.flows.sampling.levels import Blocking, Levels, make_levels
from rgc.flows.sampling.mcrg_records import McrgRecording, recording
from rgc.flows.sampling.mcrg_result import mcrg_result
from rgc.flows.sampling.model import Model, make_model
from rgc.flows.sampling.observables import observables_of
from rgc.flows.sampling.recording import stepped
from rgc.flows.sampling.sample import first_words, watched
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.flows.sampling.saved import Saver, make_saver
from rgc.model.observables import Linear
from rgc.model.supercells import as_written
from rgc.results.result import Result
from rgc.schemes.mcrg import SCHEME

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
        for keeper in self.keepers:
            arrays |= keeper.start()
        arrays |= self.histograms.empty() if self.histograms is not None else {}
        for level in self.levels.levels:
            written = as_written(level.lattice)
            shape = (len(self.maps), *written.cells, len(written.basis))
            arrays[f"configuration_{level.number}"] = np.zeros(shape, dtype=np.int8)
        return State(0, arrays | self._sums(), fixed=True)

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
        return stepped(self, state)

    def recording(self, state: State, numbers: Sequence[int]) -> McrgRecording:
        return recording(self, state, numbers)

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all

    @property
    def shared(self) -> Mapping[str, int]:
        kept = {name: axis for keeper in self.keepers for name, axis in keeper.shared.items()}
        return {**self._by_part, **kept}

    @property
    def keepers(self) -> tuple[Saver, ...]:
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
