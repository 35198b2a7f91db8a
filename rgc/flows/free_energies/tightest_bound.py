"""The tightest lower bound on F that potential moving gives, as a method of `free_energy`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rgc.analysis.recursion import Floats, free_energy
from rgc.errors import Problem, SpecError
from rgc.flows.couplings.bound_optimum import Bound, End, enough
from rgc.flows.couplings.cell_space import CellSpace, cell_space
from rgc.flows.couplings.choose_p import TightestSequence
from rgc.flows.flow import State
from rgc.model.lattice import Lattice
from rgc.passes.cells import NotInACell, cell_model
from rgc.results.result import FreeEnergy, Result

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.model.spec import Spec

METHOD = "lower_bound"


@dataclass(frozen=True, slots=True, eq=False)
class TightestBound:
    """The ascent of `TightestSequence`, without its resolution; see there for the state."""

    choice: TightestSequence

    @property
    def scheme(self) -> str:
        return METHOD

    @property
    def steps(self) -> int:
        return self.choice.rounds - 1

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"reproducibility": "L3", "steps": self.choice.bound.steps}

    def start(self) -> State:
        return State()

    def step(self, state: State) -> State:
        self.choice.advance(state)
        state.done += 1
        return state

    def finish(self, state: State) -> Result:
        bound, p = self.choice.bound, state.arrays["p"]
        if bound.end is None:
            found = free_energy(bound.recursion(p), bound.space.start)
            value, error = found.value, found.error
        else:
            value = bound.value(p)
            error = 4 * float(np.finfo(np.float64).eps) * abs(value)
        entry = FreeEnergy(METHOD, bound.space.constant + value, error, "lower bound")
        return Result(METHOD, free_energy=(entry,), tables={"block_p": p})


def make_tightest_bound(
    spec: Spec,
    backend: Backend,
    *,
    seed: int,
    point: Mapping[str, float],
    zero: Collection[str] | None = None,
) -> TightestBound:
    """The tightest bound on F/N for the Hamiltonian of a spec on its own lattice: infinite, or a periodic one of 2^k sites in every
    direction, where the last step leaves one spin. Raises `SpecError` for other Hamiltonians and lattices."""
    del seed, point, zero
    assert spec.hamiltonian is not None  # noqa: S101  (free energies are of one)
    assert spec.lattice is not None  # noqa: S101
    try:
        space = cell_space(cell_model(spec.hamiltonian, spec.lattice, spec.species), "full")
        halvings = _halvings(cast(Lattice, spec.lattice))
    except NotInACell as error:
        message = f"'{METHOD}' works on products of the spins of a unit hypercube, the same in every direction: {error}"
        hint = "mean_field gives an upper bound for any Hamiltonian, transfer and trg estimate"
        raise SpecError(
            [Problem("not-in-a-cell", message, spec.flow.span if spec.flow else None, hint=hint)]
        ) from error
    if halvings is None:
        return TightestBound(TightestSequence(Bound(backend, space, enough(space.dimension))))
    end = End(
        lambda couplings: one_spin(space, couplings)[0], lambda couplings: one_spin(space, couplings)[1]
    )
    return TightestBound(TightestSequence(Bound(backend, space, halvings, end)))


def lower_bound_free_energy(spec: Spec, backend: Backend) -> FreeEnergy:
    """What the flow of `make_tightest_bound` comes to."""
    flow = make_tightest_bound(spec, backend, seed=0, point={})
    state = flow.start()
    while state.done < flow.steps:
        state = flow.step(state)
    return flow.finish(state).free_energy[0]


def _halvings(lattice: Lattice) -> int | None:
    """k of 2^k sites in every direction; None of an infinite lattice. Raises `NotInACell`."""
    lengths = set(lattice.shape)
    if lengths == {None}:
        return None
    length = lengths.pop()
    if lengths or length is None or length & (length - 1) or set(lattice.boundary) != {"periodic"}:
        raise NotInACell("a finite lattice has 2, 4, 8, ... sites in every direction, and is periodic")
    return length.bit_length() - 1


def one_spin(space: CellSpace, couplings: Floats) -> tuple[float, Floats]:
    """F of a cell whose corners are one and the same spin, and its derivative by the couplings."""
    functions = space.functions[:, [0, -1]]
    exponents = couplings @ functions
    log_z = float(np.logaddexp(*exponents))
    return -log_z, -(functions @ np.exp(exponents - log_z))
