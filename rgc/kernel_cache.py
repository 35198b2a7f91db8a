"""A backend that remembers its kernels, so that the points of a scan share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rgc.backend import Arguments, Backend, Kernel, State, Words
    from rgc.program.program import Program


class KernelCache:
    """Another backend whose general kernels are compiled once for each program.

    With `general`, values that a flow offers to be baked in are not: kernels are then keyed by structure alone, and a scan over a
    coupling compiles nothing after its first point. Baking in never changes a bit, so neither does leaving it.
    """

    def __init__(self, backend: Backend, *, general: bool) -> None:
        self._backend, self._general = backend, general
        self._kernels: dict[Program, Kernel] = {}
        self.compiled = 0  # kernels asked of the backend so far
        self.name = backend.name

    @property
    def xp(self) -> Any:
        return self._backend.xp

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        return self._backend.routines

    def missing(self) -> str | None:
        return self._backend.missing()

    def compile(self, program: Program, *, constant: Arguments | None = None) -> Kernel:
        if constant is not None and not self._general:
            self.compiled += 1
            return self._backend.compile(program, constant=constant)
        if program not in self._kernels:
            self.compiled += 1
            self._kernels[program] = self._backend.compile(program)
        return self._kernels[program]

    def pack(self, field: Words) -> State:
        return self._backend.pack(field)

    def unpack(self, state: State) -> Words:
        return self._backend.unpack(state)

    def kernels(self) -> Sequence[tuple[Program, Kernel]]:
        """Every program compiled so far that is kept, with its kernel."""
        return tuple(self._kernels.items())
