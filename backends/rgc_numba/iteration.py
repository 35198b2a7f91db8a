"""Iteration of a map as a generated loop: blocks of points in the first cache, all steps of a block
before the next, vectorised over its points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.program.arithmetic import Arithmetic
from rgc.program.arithmetic_text import lines
from rgc_numba.cache import load

Floats = NDArray[np.float64]

BLOCK = 256
"""Points of a block: a few quantities of them fit the first cache."""

SHARE = 1 << 14
"""Points that are worth a thread."""

HEAD = '''\
import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def iterate(points, constants, out, steps, kept):
    """The points [n, k] after each of the last `kept` steps, into out [kept, n, k]."""
'''

TEMPLATES = {
    "^": "{0} ** {1}",
    "negate": "-{0}",
    "square": "{0} * {0}",
    "asinh": "np.arcsinh({0})",
    "acosh": "np.arccosh({0})",
    "atanh": "np.arctanh({0})",
    "mod": "np.mod({0}, {1})",
    "delta": "(1.0 if {0} == {1} else 0.0)",
}
"""How functions are written whose name is not that of NumPy."""

OF_PAIRS = {"min": "np.minimum", "max": "np.maximum"}
"""Functions of any number of values, two at a time."""


class Iteration:
    """The routine `iterate_map`, with the points shared out among threads."""

    def __init__(self, pool: Callable[[], Executor], threads: int) -> None:
        self._pool, self._threads = pool, threads

    def __call__(
        self, program: Arithmetic, constants: Any, points: Any, steps: int, kept: int = 1
    ) -> Floats:
        """See `rgc.routines.iteration.iterate_map`."""
        run = kernel(program).iterate
        starts: Floats = np.ascontiguousarray(points, dtype=np.float64)
        given: Floats = np.ascontiguousarray(constants, dtype=np.float64)
        count = starts.shape[1]
        out = np.empty((kept, len(starts), count))
        number = max(1, min(self._threads, count // SHARE))
        cuts = [count * n // number for n in range(number + 1)]

        def work(n: int) -> None:
            share = slice(cuts[n], cuts[n + 1])
            run(starts[:, share], given, out[:, :, share], steps, kept)

        if number == 1:
            work(0)
        else:
            list(self._pool().map(work, range(number)))
        return out


@lru_cache(maxsize=64)
def kernel(program: Arithmetic) -> ModuleType:
    """The generated module of a program."""
    return load(source(program))


def source(program: Arithmetic) -> str:
    """The generated code. Every quantity of a block has a buffer of its own."""
    return HEAD + "\n".join("    " + line for line in _body(program)) + "\n"


def _body(program: Arithmetic) -> Iterator[str]:
    quantities = range(program.inputs)
    yield from (f"c{k} = constants[{k}]" for k in range(program.given))
    yield from (f"x{k} = np.empty({BLOCK})" for k in quantities)
    yield f"for start in range(0, points.shape[1], {BLOCK}):"
    yield f"    size = min({BLOCK}, points.shape[1] - start)"
    yield "    for j in range(size):"
    yield from (f"        x{k}[j] = points[{k}, start + j]" for k in quantities)
    yield "    for step in range(steps):"
    yield "        for j in range(size):"
    for line in lines(program, lambda k: f"x{k}[j]", lambda k: f"c{k}", _call):
        yield f"            {line}"
    yield from (f"            x{k}[j] = v{node}" for k, node in enumerate(program.outputs))
    yield "        number = step - (steps - kept)"
    yield "        if number >= 0:"
    yield "            for j in range(size):"
    yield from (f"                out[number, {k}, start + j] = x{k}[j]" for k in quantities)


def _call(function: str, operands: tuple[str, ...]) -> str:
    if function in OF_PAIRS:
        text = operands[0]
        for operand in operands[1:]:
            text = f"{OF_PAIRS[function]}({text}, {operand})"
        return text
    return TEMPLATES.get(function, f"np.{function}({{0}})").format(*operands)
