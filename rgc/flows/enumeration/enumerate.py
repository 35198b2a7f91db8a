"""All states of a small lattice: ln Z, averages and correlators, and with a block map the renormalised Hamiltonian of every order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.block_step import Step
from rgc.flows.enumeration.census import Census, batches, make_census, weighed
from rgc.flows.enumeration.cluster_recursion import make_recursion
from rgc.flows.enumeration.enumerate_model import ENERGY, Exact, make_exact, with_parameters
from rgc.flows.enumeration.enumerate_result import (
    KEPT,
    KNOWN,
    averages_of,
    enumerate_result,
    operators_of,
    turns_of,
)
from rgc.flows.enumeration.reconstruction import Reconstruction, learn
from rgc.flows.flow import State
from rgc.flows.sampling.observables import averages_in, observables_of
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.study import make_study
from rgc.model.observables import Observable
from rgc.results.result import Result
from rgc.routines import routine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import Backend
    from rgc.model.spec import Spec

BATCH = 1 << 22
"""States of a step of the runner, about."""

STUDIED = ("find", "linearise", "starts", "plane")
"""Options that ask for the map of the couplings as a recursion."""

Work = Callable[[State, Any], None]


@dataclass(frozen=True, slots=True, eq=False)
class Enumerate:
    """`enumerate(...)` at one point. State arrays, r a realisation of random couplings: `largest` [r, chunk] and `sums` [r, chunk, 1 + average +
    extra], see `weighed`; with a block map `coarse` [r, chunk, state of the blocks that it leaves free] and, where they are free, the
    parameters `p` [r, block] and `learned` [r, 2]; of two-state spins the averages `operators` [operator], and of few of them all
    `correlators` [2^n]; those of a `CouplingFlow`."""

    backend: Backend
    exact: Exact
    observables: tuple[Observable, ...]
    census: Census
    study: CouplingFlow | None = None

    @property
    def scheme(self) -> str:
        return "enumerate"

    @property
    def steps(self) -> int:
        return len(self._works()) + (self.study.steps if self.study is not None else 0)

    @property
    def provenance(self) -> Mapping[str, Any]:
        steps = self.exact.steps
        sites = (
            {
                "sites_per_step": len(steps[0].blocked.fine.spins)
                / len(steps[0].blocked.coarse.spins)
            }
            if steps
            else {}
        )
        return {
            "states": self.exact.cluster.states,
            "realisations": len(self.exact.log_weights),
            "reproducibility": "L3",
            **sites,
        }

    def start(self) -> State:
        exact = self.exact
        shape = len(exact.log_weights), exact.chunks.number
        columns = 1 + len(self.census.averages) + (3 if exact.steps else 0)
        arrays: dict[str, NDArray[Any]] = {
            "largest": np.zeros(shape),
            "sums": np.zeros((*shape, columns)),
        }
        if exact.steps:
            images = prod(kernel.shape[1] for kernel in exact.steps[0].kernels[exact.first :])
            arrays["coarse"] = np.zeros((*shape, images))
        if exact.free:
            arrays["p"] = np.zeros((shape[0], len(exact.steps[0].blocked.letters)))
            arrays["learned"] = np.zeros((shape[0], 2))
        return State(0, arrays, {"why": {}})

    def step(self, state: State) -> State:
        works = self._works()
        if state.done < len(works):
            with self.backend.arrays() as xp:
                works[state.done](state, xp)
        elif self.study is not None:
            self.study.step(State(state.done - len(works), state.arrays, state.values))
        state.done += 1
        return state

    def finish(self, state: State) -> Result:
        return enumerate_result(self, state)

    def steps_of(self, realisation: int, arrays: Mapping[str, NDArray[Any]]) -> tuple[Step, ...]:
        """The block maps of a realisation, with its own parameters where they are free."""
        if not self.exact.free:
            return self.exact.steps
        return with_parameters(self.exact, arrays["p"][realisation])

    def _works(self) -> list[Work]:
        exact, works = self.exact, list[Work]()
        for r in range(len(exact.log_weights)):
            if exact.free:
                works.append(partial(self._learn, r))
            works += [
                partial(self._count, r, batch)
                for batch in batches(exact.chunks.number, exact.chunks.size, BATCH)
            ]
        if exact.cluster.two_states and len(exact.log_weights) == 1:
            works.append(self._transform)
        return works

    def _learn(self, realisation: int, state: State, xp: Any) -> None:
        """Find the free parameters."""
        exact, whole = self.exact, replace(self.exact.chunks, fixed=0)
        weight = whole.function(exact.log_weights[realisation], routine(self.backend, "fwht"), xp)
        values = np.asarray(weight(0))
        values = values - float(contraction.log_sum(values, 0, np))
        found = learn(Reconstruction(exact.steps[0], values, xp), exact.free == "block")
        state.arrays["p"][realisation] = found.p
        state.arrays["learned"][realisation] = found.kl, found.uniform

    def _count(self, realisation: int, batch: range, state: State, xp: Any) -> None:
        """Weigh the states of some chunks, and sum over the blocks that a chunk leaves free."""
        exact, fwht, arrays = self.exact, routine(self.backend, "fwht"), state.arrays
        weight = exact.chunks.function(exact.log_weights[realisation], fwht, xp)
        averaged = self.census.values(exact.chunks, fwht, xp)
        steps = self.steps_of(realisation, arrays)
        for chunk in batch:
            values = weight(chunk)
            log_weights = np.asarray(values)
            functions = averaged(chunk, log_weights)
            if steps:
                arrays["coarse"][realisation, chunk] = np.asarray(
                    steps[0].coarse(values, xp, exact.first)
                )
                functions += steps[0].extras(exact.first, exact.digits(chunk))
            at = realisation, chunk
            arrays["largest"][at], arrays["sums"][at] = weighed(log_weights, functions)

    def _transform(self, state: State, xp: Any) -> None:
        """The averages of all products of spins at once."""
        bits = len(self.exact.cluster.spins)
        masks, values = self.exact.log_weights[0].spectrum(bits)
        _, found = routine(self.backend, "walsh_exp")(masks, values, bits, xp)
        correlators = np.asarray(found)
        state.arrays["operators"] = np.array(
            list(averages_of(operators_of(self.exact), correlators).values())
        )
        if bits <= KEPT:
            state.arrays["correlators"] = correlators


def make_enumerate(
    spec: Spec,
    backend: Backend,
    *,
    seed: int,
    point: Mapping[str, float],
    zero: Collection[str] | None = None,
) -> Enumerate:
    """The flow `enumerate` of a checked spec at one point. Raises `SpecError` for what cannot be counted, blocked or measured."""
    assert spec.flow is not None  # noqa: S101
    exact = make_exact(spec, seed, point)
    observables = observables_of(spec, exact.lattice, exact.species, exact.energy, known=KNOWN)
    census = make_census(exact.chunks, averages_in(observables), ENERGY)
    made = Enumerate(backend, exact, observables, census)
    if not any(spec.flow.options.get(name) for name in STUDIED):
        return made
    zero = exact.hamiltonian.zero if zero is None else zero
    recursion = make_recursion(spec, backend, exact.steps[0], turns_of(exact), zero)
    study = make_study(
        spec, recursion, recursion.start, exact.lattice.dimension, kind="truncated", ledger=False
    )
    return replace(made, study=CouplingFlow(study))
