"""The tightest lower bound on F that potential moving gives, as a method of `free_energy`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rgc.analysis.recursion import Floats, free_energy
from rgc.errors import SpecError
from rgc.flows.couplings.bound_optimum import End, LowerBound, enough
from rgc.flows.couplings.cell_space import CellSpace, cell_space
from rgc.flows.couplings.choose_p import TightestSequence
from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.passes.cells import cell_model
from rgc.results.result import FreeEnergy, Result
from rgc.schemes.needs.free_energies import halvings, not_in_a_cell


@dataclass(frozen=True, slots=True, eq=False)
class TightestBound:
    """The ascent of `TightestSequence`, without its resolution. The state is described there."""

    scheme: str
    choice: TightestSequence

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

    def accounts(self) -> Sequence[Account]:
        bound = self.choice.bound
        recursion = bound.recursion([1.0])
        recursion(bound.space.start)
        lines = {
            "couplings": ", ".join(recursion.names),
            **recursion.account,
            "p": f"{self.choice.account}, in {self.steps} rounds",
        }
        return (Account(f"{self.scheme}: a free energy, a lower bound", lines),)

    def finish(self, state: State) -> Result:
        bound, p = self.choice.bound, state.arrays["p"]
        if bound.end is None:
            total = free_energy(bound.recursion(p), bound.space.start)
            value, error = total.value, total.error
        else:
            value = bound.value(p)
            error = 4 * float(np.finfo(np.float64).eps) * abs(value)
        entry = FreeEnergy(self.scheme, bound.space.constant + value, error, "lower bound")
        return Result(self.scheme, free_energy=(entry,), tables={"block_p": p})


def make_tightest_bound(request: Request) -> TightestBound:
    """The tightest bound on F/N for the Hamiltonian of a spec on its own lattice.

    The lattice is infinite, or a periodic one of 2^k sites in every direction, where the last step
    leaves one spin. Raises `SpecError` for other Hamiltonians and lattices.
    """
    backend, name = request.backend, request.flow.scheme
    problems = tuple(not_in_a_cell(request.spec, name, request.span))
    if problems:
        raise SpecError(problems)
    space = cell_space(cell_model(request.hamiltonian, request.lattice, request.species), "full")
    steps = halvings(request.lattice)
    if steps is None:
        return TightestBound(
            name, TightestSequence(LowerBound(backend, space, enough(space.dimension)))
        )
    end = End(
        lambda couplings: one_spin(space, couplings)[0],
        lambda couplings: one_spin(space, couplings)[1],
    )
    return TightestBound(name, TightestSequence(LowerBound(backend, space, steps, end)))


def one_spin(space: CellSpace, couplings: Floats) -> tuple[float, Floats]:
    """F of a cell whose corners are one and the same spin, and its derivative by the couplings."""
    functions = space.functions[:, [0, -1]]
    exponents = couplings @ functions
    log_z = float(np.logaddexp(*exponents))
    return -log_z, -(functions @ np.exp(exponents - log_z))
