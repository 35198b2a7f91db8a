"""Plain Monte Carlo: averages of measures with their errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rgc.flows.flow import Account, State, check_shape
from rgc.flows.request import Request
from rgc.flows.sampling.estimator import Estimator, make_estimator
from rgc.flows.sampling.observables import doubts_at_edges, observables_of
from rgc.flows.sampling.recorder import Recorder, make_recorder
from rgc.flows.sampling.sampler import Model, Sampler, make_model, make_sampler
from rgc.flows.sampling.saved import Saver, make_saver
from rgc.model.expressions import square
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.observables import Average
from rgc.model.spins import Species
from rgc.model.supercells import array_as_written, as_written
from rgc.passes.built_in import built_in
from rgc.results.result import Estimate, Level, Result, Saved
from rgc.schemes.sample import SCHEME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import State as Packed


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`sample(...)` at one point.

    State arrays: `spins_<k>`, the canonical field of species k, and those of the `Estimator` and of
    the `Saver`, if there is one.
    """

    sampler: Sampler
    estimator: Estimator
    recorder: Recorder
    saver: Saver | None = None

    @property
    def scheme(self) -> str:
        return SCHEME.name

    @property
    def steps(self) -> int:
        return self.sampler.plan.sweeps

    @property
    def provenance(self) -> Mapping[str, Any]:
        return self.sampler.provenance

    def start(self) -> State:
        spins = {f"spins_{k}": field for k, field in enumerate(self.sampler.start())}
        kept = self.saver.start() if self.saver is not None else {}
        return State(0, spins | self.estimator.start() | kept)

    def step(self, state: State) -> State:
        packed = unfrozen(self.sampler, state)
        pieces = self.sampler.plan.pieces(state.done, state.most)
        for piece in pieces:
            packed = self.sampler.sweep(packed, piece.first, piece.count)
            if piece.record is not None:
                packed = self.record(state, piece.record, packed)
        frozen(self.sampler, state, packed)
        state.done += sum(piece.count for piece in pieces)
        return state

    def record(self, state: State, number: int, packed: Sequence[Packed]) -> list[Packed]:
        """Add a record of the fields to the state, in place. They are given back unchanged."""
        fields, sums = self.recorder(packed)
        of_tally = self.recorder.by_tally(sums)
        self.estimator.record(state.arrays, number, of_tally)
        if self.saver is not None:
            self.saver.record(state.arrays, number, fields, of_tally)
        return fields

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all

    @property
    def shared(self) -> Mapping[str, int]:
        kept = self.saver.shared if self.saver is not None else {}
        return {**self.estimator.shared, **kept}

    def shown(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        return first_words(self.sampler.model, arrays)

    def finish(self, state: State) -> Result:
        arrays, model = state.arrays, self.sampler.model
        level = Level(0, as_written(model.lattice).cells, couplings(model.hamiltonian))
        return Result(
            SCHEME.name,
            levels=(level,),
            averages=self.estimator.estimates(arrays),
            values=self.estimator.times(arrays),
            series=self.estimator.series(arrays),
            configurations=(picture(model.species[0], model.lattice, arrays["spins_0"]),),
            saved=Saved() if self.saver is None else self.saver.saved(arrays),
            tables=self.estimator.tables(arrays),
            warnings=(
                *self.estimator.warnings(arrays, self.sampler.updates),
                *doubts_at_edges(self.estimator.observables, model.lattice),
            ),
            provenance=self.provenance,
        )


def make_sample(request: Request) -> Sample:
    """The flow `sample` of a spec at one point.

    Raises `SpecError` for what cannot be sampled or measured yet.
    """
    model = make_model(request.spec, request.zero)
    sampler = make_sampler(
        model,
        request.backend,
        seed=request.seed,
        point=request.point,
        share=request.share,
    )
    observables = observables_of(
        request.spec, model.lattice, model.species, model.energy, sectors=model.symmetry
    )
    made = sampling(sampler, make_estimator(observables, watched(model), sampler.plan))
    return replace(made, saver=make_saver(sampler, made.estimator))


def sampling(sampler: Sampler, estimator: Estimator) -> Sample:
    """A sampler with an estimator, and the recorder of what that needs."""
    model, words = sampler.model, sampler.plan.words
    recorder = make_recorder(
        model.lattice, model.species, estimator.tallies, sampler.backend, words
    )
    return Sample(sampler, estimator, recorder)


def watched(model: Model) -> dict[str, Average]:
    """The energy, and the square of the magnetisation, which is what remembers longest."""
    m = built_in("m", model.lattice, model.species)
    return {"energy": Average(model.energy), "m^2": Average(square(m))}


def couplings(hamiltonian: Hamiltonian) -> dict[str, Estimate]:
    """The couplings of level 0, which are those of the spec."""
    return {name: Estimate(value, 0.0, "exact") for name, value in hamiltonian.couplings().items()}


def unfrozen(sampler: Sampler, state: State) -> list[Packed]:
    """The fields of a state in the backend's own form. Raises `SpecError` for a state from a
    checkpoint that holds other fields, which no kernel would notice.
    """
    fields = [state.arrays[f"spins_{k}"] for k in range(len(sampler.model.species))]
    for field, made in zip(fields, sampler.update.program.fields, strict=True):
        check_shape(field, (made.planes, *made.shape, made.letters, sampler.plan.words))
    return [sampler.backend.pack(field) for field in fields]


def frozen(sampler: Sampler, state: State, packed: Sequence[Packed]) -> None:
    """Put the fields back into the state, in canonical form."""
    for k, field in enumerate(packed):
        state.arrays[f"spins_{k}"] = sampler.backend.unpack(field)


def first_words(model: Model, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """The first word of the fields of a state, of which the picture is made."""
    names = (f"spins_{k}" for k in range(len(model.species)))
    return {name: arrays[name][..., :1] for name in names}


def picture(species: Species, lattice: Lattice, field: NDArray[Any]) -> NDArray[Any]:
    """Replica 0 of a canonical field as int8[*shape, letters] of the spins as declared, in the
    cells that the spec writes.
    """
    import numpy as np

    bits = (field[..., 0] & np.uint64(1)).astype(np.int8)
    codes = np.tensordot(1 << np.arange(len(bits)), bits, axes=1)
    spins = np.array(species.codes, dtype=np.int8)[codes]
    return np.asarray(array_as_written(spins, lattice, 0))
