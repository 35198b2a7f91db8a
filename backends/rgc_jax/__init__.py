"""Programs as jitted JAX functions: bit-sliced, one fusion for a set of sites, on CPUs and GPUs, on
one device or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments, Kernel, check_dtype, cores, not_compiled
from rgc.program.dense.program import Dense
from rgc.program.family import Program
from rgc.program.lattice.program import Program as LatticeProgram

if TYPE_CHECKING:
    from jax import Array

    from rgc_jax.devices import Platform
    from rgc_jax.state import Packed

OLDEST = 0, 8
"""The first version of JAX with a scoped `jax.enable_x64`."""


class JaxBackend:
    """Runs on the devices of JAX's default platform, each with a share of the replicas. On CPUs XLA
    has its own threads, whatever `threads` says.

    `_first` is the number of bit planes of a draw that are decided for every word before the
    undecided ones are looked at again. None takes what suits the platform. It changes no bit.
    """

    name = "jax"

    def __init__(self, threads: int | None = None, *, _first: int | None = None) -> None:
        del threads
        self.threads = cores()  # of XLA
        self._first = _first
        self._found: Platform | None = None

    def arrays(self) -> AbstractContextManager[Any]:
        from rgc_jax.session import arrays

        return arrays()

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        from rgc_jax import iteration, log_z, walsh

        return {
            "fwht": walsh.fwht,
            "walsh_exp": walsh.walsh_exp,
            "log_z_small_side": log_z.log_z_small_side,
            "iterate_map": iteration.iterate_map,
        }

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        return {"lattice": {}, "dense": {}}

    def missing(self) -> str | None:
        install = (
            "pip install 'rgc-compiler[jax]'; for NVIDIA GPUs 'rgc-compiler[cuda13]' or "
            "'rgc-compiler[cuda12]'"
        )
        if not (find_spec("jax") and find_spec("jaxlib")):
            return f"JAX is not installed: {install}"
        found = tuple(int(part) for part in version("jax").split(".")[:2])
        return None if found >= OLDEST else f"JAX {version('jax')} is too old: {install}"

    def compile(self, program: Program, *, constant: Arguments | None = None) -> Kernel:
        """The kernel of a program. XLA compiles it at the first call of each shape."""
        if isinstance(program, Dense):
            from rgc_jax.dense.kernel import compile_dense

            return compile_dense(program, self._platform)
        if not isinstance(program, LatticeProgram):
            raise not_compiled(self, program)
        from rgc_jax.kernel import compile_program

        return compile_program(program, self._platform, constant)

    def pack(self, array: NDArray[Any]) -> Packed | Array:
        """Words as `Packed`, shared among the devices; integers as they are, on the first."""
        from rgc_jax.state import pack, pack_integers

        check_dtype(self, array)
        made = pack if array.dtype == np.uint64 else pack_integers
        return made(array, self._platform)

    def unpack(self, state: Packed | Array) -> NDArray[Any]:
        from rgc_jax.state import Packed

        return state.canonical() if isinstance(state, Packed) else np.array(state)

    @property
    def _platform(self) -> Platform:
        if self._found is None:
            from rgc_jax.devices import find_platform

            self._found = find_platform(self._first)
        return self._found
