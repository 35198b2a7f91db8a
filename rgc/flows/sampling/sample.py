"""Plain Monte Carlo: averages of measures with their errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.flows.sampling.estimator import Estimator, make_estimator
from rgc.flows.sampling.model import Model, make_model
from rgc.flows.sampling.observables import (
    averages_in,
    doubts_at_edges,
    observables_of,
    tallies_in,
)
from rgc.flows.sampling.over_realisations import OverRealisations
from rgc.flows.sampling.pair_couplings import PairTotals, make_pair_totals
from rgc.flows.sampling.random_couplings import WeighedSums, make_weighed_sums
from rgc.flows.sampling.recorder import Recorder, make_recorder
from rgc.flows.sampling.recording import stepped
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.flows.sampling.saved import Saver, make_saver
from rgc.model.expressions import square
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.observables import Average, Tally
from rgc.model.pair_sums import PairSum
from rgc.model.spins import Species
from rgc.model.supercells import array_as_written, as_written
from rgc.passes.built_in import built_in, overlap
from rgc.passes.seams import measured_across
from rgc.results.result import Estimate, Level, Result, Saved
from rgc.schemes.sample import SCHEME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import State as Packed


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`sample(...)` at one point.

    State arrays: `spins_<k>`, the canonical field of species k, and those of the `Estimator` and of
    the `Saver`, if there is one. With `copies` the recorder is handed the first species of another
    copy too.
    """

    sampler: Sampler
    estimator: Estimator
    recorder: Recorder
    saver: Saver | None = None
    copies: bool = False
    weighed: WeighedSums | None = None
    paired: PairTotals | None = None

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
        return State(0, spins | self.estimator.start() | kept, fixed=True)

    def step(self, state: State) -> State:
        return stepped(self, state)

    def recording(self, state: State, numbers: Sequence[int]) -> SampleRecording:
        del numbers
        return SampleRecording(self, state)

    def record(self, state: State, number: int, packed: Sequence[Packed]) -> list[Packed]:
        """Add a record of the fields to the state, in place. They are given back unchanged."""
        fields, sums = self.counted(packed)
        of_tally = dict(self.recorder.by_tally(sums))
        if self.weighed is not None:
            fields, weighed = self.weighed(fields)
            of_tally |= weighed
        if self.paired is not None:
            of_tally |= self.paired(fields)
        self.estimator.record(state.arrays, number, of_tally)
        if self.saver is not None:
            self.saver.record(state.arrays, number, [fields], of_tally)
        return fields

    def counted(self, packed: Sequence[Packed]) -> tuple[list[Packed], Sequence[NDArray[Any]]]:
        """The fields, unchanged, and what the recorder counts of them."""
        others = [self.sampler.other_copy(packed[0])] if self.copies else []
        fields, sums = self.recorder([*packed, *others])
        return fields[: len(packed)], sums

    def accounts(self) -> Sequence[Account]:
        return ()  # programs do it all

    @property
    def shared(self) -> Mapping[str, int]:
        kept = self.saver.shared if self.saver is not None else {}
        return {**self.estimator.shared, **kept}

    def shown(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        return first_words(self.sampler.model, arrays)

    def finish(self, state: State) -> Result:
        model, arrays = self.sampler.model, self.estimator.by_group(state.arrays)
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
    model = make_model(request.spec, request.zero, whole_pairs=True)
    sampler = make_sampler(
        model,
        request.backend,
        seed=request.seed,
        point=request.point,
        share=request.share,
        drawn_at=request.drawn_at,
    )
    shared = overlap(model.lattice, model.species, len(model.kinds))
    meant = observables_of(
        request.spec,
        model.lattice,
        model.species,
        model.energy,
        sectors=model.symmetry,
        overlap=shared,
    )
    first = len(model.species)
    observables = [
        replace(each, expression=measured_across(each.expression, model.lattice, first))
        for each in meant
    ]
    watches = watched(model)
    if _of_copies(tallies_in(averages_in(observables)), model):
        watches["q^2"] = Average(square(shared))  # what glasses remember longest
    estimator = make_estimator(
        observables,
        watches,
        sampler.plan,
        species=len(model.species),
        kind=OverRealisations if sampler.plan.realisations else Estimator,
    )
    made = sampling(sampler, estimator)
    return replace(made, saver=make_saver(sampler, made.estimator))


@dataclass(frozen=True, slots=True, eq=False)
class SampleRecording:
    """The records of one step of `Sample`."""

    flow: Sample
    state: State

    def __call__(self, number: int, packed: Sequence[Packed]) -> list[Packed]:
        return self.flow.record(self.state, number, packed)

    def close(self, packed: Sequence[Packed]) -> None:
        """Nothing else is shown."""


def sampling(sampler: Sampler, estimator: Estimator) -> Sample:
    """A sampler with an estimator, and the recorder of what that needs."""
    model, words = sampler.model, sampler.plan.words
    copies = _of_copies(estimator.tallies, model)
    kinds = (*model.kinds, *([model.species[0]] if copies else []))
    numbered = model.numbered(estimator.tallies)
    whole = [tally for tally in estimator.tallies if isinstance(tally.operator, PairSum)]
    counted = [tally for tally in estimator.tallies if tally not in (*numbered, *whole)]
    recorder = make_recorder(model.lattice, kinds, counted, sampler.backend, words)
    of_pairs, paired = sampler.couplings.pairs, None
    if of_pairs is not None:
        paired = make_pair_totals(whole, model.pairs, of_pairs, sampler.backend)
    made = Sample(sampler, estimator, recorder, copies=copies, paired=paired)
    if not numbered:
        return made
    weighed = make_weighed_sums(
        numbered,
        model.lattice,
        model.kinds,
        first=model.first,
        couplings=sampler.couplings,
        backend=sampler.backend,
    )
    return replace(made, weighed=weighed)


def _of_copies(tallies: Sequence[Tally], model: Model) -> bool:
    """Whether a sum is of the spins of another copy, too, which follow those of the model."""
    return any(len(model.kinds) in _species(tally) for tally in tallies)


def _species(tally: Tally) -> set[int]:
    """The numbers of the species that a sum is of."""
    return {spin.species for product in tally.operator.products for spin in product}


def watched(model: Model) -> dict[str, Average]:
    """The energy, and the square of the magnetisation, which is what remembers longest."""
    m = built_in("m", model.lattice, model.species)
    return {"energy": Average(model.energy), "m^2": Average(square(m))}


def couplings(hamiltonian: Hamiltonian) -> dict[str, Estimate]:
    """The couplings of level 0, which are those of the spec."""
    return {name: Estimate(value, 0.0, "exact") for name, value in hamiltonian.couplings().items()}


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
