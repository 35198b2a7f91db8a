"""Memory by its address, and vectors of 16 int32: what the kernels of dense programs are made of.

A product of bits with a matrix is a sum of table entries. The rows of the matrix are taken in
groups of `GROUP`; a table holds the sum of every subset of a group, for `WIDE` or `NARROW` columns,
and each chain adds the entry that its bits name. The tables of `BLOCK` groups stay in the first
cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, njit, types
from numba.extending import intrinsic

from rgc_numba.dense.sizes import BLOCK, ENTRIES, GROUP, LANES, NARROW, WIDE

compiled = njit(nogil=True, error_model="numpy")

_I64 = ir.IntType(64)
_VECTOR = ir.VectorType(ir.IntType(32), LANES)


@intrinsic
def pointer(typingctx: Any, address: Any) -> Any:
    """The pointer to an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.uint64), generate


@intrinsic
def whole_vectors(typingctx: Any) -> Any:
    """Let the loops of this function have vectors of 512 bits where there are such. LLVM by itself
    stops at 256 on processors whose clock once fell at more."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def popcount(typingctx: Any, word: Any) -> Any:
    """How many bits of a word are 1."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@compiled
def words_at(address, size):
    return carray(pointer(address), size, np.uint64)


@compiled
def ints_at(address, size):
    return carray(pointer(address), size, np.int32)


@compiled
def longs_at(address, size):
    return carray(pointer(address), size, np.int64)


def _load(builder: Any, address: Any, offset: int) -> Any:
    pointer = builder.inttoptr(builder.add(address, _number(offset)), _VECTOR.as_pointer())
    found = builder.load(pointer)
    found.align = 4
    return found


def _store(builder: Any, value: Any, address: Any, offset: int) -> None:
    pointer = builder.inttoptr(builder.add(address, _number(offset)), _VECTOR.as_pointer())
    builder.store(value, pointer).align = 4


def _number(value: int) -> Any:
    return ir.Constant(_I64, value)


def _tabulating(columns: int) -> Any:
    """The table of one group for so many columns, written in the order of Gray's code: each entry
    is one row away from the last."""
    parts = range(columns // LANES)

    @intrinsic
    def tabulate(typingctx: Any, table: Any, rows: Any, stride: Any, signs: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            table, rows, stride, signs = arguments
            narrow = builder.trunc(signs, ir.IntType(32))
            start = ir.Constant(_VECTOR, ir.Undefined)
            shift = builder.insert_element(start, narrow, ir.Constant(ir.IntType(32), 0))
            zeros = ir.Constant(_VECTOR, [0] * LANES)
            shift = builder.shuffle_vector(shift, start, zeros)
            less = builder.sub(zeros, shift)
            found = []
            for row in range(GROUP):
                first = builder.add(rows, builder.mul(stride, _number(row)))
                found.append([_load(builder, first, 4 * LANES * part) for part in parts])
            values = [zeros for _ in parts]
            for row in range(GROUP):
                for part in parts:
                    lost = builder.and_(found[row][part], less)
                    values[part] = builder.sub(values[part], lost)
                    found[row][part] = builder.shl(found[row][part], shift)
            code = 0
            for entry in range(ENTRIES):
                bit = (entry & -entry).bit_length() - 1
                if entry:
                    code ^= 1 << bit
                    change = builder.add if code >> bit & 1 else builder.sub
                    values = [change(values[part], found[bit][part]) for part in parts]
                for part in parts:
                    place = 4 * (code * columns + LANES * part)
                    _store(builder, values[part], table, place)
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64, types.uint64, types.uint64), generate

    return tabulate


def _adding(columns: int) -> Any:
    """For one chain, the entries of a block of tables are added to so many columns of fields. A
    word holds the codes of all groups, 8 bits each."""
    parts = range(columns // LANES)
    size = 4 * columns * ENTRIES

    @intrinsic
    def add_entries(typingctx: Any, fields: Any, table: Any, codes: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            fields, table, codes = arguments
            values = [_load(builder, fields, 4 * LANES * part) for part in parts]
            word = builder.load(builder.inttoptr(codes, _I64.as_pointer()))
            for group in range(BLOCK):
                code = builder.and_(builder.lshr(word, _number(8 * group)), _number(ENTRIES - 1))
                place = builder.mul(code, _number(4 * columns))
                entry = builder.add(table, place)
                for part in parts:
                    offset = size * group + 4 * LANES * part
                    values[part] = builder.add(values[part], _load(builder, entry, offset))
            for part in parts:
                _store(builder, values[part], fields, 4 * LANES * part)
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64, types.uint64), generate

    return add_entries


tabulate_wide, tabulate_narrow = _tabulating(WIDE), _tabulating(NARROW)
add_wide, add_narrow = _adding(WIDE), _adding(NARROW)


@intrinsic
def transpose_block(typingctx: Any, source: Any, stride: Any, target: Any, other: Any) -> Any:
    """Sixteen rows of sixteen int32 become columns. Strides are in bytes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, stride, target, other = arguments
        rows = []
        for row in range(LANES):
            rows.append(_load(builder, builder.add(source, builder.mul(stride, _number(row))), 0))
        half = 1
        while half < LANES:
            rows = _exchanged(builder, rows, half)
            half *= 2
        for row in range(LANES):
            place = builder.add(target, builder.mul(other, _number(row)))
            _store(builder, rows[row], place, 0)
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64, types.uint64, types.uint64), generate


def _exchanged(builder: Any, rows: list[Any], half: int) -> list[Any]:
    """Rows that differ in one bit of their number exchange the lanes that do."""
    found = list(rows)
    integer = ir.IntType(32)
    for row in range(LANES):
        if not row & half:
            one, two = rows[row], rows[row | half]
            low = [k if not k & half else LANES + k - half for k in range(LANES)]
            high = [k + half if not k & half else LANES + k for k in range(LANES)]
            for place, lanes in ((row, low), (row | half, high)):
                chosen = ir.Constant(ir.VectorType(integer, LANES), lanes)
                found[place] = builder.shuffle_vector(one, two, chosen)
    return found
