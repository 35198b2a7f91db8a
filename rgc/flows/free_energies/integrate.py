"""Thermodynamic integration: F(K) = F(a) + integral of <dH/dK> from a to K, sampled on the way,
from where the spins are free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rgc.analysis.interpolation import Curve, integral
from rgc.flows import sequence
from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.flows.sampling.estimator import make_estimator
from rgc.flows.sampling.model import make_model
from rgc.flows.sampling.sample import Sample, sampling, watched
from rgc.flows.sampling.sampler import make_sampler
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.observables import Average, Observable
from rgc.model.options import Options
from rgc.model.spec import FlowOfSpec, Spec
from rgc.passes.local_energies import local_energies
from rgc.results.result import Estimate, FreeEnergy, Result
from rgc.schemes.needs.paths import path_of
from rgc.schemes.sample import SCHEME as SAMPLE

if TYPE_CHECKING:
    from rgc.flows.flow import Flow
    from rgc.language.values import Value

SLOPE = "slope"

THERMALISE = 20
"""At least so many records before the first that counts: 20 autocorrelation times can then be told
where records are independent.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Integrate:
    """<dH/dK>/N sampled at each of the `values` of a parameter, where F/N at the first one is
    `free`.

    A path that ends where it begins is that one value, and nothing is sampled. The state is that
    of the `samples`, one after the other.
    """

    parameter: str
    values: tuple[float, ...]
    free: float
    replicas: int
    samples: tuple[Sample, ...]

    @property
    def scheme(self) -> str:
        return "integrate"

    @property
    def steps(self) -> int:
        return sequence.steps(self._flows)

    @property
    def _flows(self) -> Sequence[Flow]:
        return self.samples

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {
            "integrate": {
                self.parameter: list(self.values),
                "replicas": self.replicas,
            }
        }

    def start(self) -> State:
        return sequence.start()

    def step(self, state: State) -> State:
        return sequence.step(self._flows, state)

    def accounts(self) -> Sequence[Account]:
        path = (
            f"{len(self.values)} values of {self.parameter}, "
            f"from {self.values[0]:g} to {self.values[-1]:g}"
        )
        lines = {
            "F": (
                f"F/N of free spins, and the integral of <dH/d{self.parameter}>/N by a cubic spline"
            ),
            "averages": f"sampled by programs at {path}",
        }
        return (Account("integrate: a free energy, an estimate", lines),)

    def finish(self, state: State) -> Result:
        if not self.samples:
            return Result("integrate", free_energy=(self._exact,), provenance=self.provenance)
        results = sequence.results(self._flows, state)
        slopes = [result.observables[SLOPE] for result in results]
        table = np.array(
            [
                self.values,
                [_number(slope.value) for slope in slopes],
                [_number(slope.error) for slope in slopes],
            ]
        )
        return Result(
            "integrate",
            free_energy=(self._entry(slopes),),
            tables={f"integrate_{self.parameter}": table},
            warnings=self._warnings(results),
            provenance=self.provenance,
        )

    @property
    def _method(self) -> str:
        return f"integrate({self.parameter})"

    @property
    def _exact(self) -> FreeEnergy:
        """F/N at the first value, where there is nothing to integrate."""
        note = "the spins are free here: nothing is integrated"
        return FreeEnergy(self._method, self.free, 0.0, "exact", note=note)

    def _entry(self, slopes: Sequence[Estimate]) -> FreeEnergy:
        rising = np.argsort(self.values)
        x, y, errors = (
            np.array(column)[rising]
            for column in (
                self.values,
                [_number(slope.value) for slope in slopes],
                [_number(slope.error) for slope in slopes],
            )
        )
        value, statistical, quadrature = integral(Curve(x, y, errors))
        way = 1 if self.values[-1] > self.values[0] else -1
        error: float | None = None
        note = "the error of the quadrature is not known"
        unknown = [x for x, slope in zip(self.values, slopes, strict=True) if slope.error is None]
        if unknown:
            note = f"the average at {self.parameter} = {unknown[0]:g} has no error"
        elif quadrature is not None:
            error = hypot(statistical, quadrature)
            note = f"statistical error {statistical:.2g}, of the quadrature {quadrature:.2g}"
        return FreeEnergy(self._method, self.free + way * value, error, "estimate", note=note)

    def _warnings(self, results: Sequence[Result]) -> tuple[str, ...]:
        """The first warning, and at how many values of the path there is one."""
        warned = [
            (x, result.warnings[0])
            for x, result in zip(self.values, results, strict=True)
            if result.warnings
        ]
        if not warned:
            return ()
        value, text = warned[0]
        others = (
            f" (and at {len(warned) - 1} more of the {len(results)} values)"
            if len(warned) > 1
            else ""
        )
        return (f"integrate at {self.parameter} = {value:g}{others}: {text}",)


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def make_integrate(request: Request) -> Integrate:
    """The integration that a checked `integrate(K=0:0.4:9)` asks for. H is linear in K."""
    spec, method = request.spec, request.flow
    found = path_of(method.options)
    assert found is not None  # noqa: S101  (checked)
    (name, path), replicas = found, request.options.integer("replicas")
    if len(set(path)) == 1:
        here = _at(spec, request.hamiltonian, method)
        return Integrate(name, path[:1], _free(here), replicas, ())
    nodes = [_at(spec, hamiltonian, method) for hamiltonian in request.path]
    first, *_, last = ({t.name: t.coefficient for t in h.terms} for h in request.path)
    slopes = {key: (last[key] - first[key]) / (path[-1] - path[0]) for key in first}
    samples = tuple(
        _sample(replace(request, spec=node, point={**request.point, name: value}), slopes)
        for node, value in zip(nodes, path, strict=True)
    )
    return Integrate(name, path, _free(nodes[0]), replicas, samples)


def _at(spec: Spec, hamiltonian: Hamiltonian, method: FlowOfSpec) -> Spec:
    """The spec with the Hamiltonian of a point of the path, to be sampled there."""
    asked = Options(method.options)
    every = cast(int, SAMPLE.defaults["every"])
    given: dict[str, Value] = {
        "sweeps": asked.integer("sweeps"),
        "replicas": asked.integer("replicas"),
        "thermalise": max(asked.integer("sweeps") // 4, THERMALISE * every),
    }
    flow = FlowOfSpec(SAMPLE.name, SAMPLE.complete(given, spec), method.span)
    return replace(spec, hamiltonian=hamiltonian, flow=flow, measures=())


def _free(spec: Spec) -> float:
    """F/N of spins that do not interact."""
    lattice = spec.lattice
    assert isinstance(lattice, Lattice)  # noqa: S101  (sampled before)
    assert spec.hamiltonian is not None  # noqa: S101
    energies = {
        (letter, kind): np.zeros(species.states or 0)
        for letter in range(len(lattice.basis))
        for kind, species in enumerate(spec.species)
    }
    constant = 0.0
    for table in local_energies(spec.hamiltonian, spec.species):
        if table.spins:
            energies[table.spins[0].letter, table.spins[0].species] += np.array(table.energies)
        else:
            constant += table.energies[0]
    total = constant - sum(
        float(np.log(np.exp(levels.min() - levels).sum()) - levels.min())
        for levels in energies.values()
    )
    return total / len(lattice.basis)


def _sample(request: Request, slopes: Mapping[str, float]) -> Sample:
    model = make_model(request.spec, request.zero)
    sampler = make_sampler(
        model, request.backend, seed=request.seed, point=request.point, specialise=False
    )
    slope = Observable(SLOPE, Average(model.per_site(slopes)))
    return sampling(sampler, make_estimator((slope,), watched(model), sampler.plan))
