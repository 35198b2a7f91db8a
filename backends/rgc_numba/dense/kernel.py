"""Compiled dense programs, called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from inspect import getsource
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.backend import Arguments
from rgc.program import draws
from rgc.program import units as law
from rgc.program.dense import Change, Dense, Put
from rgc.program.dense import program as constants
from rgc.program.dense.show import show
from rgc.program.dense.verify import verify
from rgc.program.draws import Words
from rgc_numba.cache import alone, load
from rgc_numba.dense import written
from rgc_numba.dense.layer_nodes import TAKEN
from rgc_numba.dense.ops import OPERATIONS
from rgc_numba.dense.plan import Plan
from rgc_numba.dense.room import Padded
from rgc_numba.state import Packed

Counts = NDArray[np.int64]
Array = NDArray[Any]


@lru_cache(maxsize=1)
def machine() -> ModuleType:
    """The module of steps, kept in the cache folder under a name that all it is made of decides:
    the files of this folder, and the constants that they take from programs."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    texts = [part.read_text(encoding="utf-8") for part in sorted(here.glob("*.py"))]
    for part in (*texts, *map(getsource, (draws, law, constants))):
        digest.update(part.encode())
    return load(f"# {digest.hexdigest()}\n{written.module()}")


@cache
def compiled(name: str) -> Any:
    """An operation as machine code, made when it is first asked for, or read from the cache
    folder."""
    module = machine()
    with alone(Path(str(module.__file__)).with_suffix(".lock")):
        return module.compile_operation(getattr(module, name))


class DenseKernel:
    """A program on canonical fields and parameters, changed in place, on one thread."""

    def __init__(self, program: Dense) -> None:
        verify(program)
        self._program = program
        self._plan = Plan(program)
        self._code, self._terms = self._plan.code(), self._plan.table_of_terms()
        written = {node.field for node in program.nodes if isinstance(node, Put)}
        self._written = {number for number in written if not program.fields[number].numbers}
        changes = [node for node in program.nodes if isinstance(node, Change)]
        self._changed = {node.parameter for node in changes}
        self._changed |= {node.velocity for node in changes if node.velocity is not None}

    @property
    def source(self) -> str:
        """The program, and the operations that it is made of here."""
        names = list(OPERATIONS)
        lines = [f"{names[row[0]]} {' '.join(map(str, row[1:]))}" for row in self._plan.rows]
        return "\n".join([show(self._program), "", *lines, ""])

    def __call__(
        self, state: Sequence[Any], arguments: Arguments, keys: Words, word0: int = 0
    ) -> tuple[list[Any], list[Counts]]:
        """One step for each row of `keys`; see `rgc.backend.Kernel`."""
        arrays = [each.canonical() if isinstance(each, Packed) else each for each in state]
        forms = {
            TAKEN + number: self._by_rows(number, state[number]) for number in self._plan.taken
        }
        for row, column, number in self._plan.patches:
            array = forms[number] if number in forms else arrays[number]
            self._code[row, column] = array.ctypes.data
        parameters = arrays[len(self._program.fields) :]
        for array, place in zip(parameters, self._plan.parameters, strict=True):
            machine().pad(array.reshape(-1), *words(place))
        tallies = np.zeros((len(keys), self._plan.tallied), dtype=np.int64)
        handed = (arguments[name] for name in ("rows", "numbers", "scales"))
        machine().steps(
            self._code,
            self._functions(arguments["numbers"]),
            self._terms,
            np.ascontiguousarray(keys),
            *map(np.ascontiguousarray, handed),
            tallies,
            np.uint64(word0),
        )
        for number in self._changed:
            machine().unpad(parameters[number].reshape(-1), *words(self._plan.parameters[number]))
        for number in self._written:
            state[number].changed_canonical()
        return list(state), [
            tallies[:, at : at + prod(shape)].reshape(len(keys), *shape)
            for at, shape in self._plan.tallies
        ]

    def _functions(self, numbers: Counts) -> NDArray[np.uint64]:
        """The address of the machine code of every operation."""
        names = list(OPERATIONS)
        chosen = [names[row[0]] for row in self._plan.rows]
        for row, bounds in self._plan.floats.items():
            if exact(numbers, bounds):
                chosen[row] = "change_in_floats"
        return np.array([compiled(name).address for name in chosen], np.uint64)

    def _by_rows(self, number: int, packed: Packed) -> Words:
        """A field of data in the form from which rows are taken, kept with the field."""
        field = self._program.fields[number]

        def make() -> Words:
            planes, units, words = field.shape
            out = np.zeros((planes, 64 * words, -(-units // 64)), dtype=np.uint64)
            flat = packed.canonical().reshape(-1)
            machine().by_rows(flat, *map(np.uint64, (units, planes, words)), out.reshape(-1))
            return out

        return packed.form("by rows", make)


def words(place: Padded) -> Iterator[np.uint64]:
    """Where a parameter is, as arguments of what copies it there and back."""
    return map(np.uint64, (place.rows, place.columns, place.stride, place.address))


def exact(numbers: Counts, bounds: Sequence[tuple[int, float]]) -> bool:
    """Whether float64 holds all sums of numbers times what is bounded."""
    sizes = np.abs(numbers[:, [slot for slot, _ in bounds]].astype(np.float64))
    most = np.array([bound for _, bound in bounds])
    sums = np.multiply(sizes, most, out=np.zeros_like(sizes), where=sizes > 0).sum(axis=1)
    return bool((sums < 2.0**52).all())
