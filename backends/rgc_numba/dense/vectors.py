"""Memory by its address, and vectors of 16 int32: what the kernels of dense programs are made of.

A product of bits with a matrix is a sum of table entries. The rows of the matrix are taken in
groups of `GROUP`; a table holds the sum of every subset of a group, for `WHOLE` columns, and each
chain adds the entry that its bits name. The tables of `BLOCK` groups stay in the first cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, njit, types
from numba.extending import intrinsic, overload

from rgc_numba.dense.sizes import BLOCK, ENTRIES, GROUP, LANES, WHOLE

compiled = njit(nogil=True, error_model="numpy", fastmath={"contract"})
"""A product and a sum may be one instruction: floats are exact here, or decide within a margin."""

_I64 = ir.IntType(64)
_VECTOR = ir.VectorType(ir.IntType(32), LANES)
_ZEROS = ir.Constant(_VECTOR, [0] * LANES)
PARTS = range(WHOLE // LANES)
"""The vectors of a row of a table."""


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


@intrinsic
def as_float(typingctx: Any, bits: Any) -> Any:
    """The float of as many bits as an integer has."""
    kind = {types.int32: types.float32, types.int64: types.float64}[bits]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(kind))

    return kind(bits), generate


def without_bits(x: Any, bits: Any) -> Any:
    """floor(x / 2^bits), of integers as int64 or as float64. Compiled code has one for each."""
    return np.floor(x / 2.0**bits) if isinstance(x, float) else x >> bits


@overload(without_bits, strict=False)
def _without_bits(x: Any, bits: Any) -> Any:
    if x is types.float64:
        return lambda x, bits: np.floor(x * as_float((np.int64(1023) - bits) << np.int64(52)))
    return lambda x, bits: x >> bits


@intrinsic
def leading_zeros(typingctx: Any, word: Any) -> Any:
    """How many bits of a word other than 0 stand before its first 1."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

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


def _splat(builder: Any, value: Any) -> Any:
    """A vector of one number of 64 bits, as int32."""
    none = ir.Constant(_VECTOR, ir.Undefined)
    first = ir.Constant(ir.IntType(32), 0)
    one = builder.insert_element(none, builder.trunc(value, ir.IntType(32)), first)
    return builder.shuffle_vector(one, none, _ZEROS)


@intrinsic
def tabulate(typingctx: Any, table: Any, rows: Any, stride: Any, unseen: Any, signs: Any) -> Any:
    """The table of one group, written in the order of Gray's code: each entry is one row away from
    the last. Rows are read less `unseen` bits, rounded. With `signs` an entry is the sum of its
    rows less that of the others."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        table, rows, stride, unseen, signs = arguments
        half = _splat(builder, builder.lshr(builder.shl(_number(1), unseen), _number(1)))
        unseen, signs = _splat(builder, unseen), _splat(builder, signs)
        less = builder.sub(_ZEROS, signs)
        found, values = [], [_ZEROS for _ in PARTS]
        for row in range(GROUP):
            first = builder.add(rows, builder.mul(stride, _number(row)))
            read = (_load(builder, first, 4 * LANES * part) for part in PARTS)
            seen = [builder.ashr(builder.add(each, half), unseen) for each in read]
            lost = [builder.and_(each, less) for each in seen]
            values = [builder.sub(*pair) for pair in zip(values, lost, strict=True)]
            found.append([builder.shl(each, signs) for each in seen])
        code = 0
        for entry in range(ENTRIES):
            bit = (entry & -entry).bit_length() - 1
            if entry:
                code ^= 1 << bit
                change = builder.add if code >> bit & 1 else builder.sub
                values = [change(*pair) for pair in zip(values, found[bit], strict=True)]
            for part in PARTS:
                _store(builder, values[part], table, 4 * (code * WHOLE + LANES * part))
        return context.get_dummy_value()

    return types.void(*[types.uint64] * 5), generate


@intrinsic
def add_entries(typingctx: Any, fields: Any, table: Any, codes: Any) -> Any:
    """For one chain, the entries of a block of tables are added to its fields of so many columns.
    Half a word holds the codes of all groups."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        fields, table, codes = arguments
        values = [_load(builder, fields, 4 * LANES * part) for part in PARTS]
        half = builder.load(builder.inttoptr(codes, ir.IntType(32).as_pointer()))
        word = builder.zext(half, _I64)
        for group in range(BLOCK):
            code = builder.and_(builder.lshr(word, _number(GROUP * group)), _number(ENTRIES - 1))
            entry = builder.add(table, builder.mul(code, _number(4 * WHOLE)))
            for part in PARTS:
                offset = 4 * (WHOLE * ENTRIES * group + LANES * part)
                values[part] = builder.add(values[part], _load(builder, entry, offset))
        for part in PARTS:
            _store(builder, values[part], fields, 4 * LANES * part)
        return context.get_dummy_value()

    return types.void(*[types.uint64] * 3), generate


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
