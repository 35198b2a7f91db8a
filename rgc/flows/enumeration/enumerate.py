"""All states of a small lattice: ln Z, averages and correlators, and with a block map the
renormalised Hamiltonian of every order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.census import batches, make_census, weighed
from rgc.flows.enumeration.cluster_recursion import make_recursion
from rgc.flows.enumeration.coarse_levels import averages_of, operators_of, turns_of
from rgc.flows.enumeration.enumerate_model import ENERGY, Exact, make_exact
from rgc.flows.enumeration.enumerate_result import KEPT, KNOWN, enumerate_result
from rgc.flows.enumeration.enumeration import Enumeration
from rgc.flows.enumeration.reconstruction import Reconstruction, learn
from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.flows.sampling.observables import averages_in, observables_of
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.fieldless import judged_without_fields
from rgc.flows.study.free_spins import uncoupled_states
from rgc.flows.study.study import Study, make_study
from rgc.results.result import Result
from rgc.routines import routine
from rgc.schemes.needs.states import studied

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 1 << 22
"""States of a step of the runner, about."""

Work = Callable[[State, Any], None]


@dataclass(frozen=True, slots=True, eq=False)
class Enumerate:
    """`enumerate(...)` at one point. In the state arrays r is a realisation of random couplings:

    - `largest` [r, chunk] and `sums` [r, chunk, 1 + average + extra] are described in `weighed`.
    - `coarse` [r, chunk, state of the blocks that it leaves free] is there with a block map. Where
      the parameters of the map are free, so are `p` [r, block] and `learned` [r, 2].
    - `operators` [operator] holds averages of two-state spins, and `correlators` [2^n] all of them
      where the spins are few.
    - The arrays of a `CouplingFlow` are there where the couplings are studied as a recursion.
    """

    counted: Enumeration
    study: CouplingFlow | None = None

    @property
    def scheme(self) -> str:
        return self.counted.scheme

    @property
    def steps(self) -> int:
        return len(self._works()) + (self.study.steps if self.study is not None else 0)

    @property
    def provenance(self) -> Mapping[str, Any]:
        return self.counted.provenance

    def start(self) -> State:
        exact = self.counted.exact
        shape = len(exact.log_weights), exact.chunks.number
        columns = 1 + 2 * len(self.counted.census.averages) + (3 if exact.steps else 0)
        arrays: dict[str, NDArray[Any]] = {
            "largest": np.zeros(shape),
            "sums": np.zeros((*shape, columns)),
        }
        if exact.steps:
            images = prod(kernel.shape[1] for kernel in exact.steps[0].kernels[exact.first :])
            arrays["coarse"] = np.zeros((*shape, images))
        if exact.free:
            arrays["p"] = np.zeros((shape[0], len(exact.steps[0].blocked.groups)))
            arrays["learned"] = np.zeros((shape[0], 2))
        return State(0, arrays, {"why": {}})

    def step(self, state: State) -> State:
        works = self._works()
        if state.done < len(works):
            with self.counted.backend.arrays() as xp:
                works[state.done](state, xp)
        elif self.study is not None:
            self.study.step(State(state.done - len(works), state.arrays, state.values))
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        exact, state = self.counted.exact, self.start()
        with self.counted.backend.arrays() as xp:
            self._count(0, range(1), state, xp)
        cluster, chunks = exact.cluster, exact.chunks
        lines = {
            "states": (f"{cluster.states} of {len(cluster.spins)} spins, {chunks.size} at a time"),
            "a chunk": "-H(v) of its states, exp(-H(v)) less the largest, and sums over them",
            "averages": (
                f"of {len(self.counted.census.averages)} functions of a state, for "
                + ", ".join(observable.name for observable in self.counted.observables)
            ),
        }
        for number, step in enumerate(exact.steps, 1):
            fine, coarse = step.blocked.fine, step.blocked.coarse
            lines[f"step {number}"] = (
                f"{step.block.name}: {len(fine.spins)} spins to {len(coarse.spins)}, "
                f"-H'(h) = ln sum_v P(h|v) exp(-H(v)) over {coarse.states} states, block by block"
            )
        if exact.free:
            lines["p"] = (
                "is found before: the spins rebuilt from block spins are "
                "nearest to those of the model"
            )
        if cluster.two_states and exact.realisations == 1:
            lines["correlators"] = "the averages of all products of spins, by the routine walsh_exp"
        counted = Account(f"{self.scheme}: all states, realisation by realisation", lines)
        return (counted,) if self.study is None else (counted, *self.study.accounts())

    @property
    def shared(self) -> Mapping[str, int]:
        return dict.fromkeys(self.start().arrays, 0)

    def shown(self, arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        return {}

    def finish(self, state: State) -> Result:
        return enumerate_result(self.counted, state)

    def _works(self) -> list[Work]:
        exact, works = self.counted.exact, list[Work]()
        for r in range(len(exact.log_weights)):
            if exact.free:
                works.append(partial(self._learn, r))
            works += [
                partial(self._count, r, batch)
                for batch in batches(exact.chunks.number, exact.chunks.size, BATCH)
            ]
        if exact.cluster.two_states and exact.realisations == 1:
            works.append(self._transform)
        return works

    def _learn(self, realisation: int, state: State, xp: Any) -> None:
        """Find the free parameters."""
        exact, whole = self.counted.exact, replace(self.counted.exact.chunks, fixed=0)
        weight = whole.function(
            exact.log_weights[realisation], routine(self.counted.backend, "fwht"), xp
        )
        values = np.asarray(weight(0))
        values = values - float(contraction.log_sum(values, 0, np))
        learned = learn(Reconstruction(exact.steps[0], values, xp), exact.free == "block")
        state.arrays["p"][realisation] = learned.p
        state.arrays["learned"][realisation] = learned.kl, learned.uniform

    def _count(self, realisation: int, batch: range, state: State, xp: Any) -> None:
        """Weigh the states of some chunks, and sum over the blocks that a chunk leaves free."""
        exact, fwht, arrays = (
            self.counted.exact,
            routine(self.counted.backend, "fwht"),
            state.arrays,
        )
        weight = exact.chunks.function(exact.log_weights[realisation], fwht, xp)
        averaged = self.counted.census.values(exact.chunks, fwht, xp)
        steps = self.counted.steps_of(realisation, arrays)
        for chunk in batch:
            values = weight(chunk)
            log_weights = np.asarray(values)
            functions = averaged(chunk, log_weights)
            functions += [np.abs(function) for function in functions]
            if steps:
                arrays["coarse"][realisation, chunk] = np.asarray(
                    steps[0].coarse(values, xp, exact.first)
                )
                functions += steps[0].extras(exact.first, exact.digits(chunk))
            at = realisation, chunk
            arrays["largest"][at], arrays["sums"][at] = weighed(log_weights, functions)

    def _transform(self, state: State, xp: Any) -> None:
        """The averages of all products of spins at once."""
        bits = len(self.counted.exact.cluster.spins)
        masks, values = self.counted.exact.log_weights[0].spectrum(bits)
        _, transformed = routine(self.counted.backend, "walsh_exp")(masks, values, bits, xp)
        correlators = np.asarray(transformed)
        state.arrays["operators"] = np.array(
            list(averages_of(operators_of(self.counted.exact), correlators).values())
        )
        if bits <= KEPT:
            state.arrays["correlators"] = correlators


def make_enumerate(request: Request) -> Enumerate:
    """The flow `enumerate` of a checked spec at one point.

    Raises `SpecError` for what cannot be counted, blocked or measured.
    """
    exact = make_exact(request.spec, request.seed, request.point, request.share)
    observables = observables_of(
        request.spec, exact.lattice, exact.species, exact.energy, known=KNOWN
    )
    counted = Enumeration(
        scheme=request.flow.scheme,
        backend=request.backend,
        exact=exact,
        observables=observables,
        census=make_census(exact.chunks, averages_in(observables), ENERGY),
        study=judged_without_fields(request, partial(_study, exact))
        if studied(request.options.values)
        else None,
    )
    return Enumerate(counted, None if counted.study is None else CouplingFlow(counted.study))


def _study(exact: Exact, request: Request) -> Study:
    recursion = make_recursion(
        request.hamiltonian, request.backend, exact.steps[0], turns_of(exact), request.zero
    )
    dimension = exact.lattice.dimension
    study = make_study(
        request, recursion, recursion.start, dimension, kind="truncated", accumulates=False
    )
    radices = recursion.step.blocked.fine.radices
    return replace(study, beyond=partial(uncoupled_states, radices, recursion.sums))
