"""A flow of one step: a free energy that is computed at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rgc.flows.flow import State
from rgc.results.result import FreeEnergy, Kind, Result


@dataclass(frozen=True, slots=True, eq=False)
class Once:
    """`compute` gives the free energy, of the kind `kind`. State arrays: `free_energy` [value, error]."""

    scheme: str
    kind: Kind
    compute: Callable[[], FreeEnergy]

    @property
    def steps(self) -> int:
        return 1

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"reproducibility": "L3"}

    def start(self) -> State:
        return State()

    def step(self, state: State) -> State:
        found = self.compute()
        state.arrays["free_energy"] = np.array([found.value, found.error])
        state.done += 1
        return state

    def finish(self, state: State) -> Result:
        value, error = map(float, state.arrays["free_energy"])
        return Result(self.scheme, free_energy=(FreeEnergy(self.scheme, value, error, self.kind),))
