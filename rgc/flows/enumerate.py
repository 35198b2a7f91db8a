"""All states of a small lattice: ln Z, averages and correlators, and with a block map the renormalised Hamiltonian of every order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from rgc.errors import Problem, SpecError
from rgc.flows import built_in
from rgc.flows.block_step import Step, make_step
from rgc.flows.census import Census, batches, make_census, weighed
from rgc.flows.cluster import Cluster, LocalSum, gathered, make_cluster, term_pieces
from rgc.flows.enumerate_result import KNOWN, enumerate_result
from rgc.flows.flow import State
from rgc.flows.measures import quantities
from rgc.flows.quantities import Leaf, Quantity, plain
from rgc.flows.recorder import Row
from rgc.flows.states import Chunks, cut_after
from rgc.model.groups import Local
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from rgc.results.result import Result
from rgc.routines import routine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.backend import Backend
    from rgc.model.spec import Spec

CHUNK = 1 << 16
"""States that are looked at at once: their weights fit the second cache."""

BATCH = 1 << 22
"""States of a step of the runner, about."""


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """What is enumerated. `log_weight` is -H as a function of the states of `cluster`, whose order the first block map chooses; `steps`
    are the block maps level by level; `first`: how many blocks of the first one a chunk fixes."""

    spec: Spec
    lattice: Lattice
    hamiltonian: Hamiltonian
    species: tuple[Species, ...]
    cluster: Cluster
    log_weight: LocalSum
    steps: tuple[Step, ...]
    first: int
    chunks: Chunks

    @property
    def energy(self) -> tuple[tuple[float, Row], ...]:
        """H as one sum, which is known without being measured."""
        return ((1.0, ENERGY),)


ENERGY = Row(Local((), (), ()))
"""Stands for H itself among the sums that measures are made of."""


@dataclass(frozen=True, slots=True, eq=False)
class Enumerate:
    """`enumerate(...)` at one point. State arrays: `largest` [chunk] and `sums` [chunk, 1 + leaf + extra], see `weighed`; with a block map
    `coarse` [chunk, state of the blocks that it leaves free]; of two-state spins `log_z` by the transform and `correlators` [2^n]."""

    backend: Backend
    exact: Exact
    quantities: tuple[Quantity, ...]
    census: Census

    @property
    def scheme(self) -> str:
        return "enumerate"

    @property
    def steps(self) -> int:
        return len(self._batches()) + self.exact.cluster.binary

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"states": self.exact.cluster.states, "reproducibility": "L3"}

    def start(self) -> State:
        exact, number = self.exact, self.exact.chunks.number
        columns = 1 + len(self.census.leaves) + (3 if exact.steps else 0)
        arrays: dict[str, NDArray[Any]] = {"largest": np.zeros(number), "sums": np.zeros((number, columns))}
        if exact.steps:
            images = prod(kernel.shape[1] for kernel in exact.steps[0].kernels[exact.first :])
            arrays["coarse"] = np.zeros((number, images))
        return State(0, arrays)

    def step(self, state: State) -> State:
        every = self._batches()
        with self.backend.arrays() as xp:
            if state.done < len(every):
                self._count(state.arrays, every[state.done], xp)
            else:
                self._transform(state.arrays, xp)
        state.done += 1
        return state

    def finish(self, state: State) -> Result:
        return enumerate_result(self, state.arrays)

    def _batches(self) -> list[range]:
        chunks = self.exact.chunks
        return list(batches(chunks.number, chunks.size, BATCH))

    def _count(self, arrays: dict[str, NDArray[Any]], batch: range, xp: Any) -> None:
        """Weigh the states of some chunks, and sum over the blocks that a chunk leaves free."""
        exact, fwht = self.exact, routine(self.backend, "fwht")
        weight = exact.chunks.function(exact.log_weight, fwht, xp)
        leaves = self.census.values(exact.chunks, fwht, xp)
        for chunk in batch:
            values = weight(chunk)
            log_weights = np.asarray(values)
            functions = leaves(chunk, log_weights)
            if exact.steps:
                step, first = exact.steps[0], exact.first
                arrays["coarse"][chunk] = np.asarray(step.coarse(values, xp, first))
                functions += step.extras(first, self._digits(chunk))
            arrays["largest"][chunk], arrays["sums"][chunk] = weighed(log_weights, functions)

    def _digits(self, chunk: int) -> tuple[int, ...]:
        """The states of the blocks that a chunk fixes."""
        sizes = [kernel.shape[0] for kernel in self.exact.steps[0].kernels[: self.exact.first]]
        return tuple(map(int, np.unravel_index(chunk, sizes))) if sizes else ()

    def _transform(self, arrays: dict[str, NDArray[Any]], xp: Any) -> None:
        """ln Z and the averages of all products of spins, at once."""
        bits = len(self.exact.cluster.spins)
        masks, values = self.exact.log_weight.spectrum(bits)
        log_z, correlators = routine(self.backend, "walsh_exp")(masks, values, bits, xp)
        arrays["log_z"], arrays["correlators"] = np.array(log_z), np.asarray(correlators)


def make_enumerate(
    spec: Spec,
    backend: Backend,
    *,
    seed: int,
    point: Mapping[str, float],
    zero: Collection[str] | None = None,
) -> Enumerate:
    """The flow `enumerate` of a checked spec at one point. Raises `SpecError` for what cannot be counted, blocked or measured."""
    exact = make_exact(spec)
    given = {name: plain(Leaf(name, (), _unknown)) for name in KNOWN}
    wanted = quantities(spec, exact, built_in.DEFAULT, given)
    leaves = [leaf for each in wanted for leaf in each.leaves if leaf.name not in KNOWN]
    return Enumerate(backend, exact, wanted, make_census(exact.chunks, leaves, ENERGY))


def _unknown(sums: object) -> Any:
    raise TypeError("this is no average over configurations")


def make_exact(spec: Spec) -> Exact:
    """The cluster of a spec, its Hamiltonian and its block maps. Raises `SpecError`."""
    assert isinstance(spec.lattice, Lattice)  # noqa: S101  (what is not is refused before)
    assert spec.hamiltonian is not None  # noqa: S101
    steps = make_steps(spec, spec.lattice)
    cluster = steps[0].blocked.fine if steps else make_cluster(spec.lattice, spec.species)
    pieces = (
        (numbers, -term.coefficient * table)
        for term in spec.hamiltonian.terms
        if term.coefficient
        for numbers, table in term_pieces(cluster, term)
    )
    first = _fixed_blocks(steps[0]) if steps else 0
    fixed = steps[0].ends[first] if steps else cut_after(cluster.radices, CHUNK)
    chunks = Chunks(cluster, fixed)
    return Exact(
        spec, spec.lattice, spec.hamiltonian, spec.species, cluster, gathered(pieces), steps, first, chunks
    )


def _fixed_blocks(step: Step) -> int:
    """How many blocks a chunk fixes: the last one is always free."""
    size, first = 1, len(step.kernels)
    for kernel in reversed(step.kernels):
        size *= kernel.shape[0]
        if size > CHUNK and first < len(step.kernels):
            break
        first -= 1
    return first


def make_steps(spec: Spec, lattice: Lattice) -> tuple[Step, ...]:
    """The block maps of `steps` levels, by default one, taken in turn. Raises `SpecError` where a lattice cannot be blocked so often."""
    assert spec.flow is not None  # noqa: S101
    steps: list[Step] = []
    asked = spec.flow.options.get("steps")
    for level in range((int(asked) if isinstance(asked, int | float) else 1) if spec.blocks else 0):
        block = spec.blocks[level % len(spec.blocks)]
        try:
            steps.append(make_step(lattice, spec.species, block))
        except ValueError as error:
            raise SpecError([Problem("not-possible", str(error), spec.flow.span)]) from None
        lattice = block.coarse(lattice)
    return tuple(steps)
