"""The curves of the thermometers: a Hamiltonian sampled at rising inverse temperatures.

With H that of the spec, the weight is exp(-beta H), from beta = 0 on. Every replica is carried from
one beta to the next, so that it is in equilibrium near the critical point and stays in one phase
below it, where replicas that start hot would keep walls for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import resample
from rgc.flows.data.rows import LADDER, key_of, states_as_written, states_in
from rgc.flows.machines.probe import Probe, groups_of_chains
from rgc.flows.machines.sides import States
from rgc.flows.request import Request
from rgc.flows.sampling.model import make_model
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.language.values import Value
from rgc.model.spec import FlowOfSpec
from rgc.program.draws import stream
from rgc.schemes.sample import SCHEME as SAMPLE

Arrays = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]

REPLICAS = 1024
RECORDS = 8
"""Configurations of a replica at each temperature, after as many sweeps again."""

PATIENCE = 200
"""The least sweeps at each temperature. On large lattices they are the square of the linear size,
the time in which the critical model forgets.
"""

STEP, RATIO, COLDEST = 0.5, 1 / 32, 5.7
"""Steps of beta: `STEP` over the deviation of H at beta = 0, where histograms of neighbours overlap
well, or the part `RATIO` of beta where that is more, up to `COLDEST` over the deviation of H per
root of a site: T = 0.25 J on the square lattice.
"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ladder:
    """A ladder of inverse temperatures from 0 up. The states at some of them, `kept`, are kept.

    Its arrays are `spins`, a canonical field, `curve` float64[beta, moment, group], sums over the
    records, and `kept` uint8[kept, replica, site].
    """

    sampler: Sampler
    probe: Probe
    betas: Floats
    kept: tuple[int, ...]
    every: int

    @property
    def steps(self) -> int:
        """Steps of the flow, `every` sweeps each."""
        return len(self.betas) * 2 * RECORDS

    @property
    def replicas(self) -> int:
        return self.sampler.plan.replicas

    def start(self) -> Arrays:
        """The arrays before the first step."""
        (spins,) = self.sampler.start()
        rungs, sites = len(self.betas), self.probe.waves.shape[1]
        return {
            "spins": spins,
            "curve": self.probe.empty(rungs),
            "kept": np.zeros((len(self.kept), self.replicas, sites), dtype=np.uint8),
        }

    def step(self, arrays: Arrays, number: int) -> None:
        """Make a step: sweeps at one beta, and a record in the second half of them."""
        rung, part = divmod(number, 2 * RECORDS)
        backend, beta = self.sampler.backend, Fraction(float(self.betas[rung]))
        packed = self._at(beta).sweep(
            [backend.pack(arrays["spins"])], number * self.every, self.every
        )
        arrays["spins"] = np.asarray(backend.unpack(packed[0]))
        if part < RECORDS:
            return
        states = self._states(arrays)
        arrays["curve"][rung] += self.probe.sums(states, groups_of_chains(self.replicas))
        if part == 2 * RECORDS - 1:
            arrays["kept"][np.array(self.kept, dtype=np.int64) == rung] = states

    def averages(self, arrays: Arrays) -> Floats:
        """The moments at every beta, resampled: float64[1 + group, beta, moment]."""
        sums = np.moveaxis(arrays["curve"], -1, 0)
        return resample(sums, RECORDS * np.bincount(groups_of_chains(self.replicas)))

    def _at(self, beta: Fraction) -> Sampler:
        """The sampler of beta H."""
        coefficients = tuple(beta * each for each in self.sampler.model.coefficients)
        arguments = self.sampler.update.arguments([coefficients], self.sampler.plan.words)
        return replace(self.sampler, arguments=arguments)

    def _states(self, arrays: Arrays) -> States:
        model = self.sampler.model
        states = states_in(arrays["spins"], model.species[0], self.replicas)
        return states_as_written(states, model.lattice)


def make_ladder(request: Request, probe: Probe, temperatures: Sequence[float]) -> Ladder:
    """The ladder of the Hamiltonian of a spec, with the states at some temperatures kept. They are
    in units of the temperature of the spec, as all temperatures here.
    """
    lattice = request.crystal
    wanted = [1 / each for each in temperatures]
    betas = np.unique([*_rungs(probe, lattice.sites), *wanted])
    every = ceil(max(PATIENCE, max(lattice.cells) ** 2) / (2 * RECORDS))
    given: dict[str, Value] = {
        "sweeps": RECORDS * every,
        "thermalise": RECORDS * every,
        "every": every,
        "replicas": REPLICAS,
        "generator": request.options["generator"],
    }
    options = SAMPLE.complete(given, request.spec)
    low, high = key_of(stream(request.seed, request.point, "data"), LADDER)
    sampler = make_sampler(
        make_model(replace(request.spec, flow=FlowOfSpec(SAMPLE.name, options)), request.zero),
        request.backend,
        seed=low | high << 64,
        point=request.point,
        specialise=False,
    )
    kept = tuple(int(np.searchsorted(betas, each)) for each in wanted)
    return Ladder(sampler=sampler, probe=probe, betas=betas, kept=kept, every=every)


def _rungs(probe: Probe, sites: int) -> list[float]:
    """The inverse temperatures, by the deviation of H where all states are alike. Local energies
    are then nearly independent.
    """
    tables = probe.target.log_weight.tables.values()
    deviation = float(np.sqrt(sum(table.var() for table in tables)))
    rungs, coldest = [0.0], COLDEST * sites**0.5 / deviation
    while rungs[-1] < coldest:
        rungs.append(rungs[-1] + max(STEP / deviation, RATIO * rungs[-1]))
    return rungs
