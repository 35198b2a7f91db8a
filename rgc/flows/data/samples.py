"""Configurations of the Hamiltonian as data, made by the sampler of the scheme `sample`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from rgc.backend import Backend
from rgc.flows.data.rows import Rows, States, states_in
from rgc.flows.request import Request
from rgc.flows.sampling.sampler import Sampler, make_model, make_sampler
from rgc.language.values import Value
from rgc.model.data import Samples
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Cell
from rgc.model.spec import FlowOfSpec, Spec
from rgc.schemes.sample import SCHEME as SAMPLE


def sampled(samples: Samples, request: Request) -> Rows:
    """`count` configurations of each set, the sets one after the other.

    A set takes the replicas of each record in turn, and then those of the next record. Its random
    numbers are keyed by the seed, the point of the scan and the values of its own parameters.
    Raises `SpecError` for what cannot be sampled yet.
    """
    hamiltonians = samples.hamiltonians or (request.hamiltonian,)
    zero = _zero(hamiltonians)
    parts = [
        np.concatenate(list(_records(_sampler(samples, hamiltonian, values, zero, request))))
        for hamiltonian, values in zip(hamiltonians, samples.points, strict=True)
    ]
    states = np.concatenate([part[: samples.count] for part in parts])
    cells = _cells(request, hamiltonians)
    return Rows(species=request.species[0], states=states, cells=cells)


def _cells(request: Request, hamiltonians: tuple[Hamiltonian, ...]) -> Cell | None:
    """The cells of a lattice whose translations leave the Hamiltonian unchanged: it is periodic,
    and no coupling differs from place to place."""
    terms = (term for hamiltonian in hamiltonians for term in hamiltonian.terms)
    periodic = set(request.crystal.boundary) == {"periodic"}
    return None if not periodic or any(t.inhomogeneous for t in terms) else request.crystal.cells


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
        make_model(spec, zero),
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


def _records(sampler: Sampler) -> Iterator[States]:
    """The states uint8[replica, site] of each record."""
    backend, plan = sampler.backend, sampler.plan
    packed = [backend.pack(field) for field in sampler.start()]
    done = 0
    while done < plan.sweeps:
        for piece in plan.pieces(done, plan.stride):
            packed = sampler.sweep(packed, piece.first, piece.count)
            done += piece.count
            if piece.record is not None:
                yield _states(sampler, backend, packed[0])


def _states(sampler: Sampler, backend: Backend, packed: object) -> States:
    return states_in(backend.unpack(packed), sampler.model.species[0], sampler.plan.replicas)
