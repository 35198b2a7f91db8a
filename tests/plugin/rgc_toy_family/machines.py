"""Backends that compile counters: their meaning in NumPy, another one in Python's integers, and a
wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from rgc.backend import Arguments, check_dtype, not_compiled
from rgc.program.draws import counters, word
from rgc.program.family import Program
from rgc_toy_family import Counters, show

Run = Callable[[Counters, Any, Any, Any, int], tuple[Any, int]]
"""One step: the counters, the increments, the key and the first word to the new counters and how
many are odd.
"""


def in_numpy(
    program: Counters, state: Any, increments: Any, key: Any, word0: int
) -> tuple[Any, int]:
    drawn = word(key, counters(np.arange(program.size), word0)) & np.uint64(0xFFFF)
    state = state + increments.astype(state.dtype) + drawn.astype(state.dtype)
    return state, int((state & 1).sum())


def in_python(
    program: Counters, state: Any, increments: Any, key: Any, word0: int
) -> tuple[Any, int]:
    drawn = [int(word(key, counters(i, word0))) & 0xFFFF for i in range(program.size)]
    half = 1 << 63
    state = [
        (x + int(a) + b + half) % (2 * half) - half
        for x, a, b in zip(state, increments, drawn, strict=True)
    ]
    return state, sum(x % 2 for x in state)


class Kernel:
    def __init__(self, program: Counters, run: Run) -> None:
        self.program, self.source, self._run = program, show(program), run

    def __call__(
        self, state: Sequence[Any], arguments: Arguments, keys: Any, word0: int = 0
    ) -> tuple[list[Any], list[Any]]:
        (values,), odd = state, []
        for key in keys:
            values, count = self._run(self.program, values, arguments["increments"], key[0], word0)
            odd.append(count)
        return [values], [np.array(odd, dtype=np.int64).reshape(-1, 1)]


class NumpyBackend:
    """The meaning of counters."""

    name = "toy_numpy"
    lacks: Mapping[str, str] = {}
    run: Run = staticmethod(in_numpy)

    def __init__(self, threads: int | None = None) -> None:
        del threads

    def arrays(self) -> AbstractContextManager[Any]:
        return nullcontext(np)

    @property
    def routines(self) -> Mapping[str, Callable[..., Any]]:
        return {}

    @property
    def families(self) -> Mapping[str, Mapping[str, str]]:
        return {"counters": self.lacks}

    def missing(self) -> str | None:
        return None

    def compile(self, program: Program, *, constant: Arguments | None = None) -> Kernel:
        del constant
        if not isinstance(program, Counters):
            raise not_compiled(self, program)
        return Kernel(program, self.run)

    def pack(self, array: Any) -> Any:
        check_dtype(self, array)
        return array.copy()

    def unpack(self, state: Any) -> Any:
        return state.copy()


class PythonBackend(NumpyBackend):
    """The same in Python's integers, of 64 bits."""

    name = "toy_python"
    lacks: Mapping[str, str] = {"narrow": "a Python integer is wide"}
    run: Run = staticmethod(in_python)

    def pack(self, array: Any) -> Any:
        check_dtype(self, array)
        return array.tolist()

    def unpack(self, state: Any) -> Any:
        return np.array(state, dtype=np.int64)


class StaleKernel(Kernel):
    def __call__(
        self, state: Sequence[Any], arguments: Arguments, keys: Any, word0: int = 0
    ) -> Any:
        return super().__call__(state, arguments, np.repeat(keys[:1], len(keys), axis=0), word0)


class StaleBackend(PythonBackend):
    """Draws for all steps of a call what belongs to the first."""

    name = "toy_stale"

    def compile(self, program: Program, *, constant: Arguments | None = None) -> Kernel:
        return StaleKernel(super().compile(program, constant=constant).program, self.run)
