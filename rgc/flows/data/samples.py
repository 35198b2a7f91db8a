"""Configurations of the Hamiltonian as data, made by the sampler of the scheme `sample`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.data.rows import Rows, States, states_as_written, states_in
from rgc.flows.request import Request
from rgc.flows.sampling.model import Model, make_model
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.language.values import Value
from rgc.model.data import Samples
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Cell
from rgc.model.spec import FlowOfSpec, Spec
from rgc.schemes.sample import SCHEME as SAMPLE

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sampling:
    """`count` configurations of each set, the sets one after the other, in steps of a sweep.

    A set takes the replicas of each record in turn, and then those of the next record. `cells` are
    those of `Rows`, and so are chains: the same replica of every set, so that groups of them hold
    as much of each set. The arrays are `spins`, the canonical field as it is, and `records`
    u64[record, ...], those of all sets.
    """

    samplers: tuple[Sampler, ...]
    count: int
    cells: Cell | None

    @property
    def steps(self) -> int:
        """The sweeps of all sets."""
        return len(self.samplers) * self._sweeps

    @property
    def _sweeps(self) -> int:
        return self.samplers[0].plan.sweeps  # all sets have one plan

    def step(self, arrays: Arrays, done: int, most: int) -> int:
        """Go on after `done` sweeps, and change `arrays`. Returns how many more are made."""
        number, at = divmod(done, self._sweeps)
        sampler = self.samplers[number]
        pack, unpack = sampler.backend.pack, sampler.backend.unpack
        fields = sampler.start() if at == 0 else [arrays["spins"]]
        if done == 0:
            shape = len(self.samplers) * sampler.plan.records, *fields[0].shape
            arrays["records"] = np.zeros(shape, dtype=fields[0].dtype)
        packed = [pack(field) for field in fields]
        pieces = sampler.plan.pieces(at, most)
        for piece in pieces:
            packed = sampler.sweep(packed, piece.first, piece.count)
            if piece.record is not None:
                record = number * sampler.plan.records + piece.record
                arrays["records"][record] = unpack(packed[0])
        arrays["spins"] = np.asarray(unpack(packed[0]))
        return sum(piece.count for piece in pieces)

    def rows(self, arrays: Arrays) -> Rows:
        """The configurations, after the last sweep."""
        parts = np.split(arrays["records"], len(self.samplers))
        states = np.concatenate([self._states(part) for part in parts])
        species, replicas = self._model.species[0], self.samplers[0].plan.replicas
        chains = np.tile(np.arange(self.count) % replicas, len(self.samplers))
        return Rows(species=species, states=states, cells=self.cells, chains=chains)

    def _states(self, records: NDArray[Any]) -> States:
        """Those of one set."""
        species, replicas = self._model.species[0], self.samplers[0].plan.replicas
        found = [states_in(record, species, replicas) for record in records]
        return states_as_written(np.concatenate(found)[: self.count], self._model.lattice)

    @property
    def _model(self) -> Model:
        return self.samplers[0].model


def make_sampling(samples: Samples, request: Request) -> Sampling:
    """The sampling of a spec at one point, with its kernels compiled.

    Its random numbers are keyed by the seed, the point of the scan and the values of the parameters
    of each set. Raises `SpecError` for what cannot be sampled yet.
    """
    hamiltonians = samples.hamiltonians or (request.hamiltonian,)
    zero = _zero(hamiltonians)
    samplers = [
        _sampler(samples, hamiltonian, values, zero, request)
        for hamiltonian, values in zip(hamiltonians, samples.points, strict=True)
    ]
    return Sampling(
        samplers=tuple(samplers), count=samples.count, cells=_cells(request, hamiltonians)
    )


def _cells(request: Request, hamiltonians: tuple[Hamiltonian, ...]) -> Cell | None:
    """The cells of a lattice whose translations leave the Hamiltonian unchanged: it is periodic,
    and no coupling differs from place to place."""
    lattice = request.crystal
    terms = (term for hamiltonian in hamiltonians for term in hamiltonian.terms)
    differ = lattice.supercell is not None or any(term.inhomogeneous for term in terms)
    return None if differ or set(lattice.boundary) != {"periodic"} else lattice.cells


def _zero(hamiltonians: tuple[Hamiltonian, ...]) -> tuple[str, ...]:
    """The terms whose coefficient is 0 in every set."""
    first, *others = (hamiltonian.zero for hamiltonian in hamiltonians)
    return tuple(name for name in first if all(name in other for other in others))


def _sampler(
    samples: Samples,
    hamiltonian: Hamiltonian,
    values: Mapping[str, float],
    zero: tuple[str, ...],
    request: Request,
) -> Sampler:
    spec = replace(request.spec, hamiltonian=hamiltonian)
    spec = replace(spec, flow=FlowOfSpec(SAMPLE.name, _options(samples, spec, request)))
    return make_sampler(
        make_model(spec, zero, whole_pairs=True),
        request.backend,
        seed=request.seed,
        point={**request.point, **values},
        specialise=len(samples.points) == 1,
    )


def _options(samples: Samples, spec: Spec, request: Request) -> Mapping[str, Value]:
    """The options of `sample` that make so many configurations."""
    given: dict[str, Value] = {
        "sweeps": samples.sweeps,
        "every": samples.every,
        "replicas": samples.replicas,
        "update": samples.update,
        "thermalise": samples.before,
    }
    if "generator" in request.options:
        given["generator"] = request.options["generator"]
    return SAMPLE.complete(given, spec)
