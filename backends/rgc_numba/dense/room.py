"""Room for what the nodes of a dense program yield, and the code that works there."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.program.dense import Affine, Dense, Units
from rgc.program.dense.yields import Yield, yields
from rgc_numba.dense.ops import ARGUMENTS, code, operation
from rgc_numba.dense.sizes import BLOCK, BLOCK_ROWS, ENTRIES, LANES, TERM, WHOLE, WIDE
from rgc_numba.state import aligned

Array = NDArray[Any]


@dataclass(slots=True)
class Value:
    """Where a node leaves what it yields. `address` is that of bits, fields, means, counts or
    energies; `width` is the length of a row; `codes` are made when a matrix asks for them."""

    found: Yield
    address: int = 0
    width: int = 0
    codes: tuple[int, int] | None = None

    @property
    def ising(self) -> bool:
        return self.found.units is not None and self.found.units.kind == "ising"

    @property
    def words(self) -> int:
        return -(-self.found.chains // 64)

    @property
    def features(self) -> int:
        return self.found.shape[0]


@dataclass(frozen=True, slots=True)
class Matrix:
    """What units see of weights: rows of `stride` columns."""

    parameter: int
    shape: tuple[int, ...]
    seen: int
    stride: int


class Room:
    """The code of a program in the making, with the buffers that it works on.

    `patches` says where in the code the addresses of the arrays of the state belong: row, column,
    number of the array. `values` are where nodes leave what they yield, `matrices` what units see
    of weights, by the number of the parameter.
    """

    def __init__(self, program: Dense) -> None:
        self.program = program
        self.found = yields(program)
        self.rows: list[tuple[int, ...]] = []
        self.terms: list[tuple[int, ...]] = []
        self.buffers: list[Array] = []
        self.patches: list[tuple[int, int, int]] = []
        self.values: dict[int, Value] = {}
        self.matrices: dict[int, Matrix] = {}
        # a block of tables, and behind it the rows of a block of a turned matrix
        self.table = self.ints(WIDE * (BLOCK * ENTRIES + padded(BLOCK_ROWS, LANES)))
        for node in program.nodes:
            if isinstance(node, Affine) and node.matrix is not None:
                self._need_matrix(node.matrix)

    def buffer(self, size: int) -> int:
        """The address of so many zero words, from a boundary of a cache line on."""
        self.buffers.append(aligned((max(size, 8),)))
        return int(self.buffers[-1].ctypes.data)

    def ints(self, size: int) -> int:
        return self.buffer(-(-size // 2))

    def add(
        self, name: str, state: dict[str, int | None] | None = None, /, **arguments: int
    ) -> None:
        """An operation. `state` names the arguments that are addresses of arrays of the state, by
        the number of the array, or None where there is none."""
        given = arguments | dict.fromkeys(state or {}, 0)
        row = operation(name, **given)
        for argument, number in (state or {}).items():
            if number is not None:
                self.patches.append((len(self.rows), column(name, argument), number))
        self.rows.append(row)

    def code(self) -> NDArray[np.uint64]:
        return code(self.rows)

    def table_of_terms(self) -> NDArray[np.uint64]:
        return np.array(self.terms, dtype=np.uint64).reshape(-1, len(TERM))

    def parameter(self, number: int | None) -> int | None:
        """The number of a parameter, if there is one, among the arrays of the state."""
        return None if number is None else len(self.program.fields) + number

    def _need_matrix(self, number: int) -> None:
        """Room for rows and columns that are whole blocks of tables and of vectors, with zeros
        where there is no weight. A block of columns may be read beyond the last row."""
        if number not in self.matrices:
            shape = rows, columns = self.program.parameters[number].shape
            stride = padded(columns, WHOLE)
            seen = self.ints(padded(rows, WHOLE) * stride + WHOLE)
            self.matrices[number] = Matrix(number, shape, seen, stride)

    def states(self, k: int) -> Value:
        """Room for the bits of states."""
        found = self.found[k]
        value = Value(found, width=padded(found.shape[0], BLOCK_ROWS))
        value.address = self.buffer(value.words * value.width)
        self.values[k] = value
        return value

    def chainwise(self, k: int) -> Value:
        """Room for fields or means, with as many rows as a matrix that a block of tables holds."""
        found = self.found[k]
        value = Value(found, width=padded(found.shape[0], LANES))
        value.address = self.ints(padded(found.chains, BLOCK_ROWS) * value.width)
        self.values[k] = value
        return value

    def counts(self, k: int) -> Value:
        size = self.found[k].chains or prod(self.found[k].shape)
        self.values[k] = Value(self.found[k], self.buffer(size))
        return self.values[k]


def padded(size: int, unit: int) -> int:
    return -(-size // unit) * unit


def column(name: str, argument: str) -> int:
    return 1 + ARGUMENTS[name].split().index(argument)


def layer(units: Units) -> dict[str, int]:
    return {
        "units": units.number,
        "planes": units.planes,
        "letters": units.letters,
        "softmax": int(units.kind == "softmax"),
    }
