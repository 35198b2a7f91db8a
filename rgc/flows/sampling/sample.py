"""Plain Monte Carlo: averages of measures with their errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rgc.flows.flow import State
from rgc.flows.sampling import built_in
from rgc.flows.sampling.measures import quantities
from rgc.flows.sampling.observer import Observer
from rgc.flows.sampling.quantities import Leaf, power
from rgc.flows.sampling.recorder import Recorder, make_recorder
from rgc.flows.sampling.sampler import Model, Sampler, make_model, make_sampler
from rgc.model.hamiltonian import Hamiltonian
from rgc.results.result import Estimate, Level, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import Backend
    from rgc.backend import State as Packed
    from rgc.model.spec import Spec


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`sample(...)` at one point. State arrays: `spins_<k>` the canonical field of species k, and those of the `Observer`."""

    sampler: Sampler
    observer: Observer
    recorder: Recorder

    @property
    def scheme(self) -> str:
        return "sample"

    @property
    def steps(self) -> int:
        return self.sampler.plan.sweeps

    @property
    def provenance(self) -> Mapping[str, Any]:
        return self.sampler.provenance

    def start(self) -> State:
        spins = {f"spins_{k}": field for k, field in enumerate(self.sampler.start())}
        return State(0, spins | self.observer.start())

    def step(self, state: State) -> State:
        packed = unfrozen(self.sampler, state)
        pieces = self.sampler.plan.pieces(state.done, state.most)
        for piece in pieces:
            packed = self.sampler.sweep(packed, piece.first, piece.count)
            if piece.record is not None:
                packed, sums = self.recorder(packed)
                self.observer.record(state.arrays, piece.record, self.recorder.by_row(sums))
        frozen(self.sampler, state, packed)
        state.done += sum(piece.count for piece in pieces)
        return state

    def finish(self, state: State) -> Result:
        arrays, model = state.arrays, self.sampler.model
        level = Level(0, model.lattice.cells, couplings(model.hamiltonian))
        return Result(
            "sample",
            levels=(level,),
            observables=self.observer.estimates(arrays) | self.observer.times(arrays),
            series=self.observer.series(arrays),
            configurations=(picture(model, arrays["spins_0"]),),
            tables=self.observer.tables(arrays),
            warnings=self.observer.warnings(arrays),
            provenance=self.provenance,
        )


def make_sample(
    spec: Spec,
    backend: Backend,
    *,
    seed: int,
    point: Mapping[str, float],
    zero: Collection[str] | None = None,
) -> Sample:
    """The flow `sample` of a spec at one point. Raises `SpecError` for what cannot be sampled or measured yet."""
    model = make_model(spec, zero)
    sampler = make_sampler(model, backend, seed=seed, point=point)
    observer = Observer(quantities(spec, model, built_in.DEFAULT), watched(model), sampler.plan)
    recorder = make_recorder(model.lattice, model.species, observer.rows, backend, sampler.plan.words)
    return Sample(sampler, observer, recorder)


def watched(model: Model) -> tuple[Leaf, ...]:
    """The energy, and the square of the magnetisation, which is what remembers longest."""
    return built_in.energy(model), power(built_in.magnetisation(model), 2)


def couplings(hamiltonian: Hamiltonian) -> dict[str, Estimate]:
    """The couplings of level 0, which are those of the spec."""
    return {name: Estimate(value, 0.0, "exact") for name, value in hamiltonian.couplings().items()}


def unfrozen(sampler: Sampler, state: State) -> list[Packed]:
    """The fields of a state in the backend's own form."""
    return [sampler.backend.pack(state.arrays[f"spins_{k}"]) for k in range(len(sampler.model.species))]


def frozen(sampler: Sampler, state: State, packed: Sequence[Packed]) -> None:
    """Put the fields back into the state, in canonical form."""
    for k, field in enumerate(packed):
        state.arrays[f"spins_{k}"] = sampler.backend.unpack(field)


def picture(model: Model, field: NDArray[Any]) -> NDArray[Any]:
    """Replica 0 of a canonical field as int8[*shape, letters] of the spins as declared."""
    import numpy as np

    down = (field[0, ..., 0] & np.uint64(1)).astype(bool)
    low, high = model.species[0].values
    return np.where(down, low, high).astype(np.int8)
