"""A backend that remembers its kernels, so that the points of a scan share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from rgc.backend import refuse
from rgc.program.family import family_of

if TYPE_CHECKING:
    from rgc.backend import Arguments, Array, Backend, Kernel, State
    from rgc.program.family import Program


class KernelCache:
    """A backend whose kernels are compiled once for each program and what is baked into it.

    With `general`, values that a flow offers to be baked in are not. Kernels are then keyed by
    structure alone, and a scan over a coupling compiles nothing after its first point. Baking in
    never changes a bit, so neither does leaving it.
    """

    def __init__(self, backend: Backend, *, general: bool) -> None:
        self._backend, self._general = backend, general
        self._kernels: dict[tuple[Program, bytes], Kernel] = {}
        self.made: list[tuple[Program, Kernel]] = []  # everything the backend compiled, in order
        self.name = backend.name
        self.threads: int | None = getattr(backend, "threads", None)

    def arrays(self) -> AbstractContextManager[Any]:
        return self._backend.arrays()

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        return self._backend.routines

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        return self._backend.families

    def missing(self) -> str | None:
        return self._backend.missing()

    def compile(self, program: Program, *, constant: Arguments | None = None) -> Kernel:
        baked = None if self._general else constant
        key = program, baked.key() if baked else b""
        if key not in self._kernels:
            refuse(self._backend, program)
            if baked:
                family_of(program).check(baked)
            self._kernels[key] = self._backend.compile(program, constant=baked)
            self.made.append((program, self._kernels[key]))
        return self._kernels[key]

    def pack(self, array: Array) -> State:
        return self._backend.pack(array)

    def unpack(self, state: State) -> Array:
        return self._backend.unpack(state)
