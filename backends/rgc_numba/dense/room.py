"""Room for what the nodes of a dense program yield, and the code that works there."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.program.dense import Dense, Parameter, Units
from rgc.program.dense.yields import Yield, yields
from rgc_numba.dense.ops import code, column, operation
from rgc_numba.dense.sizes import BLOCK, ENTRIES, TERM, WHOLE, WORD
from rgc_numba.state import aligned

Array = NDArray[Any]


@dataclass(slots=True)
class Value:
    """Where a node leaves what it yields. `address` is that of bits, fields, means, counts or
    energies; `width` is the length of a row; `codes` are the bits of states by chains, which are
    made when a matrix asks for them."""

    found: Yield
    address: int = 0
    width: int = 0
    codes: int | None = None

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
class Padded:
    """Where a parameter is during steps, a vector being a matrix of one row: rows of `stride`, with
    zeros where there is no entry."""

    rows: int
    columns: int
    stride: int
    address: int


class Room:
    """The code of a program in the making, with the buffers that it works on.

    `patches` says where in the code the addresses of fields belong: row, column, number of the
    field. `values` are where nodes leave what they yield, and `parameters` the copies
    of parameters that steps work on.
    """

    def __init__(self, program: Dense) -> None:
        self.program = program
        self.found = yields(program)
        self.rows: list[tuple[int, ...]] = []
        self.terms: list[tuple[int, ...]] = []
        self.buffers: list[Array] = []
        self.patches: list[tuple[int, int, int]] = []
        self.values: dict[int, Value] = {}
        self.parameters = [self._padded(each) for each in program.parameters]
        # a block of tables, and behind it the rows of a block of a turned matrix
        self.table = self.ints(WHOLE * (BLOCK * ENTRIES + WHOLE))

    def buffer(self, size: int) -> int:
        """The address of so many zero words, from a boundary of a cache line on."""
        self.buffers.append(aligned((max(size, 8),)))
        return int(self.buffers[-1].ctypes.data)

    def ints(self, size: int) -> int:
        return self.buffer(-(-size // 2))

    def add(self, name: str, state: dict[str, int] | None = None, /, **arguments: int) -> None:
        """An operation. `state` names the arguments that are addresses of fields, by the number of
        the field."""
        given = arguments | dict.fromkeys(state or {}, 0)
        for argument, number in (state or {}).items():
            self.patches.append((len(self.rows), column(name, argument), number))
        self.rows.append(operation(name, **given))

    def code(self) -> NDArray[np.uint64]:
        return code(self.rows)

    def table_of_terms(self) -> NDArray[np.uint64]:
        return np.array(self.terms, dtype=np.uint64).reshape(-1, len(TERM))

    def parameter(self, number: int | None) -> int:
        """The address of a parameter, 0 for none."""
        return 0 if number is None else self.parameters[number].address

    def _padded(self, parameter: Parameter) -> Padded:
        rows, columns = (1, *parameter.shape)[-2:]
        stride = padded(columns, WHOLE)
        size = padded(rows, WHOLE) * stride
        address = self.ints(size) if parameter.dtype == "int32" else self.buffer(size)
        return Padded(rows, columns, stride, address)

    def states(self, k: int) -> Value:
        """Room for the bits of states."""
        found = self.found[k]
        value = Value(found, width=padded(found.shape[0], WORD))
        value.address = self.buffer(value.words * value.width)
        self.values[k] = value
        return value

    def chainwise(self, k: int) -> Value:
        """Room for fields or means, with as many rows as a matrix that a block of tables holds."""
        found = self.found[k]
        value = Value(found, width=padded(found.shape[0], WHOLE))
        value.address = self.ints(padded(found.chains, WHOLE) * value.width)
        self.values[k] = value
        return value

    def counts(self, k: int) -> Value:
        size = self.found[k].chains or prod(self.found[k].shape)
        self.values[k] = Value(self.found[k], self.buffer(padded(size, WHOLE)))
        return self.values[k]


def padded(size: int, unit: int) -> int:
    return -(-size // unit) * unit


def layer(units: Units) -> dict[str, int]:
    return {
        "units": units.number,
        "planes": units.planes,
        "letters": units.letters,
        "softmax": int(units.kind == "softmax"),
    }
