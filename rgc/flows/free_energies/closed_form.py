"""Free energies of the square Ising model in closed form: Onsager's of the infinite lattice and
Kaufman's of a torus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rgc.analysis.square_ising import kaufman, onsager, spontaneous
from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.passes.ising_bonds import IsingBonds, ising_bonds
from rgc.results.result import Estimate, FreeEnergy, Result

FORMULA = {
    "onsager": "F/N by an integral over the modes of the transfer matrix",
    "kaufman": "ln Z by the four products over the modes of the transfer matrix",
}


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """F, <H> and the order parameter of a square Ising model without a field.

    `shape` is that of a torus, and empty for the infinite lattice. `signs` says that the two states
    are -1 and 1, so that the order parameter is a magnetisation. State arrays: `found` [3], F/N,
    <H>/N and the order parameter, without the constant of H.
    """

    method: Literal["onsager", "kaufman"]
    bonds: IsingBonds
    shape: tuple[int, ...]
    signs: bool

    @property
    def scheme(self) -> str:
        return self.method

    @property
    def steps(self) -> int:
        return 1

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"reproducibility": "L3"}

    def start(self) -> State:
        return State(0, {"found": np.full(3, np.nan)})

    def step(self, state: State) -> State:
        x, y = abs(self.bonds.x), abs(self.bonds.y)
        if self.shape:
            log_z, energy = kaufman(x, y, *self.shape)
            sites = self.shape[0] * self.shape[1]
            state.arrays["found"] = np.array([-log_z / sites, energy / sites, np.nan])
        else:
            state.arrays["found"] = np.array([*onsager(x, y), spontaneous(x, y)])
        state.done = 1
        return state

    def accounts(self) -> Sequence[Account]:
        bonds = f"x = {self.bonds.x:g}, y = {self.bonds.y:g}"
        lines = {"bonds": bonds, "F": FORMULA[self.method]}
        return (Account(f"{self.method}: a free energy, exact", lines),)

    def finish(self, state: State) -> Result:
        free, energy, order = (float(number) for number in state.arrays["found"])
        free, energy = free + self.bonds.constant, energy + self.bonds.constant
        values = {"energy": Estimate(energy, 0.0, "exact")}
        if self.shape:
            values["log_z"] = Estimate(-free * self.shape[0] * self.shape[1], 0.0, "exact")
        elif self.signs:
            values["m"] = Estimate(order, 0.0, "exact", note=self._note)
        entry = FreeEnergy(self.method, free, 0.0, "exact")
        return Result(self.method, free_energy=(entry,), values=values, provenance=self.provenance)

    @property
    def _note(self) -> str:
        alternating = [name for name in "xy" if getattr(self.bonds, name) < 0]
        return f"spontaneous; it alternates along {' and '.join(alternating)}" * bool(alternating)


def make_onsager(request: Request) -> ClosedForm:
    """F/N of the infinite lattice, <H>/N and the spontaneous magnetisation.

    Raises `SpecError` as `ising_bonds`.
    """
    bonds = _bonds(request, torus=False)
    return ClosedForm("onsager", bonds, (), request.species[0].turns_sign)


def make_kaufman(request: Request) -> ClosedForm:
    """ln Z of a torus and <H>/N. Raises `SpecError` as `ising_bonds`."""
    bonds = _bonds(request, torus=True)
    shape = tuple(size or 0 for size in request.crystal.shape)
    return ClosedForm("kaufman", bonds, shape, request.species[0].turns_sign)


def _bonds(request: Request, *, torus: bool) -> IsingBonds:
    return ising_bonds(
        request.hamiltonian,
        request.lattice,
        request.species,
        request.zero,
        request.spec.place("lattice"),
        request.spec.place("spins"),
        torus=torus,
    )
