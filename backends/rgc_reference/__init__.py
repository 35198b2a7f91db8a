"""The meaning of programs, in plain NumPy: a module of kernels for each family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments, Kernel, check_dtype, not_compiled
from rgc.program.family import Program, family_of
from rgc_reference.dense import DenseKernel
from rgc_reference.lattice import LatticeKernel

KERNELS: dict[str, Callable[[Any], Kernel]] = {
    "lattice": LatticeKernel,
    "dense": DenseKernel,
}
"""How a program of each family is interpreted."""


class ReferenceBackend:
    """Canonical arrays are its own form. It runs on one thread, whatever `threads` says."""

    name = "reference"
    threads = 1

    def __init__(self, threads: int | None = None) -> None:
        del threads

    def arrays(self) -> AbstractContextManager[Any]:
        return nullcontext(np)

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        return {}

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        return {name: {} for name in KERNELS}

    def missing(self) -> str | None:
        return None

    def compile(self, program: Program, *, constant: Arguments | None = None) -> Kernel:
        """The kernel of a program. `constant` would only specialise, and here specialises
        nothing."""
        del constant
        if program.family not in KERNELS:
            raise not_compiled(self, program)
        family_of(program).verify(program)
        return KERNELS[program.family](program)

    def pack(self, array: NDArray[Any]) -> NDArray[Any]:
        """A copy of a canonical array."""
        check_dtype(self, array)
        return np.array(array)

    def unpack(self, state: NDArray[Any]) -> NDArray[Any]:
        """A copy of the canonical array."""
        return np.array(state)
