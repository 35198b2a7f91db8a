"""Backends that are almost right: the conformance suite must reject each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rgc.backend import Arguments
from rgc.program.lattice import Program
from rgc.program.lattice.arguments import lattice_arguments
from rgc_toy import ToyBackend, ToyKernel


class DeafBackend(ToyBackend):
    """Does not hear which word is the first: every share of the replicas draws the same numbers."""

    name = "toy_deaf"

    def compile(self, program: Program, *, constant: Arguments | None = None) -> ToyKernel:
        return DeafKernel(program)


class DeafKernel(ToyKernel):
    def __call__(self, state: Any, arguments: Arguments, keys: Any, word0: int = 0) -> Any:
        return super().__call__(state, arguments, keys, 0)


class HastyBackend(ToyBackend):
    """Decides a draw after twenty planes: one replica in a million is wrong."""

    name = "toy_hasty"

    def compile(self, program: Program, *, constant: Arguments | None = None) -> ToyKernel:
        return HastyKernel(program)


class HastyKernel(ToyKernel):
    def __call__(self, state: Any, arguments: Arguments, keys: Any, word0: int = 0) -> Any:
        table = arguments["thresholds"].copy()
        table[:, 21:] = 0
        return super().__call__(state, lattice_arguments(table, arguments["weights"]), keys, word0)


class ProudBackend(ToyBackend):
    """Lacks nothing, it says."""

    name = "toy_proud"

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        return {"lattice": {}}
