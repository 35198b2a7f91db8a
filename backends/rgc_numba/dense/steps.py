"""The loop over steps, and what an operation is handed: the head of a module to which `written.py`
adds each operation as a function of two addresses, that of its row of code and that of the context.

Functions are compiled when a program first has their operation, and kept in the cache folder.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.extending import intrinsic

from rgc_numba.dense import changes, counts, layers, units, watch  # noqa: F401  (for operations)
from rgc_numba.dense.ops import COLUMNS, CONTEXT
from rgc_numba.dense.sizes import TERM
from rgc_numba.dense.vectors import compiled, ints_at, longs_at, pointer, words_at

U = np.uint64
ZERO, ONE, WIDTH, SIZE = U(0), U(1), U(COLUMNS), U(len(CONTEXT))
KEYS, ROWS, NUMBERS, SLOTS, SCALES, CHAINS, TERMS, TALLIES, WORD0 = range(len(CONTEXT))
INT, LONG, PAIR, LINE = U(4), U(8), U(2), U(len(TERM))
SIGNATURE = types.void(types.uint64, types.uint64)
MOST = U(1 << 48)
"""The size of an array whose end the function knows."""


def compile_operation(function: Any) -> Any:
    """The machine code of an operation, with its address."""
    return cfunc(SIGNATURE, cache=True)(function)


@intrinsic
def call(typingctx: Any, function: Any, op: Any, context: Any) -> Any:
    """Call the function at an address."""

    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [word, word])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
        return target.get_dummy_value()

    return types.void(types.uint64, types.uint64, types.uint64), generate


@njit(cache=True, nogil=True, error_model="numpy")
def steps(code, functions, terms, keys, rows, numbers, scales, tallies, word0):
    """One step for each row of keys."""
    context = np.zeros(SIZE, np.uint64)
    context[CHAINS], context[SLOTS] = scales.shape[2], numbers.shape[1]
    context[TERMS], context[WORD0] = terms.ctypes.data, word0
    for step in range(keys.shape[0]):
        context[KEYS] = keys[step].ctypes.data
        context[ROWS] = rows[step if rows.shape[0] > 1 else 0].ctypes.data
        context[NUMBERS] = numbers[step if numbers.shape[0] > 1 else 0].ctypes.data
        context[SCALES] = scales[step if scales.shape[0] > 1 else 0].ctypes.data
        context[TALLIES] = tallies[step].ctypes.data
        for k in range(code.shape[0]):
            call(functions[k], code[k].ctypes.data, context.ctypes.data)


@compiled
def rows_of(c, first):
    return ints_at(c[ROWS] + INT * first, MOST)


@compiled
def numbers_of(c):
    return longs_at(c[NUMBERS], c[SLOTS])


@compiled
def floats_of(c):
    numbers = np.empty(c[SLOTS], np.float64)
    numbers[:] = numbers_of(c)
    return numbers


@compiled
def scales_of(c, slot):
    return ints_at(c[SCALES] + INT * slot * c[CHAINS], c[CHAINS]), c[CHAINS] == ONE


@compiled
def stream_of(c, draw):
    key = words_at(c[KEYS] + LONG * PAIR * draw, PAIR)
    return key[ZERO], key[ONE], c[WORD0]


@compiled
def terms_of(c, first):
    return words_at(c[TERMS] + LONG * LINE * first, MOST)


@compiled
def tally_of(c, at):
    return longs_at(c[TALLIES] + LONG * at, MOST)


@njit(cache=True, nogil=True, error_model="numpy")
def pad(parameter, rows, columns, stride, address):
    """Copy a parameter into padded rows."""
    room = carray(pointer(address), rows * stride, parameter.dtype)
    layers.copy_rows(parameter, columns, columns, rows, room, stride)


@njit(cache=True, nogil=True, error_model="numpy")
def unpad(parameter, rows, columns, stride, address):
    """Copy a parameter out of padded rows."""
    room = carray(pointer(address), rows * stride, parameter.dtype)
    layers.copy_rows(room, stride, columns, rows, parameter, columns)


@njit(cache=True, nogil=True, error_model="numpy")
def by_rows(field, number, planes, words, out):
    """A field of data in the form from which rows are taken."""
    layers.by_rows(field, number, planes, words, out)
