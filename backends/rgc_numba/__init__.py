"""Programs as generated numba code on the CPU: bit-sliced, vectorised, one share of the replicas
for each thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments, Kernel, check_dtype, cores, not_compiled
from rgc.program.dense.program import Dense
from rgc.program.family import Program
from rgc.program.lattice.program import Program as LatticeProgram

if TYPE_CHECKING:
    from rgc_numba.state import Packed


class NumbaBackend:
    """Runs on `threads` threads (None: one for each core that this process may use)."""

    name = "numba"

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads if threads is not None else cores()
        self._executor: ThreadPoolExecutor | None = None

    def arrays(self) -> AbstractContextManager[Any]:
        return nullcontext(np)

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        from rgc_numba import clusters, iteration, log_z, walsh

        return {
            "fwht": walsh.fwht,
            "walsh_exp": walsh.walsh_exp,
            "log_z_small_side": log_z.log_z_small_side,
            "iterate_map": iteration.Iteration(self._pool, self.threads),
            "clusters": clusters.Clusters(self._pool, self.threads),
        }

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        return {"lattice": {}, "dense": {}}

    def missing(self) -> str | None:
        given = os.environ.get("NUMBA_NUM_THREADS", "1")
        if not given.isdecimal() or int(given) < 1:
            return f"NUMBA_NUM_THREADS is '{given}': set it to 1 or more, or unset it"
        return None if find_spec("numba") else "numba is not installed: pip install numba"

    def compile(self, program: Program, *, constant: Arguments | None = None) -> Kernel:
        """The kernel of a program. Its machine code is made at the first call, or read from the
        cache folder."""
        if isinstance(program, Dense):
            from rgc_numba.dense.kernel import DenseKernel

            return DenseKernel(program)
        if not isinstance(program, LatticeProgram):
            raise not_compiled(self, program)
        from rgc_numba.kernel import compile_program

        return compile_program(program, self._pool, self.threads, constant)

    def pack(self, array: NDArray[Any]) -> Packed | NDArray[Any]:
        """Words as `Packed`; integers as they are, from a boundary of a cache line on."""
        from rgc_numba.state import Packed, aligned_copy

        check_dtype(self, array)
        if array.dtype == np.uint64:
            return Packed(np.array(array, dtype=np.uint64, order="C"))
        return aligned_copy(array)

    def unpack(self, state: Packed | NDArray[Any]) -> NDArray[Any]:
        return np.array(state if isinstance(state, np.ndarray) else state.canonical())

    def _pool(self) -> Executor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self.threads, thread_name_prefix="rgc")
        return self._executor
