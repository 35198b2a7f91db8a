"""Operations of dense programs as functions of two addresses, and the loop that calls them.

The arguments of an operation are those of `ARGUMENTS` in `ops.py`, from word 1 of the address `op`
on; those of a step are `CONTEXT`. Each function is compiled when a program first has its operation,
and kept in the cache folder.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.extending import intrinsic

from rgc.program.units import MEAN_BITS
from rgc_numba.dense import changes, counts, layers, products, units, watch
from rgc_numba.dense.changes import AHEAD, DECAY, MASK, NORM, SHRINK, VELOCITY
from rgc_numba.dense.ops import COLUMNS, CONTEXT
from rgc_numba.dense.sizes import TERM
from rgc_numba.dense.vectors import compiled, ints_at, longs_at, pointer, words_at

U = np.uint64
ZERO, ONE, WIDTH, SIZE = U(0), U(1), U(COLUMNS), U(len(CONTEXT))
KEYS, ROWS, NUMBERS, SLOTS, SCALES, CHAINS, TERMS, TALLIES, WORD0 = range(len(CONTEXT))
BYTES, PAIR, LINE, NOTHING = U(8), U(2), U(len(TERM)), np.int64(0)
SIGNATURE = types.void(types.uint64, types.uint64)


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
def key_of(c, draw):
    """Both halves of the key of a draw."""
    key = words_at(c[KEYS] + BYTES * PAIR * draw, PAIR)
    return key[ZERO], key[ONE]


@compiled
def scales_of(c, slot):
    """The scales of a slot, and whether the chains share one."""
    return ints_at(c[SCALES] + U(4) * slot * c[CHAINS], c[CHAINS]), c[CHAINS] == ONE


def take(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    by_row = words_at(o[1], o[3] * o[6] * ((o[2] + U(63)) >> U(6)))
    bits = words_at(o[9], ((o[8] + U(63)) >> U(6)) * o[10])
    mine = ints_at(c[ROWS] + U(4) * o[7], o[8])
    layers.take(by_row, o[2], o[3], o[4], o[5] != ZERO, o[6], mine, o[8], bits, o[10])


def read(op, context):
    o = words_at(op, WIDTH)
    field, bits = words_at(o[1], o[3] * o[2] * o[6]), words_at(o[8], o[6] * o[9])
    layers.read(field, o[2], o[3], o[4], o[5] != ZERO, o[6], o[7], bits, o[9])


def put(op, context):
    o = words_at(op, WIDTH)
    field, bits = words_at(o[9], o[4] * o[3] * o[7]), words_at(o[1], o[7] * o[2])
    layers.put(bits, o[2], o[3], o[4], o[5], o[6] != ZERO, o[7], o[8], field)


def take_numbers(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    mine, out = ints_at(c[ROWS] + U(4) * o[2], o[3]), ints_at(o[6], o[3] * o[5])
    most = ZERO
    for r in range(ZERO, o[3]):
        most = max(most, U(mine[r]) + ONE)
    layers.take_rows(ints_at(o[1], most * o[4]), o[4], mine, o[3], out, o[5])


def read_numbers(op, context):
    o = words_at(op, WIDTH)
    field, out = ints_at(o[1], o[2] * o[3]), ints_at(o[5], o[2] * o[4])
    layers.copy_rows(field, o[3], o[3], o[2], out, o[4])


def put_numbers(op, context):
    o = words_at(op, WIDTH)
    x, field = ints_at(o[1], o[2] * o[4]), ints_at(o[5], o[2] * o[3])
    layers.copy_rows(x, o[4], o[3], o[2], field, o[3])


def permute_numbers(op, context):
    o = words_at(op, WIDTH)
    x, out = ints_at(o[1], o[4] * o[2]), ints_at(o[5], o[4] * o[2])
    layers.take_rows(x, o[2], ints_at(o[3], o[4]), o[4], out, o[2])


def permute(op, context):
    o = words_at(op, WIDTH)
    size = o[4] * o[2]
    layers.permute(
        words_at(o[1], size), o[2], o[3], o[4], ints_at(o[5], o[6]), o[6],
        words_at(o[7], size),
    )  # fmt: skip


def encode(op, context):
    o = words_at(op, WIDTH)
    bits = words_at(o[1], ((o[3] + U(63)) >> U(6)) * o[2])
    layers.encode(bits, o[2], o[3], words_at(o[4], (o[2] >> U(6)) * o[3]))


def start(op, context):
    o = words_at(op, WIDTH)
    fields = ints_at(o[6], o[3] * o[4])
    layers.start_fields(longs_at(o[1], o[5]), o[2] != ZERO, o[3], o[4], o[5], fields)


def multiply(op, context):
    o = words_at(op, WIDTH)
    layers.multiply(
        o[1], o[2], o[3], o[4], o[5], o[6], o[7] != ZERO, o[8], o[9], o[10], o[11]
    )  # fmt: skip


def multiply_means(op, context):
    o = words_at(op, WIDTH)
    size = o[7] * o[8]
    turned, real = o[6] != ZERO, o[9] != ZERO
    means, fields = ints_at(o[1], o[7] * o[3]), ints_at(o[11], size)
    matrix = ints_at(o[4], (o[8] if turned else o[2]) * o[5])
    layers.multiply_means(
        means, o[2], o[3], matrix, o[5], turned, o[7], o[8], real, longs_at(o[10], size), fields
    )


def scale(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    size = o[5] * o[6]
    x, base, fields = ints_at(o[1], size), ints_at(o[2], size), ints_at(o[7], size)
    mine, shared = scales_of(c, o[4])
    layers.scale(x, base, o[3] != ZERO, mine, shared, o[5], o[6], fields)


def draw_pairs(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    fields, bits = (
        ints_at(o[1], o[4] * o[2]),
        words_at(o[7], ((o[4] + U(63)) >> U(6)) * o[8]),
    )
    a, b = key_of(c, o[6])
    units.draw_pairs(fields, o[2], o[3], o[4], o[5], a, b, c[WORD0], bits, o[8])


def draw_states(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    fields, bits = (
        ints_at(o[1], o[5] * o[2]),
        words_at(o[7], ((o[5] + U(63)) >> U(6)) * o[8]),
    )
    a, b = key_of(c, o[6])
    units.draw_states(fields, o[2], o[3], o[4], o[5], a, b, c[WORD0], bits, o[8])


def draw_reals(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    size = o[4] * o[2]
    a, b = key_of(c, o[5])
    fields, values = ints_at(o[1], size), ints_at(o[6], size)
    units.draw_reals(fields, o[2], o[3], o[4], a, b, c[WORD0], values)


def means_of_reals(op, context):
    o = words_at(op, WIDTH)
    size = o[3] * o[2]
    units.means_of_reals(ints_at(o[1], size), size, ints_at(o[4], size))


def means_of_pairs(op, context):
    o = words_at(op, WIDTH)
    size = o[4] * o[2]
    fields, means = ints_at(o[1], size), ints_at(o[6], size)
    units.means_of_pairs(fields, o[2], o[3], o[4], o[5] != ZERO, means)


def means_of_states(op, context):
    o = words_at(op, WIDTH)
    size = o[5] * o[2]
    fields, means = ints_at(o[1], size), ints_at(o[6], size)
    units.means_of_states(fields, o[2], o[3], o[4], o[5], means)


def mask_bits(op, context):
    o = words_at(op, WIDTH)
    bits, mask = words_at(o[1], o[3]), words_at(o[2], o[3])
    for k in range(ZERO, o[3]):
        bits[k] &= mask[k]


def mask_means(op, context):
    o = words_at(op, WIDTH)
    means, mask = (
        ints_at(o[1], o[4] * o[2]),
        words_at(o[5], ((o[4] + U(63)) >> U(6)) * o[6]),
    )
    for r in range(ZERO, o[4]):
        for i in range(ZERO, o[3]):
            if not (mask[(r >> U(6)) * o[6] + i] >> (r & U(63))) & ONE:
                means[r * o[2] + i] = np.int32(0)


def totals(op, context):
    o = words_at(op, WIDTH)
    bits = words_at(o[1], ((o[5] + U(63)) >> U(6)) * o[2])
    counts.totals(bits, o[2], o[3], o[4] != ZERO, o[5], longs_at(o[6], o[3]))


def totals_of_means(op, context):
    o = words_at(op, WIDTH)
    means = ints_at(o[1], o[4] * o[2])
    counts.totals_of_means(means, o[2], o[3], o[4], longs_at(o[5], o[3]))


def features(op, context):
    o = words_at(op, WIDTH)
    bits = words_at(o[1], ((o[5] + U(63)) >> U(6)) * o[2])
    out = ints_at(o[7], o[5] * o[6])
    counts.features(bits, o[2], o[3], o[4] != ZERO, o[5], o[6], out)


def pairs(op, context):
    o = words_at(op, WIDTH)
    counts.pairs(
        words_at(o[1], o[10]), o[2], o[3], words_at(o[4], o[10]), o[5], o[6],
        o[7], o[8], o[9], longs_at(o[11], o[8] * o[9]),
    )  # fmt: skip


def pairs_of_means(op, context):
    o = words_at(op, WIDTH)
    x, y = ints_at(o[1], o[5] * o[2]), ints_at(o[3], o[5] * o[4])
    out = longs_at(o[9], o[6] * o[7])
    out[:] = NOTHING
    products.add_product(x, ONE, o[2], y, o[4], ONE, NOTHING, o[6], o[5], o[7], out)
    if o[8] != ZERO:
        for k in range(ZERO, o[6] * o[7]):
            out[k] >>= np.int64(MEAN_BITS)


def outer(op, context):
    o = words_at(op, WIDTH)
    x, y, out = longs_at(o[1], o[3]), longs_at(o[2], o[4]), longs_at(o[5], o[3] * o[4])
    counts.outer(x, y, o[3], o[4], out)


def widen(op, context):
    o = words_at(op, WIDTH)
    x, out = ints_at(o[1], o[5] * o[4]), longs_at(o[8], o[5] * o[6])
    coarse = ints_at(o[2], o[5] * o[4] if o[3] != ZERO else ZERO)
    counts.widen(x, coarse, o[4], o[5], o[6], o[7] != ZERO, out)


def start_energies(op, context):
    o = words_at(op, WIDTH)
    longs_at(o[2], o[1])[:] = np.int64(0)


def multiply_states(op, context):
    o = words_at(op, WIDTH)
    bits = words_at(o[1], ((o[7] + U(63)) >> U(6)) * o[2])
    fields, energies = ints_at(o[5], o[7] * o[6]), longs_at(o[8], o[7])
    layers.multiply_states(bits, o[2], o[3], o[4] != ZERO, fields, o[6], o[7], energies)


def multiply_numbers(op, context):
    o = words_at(op, WIDTH)
    numbers, fields = ints_at(o[1], o[6] * o[2]), ints_at(o[4], o[6] * o[5])
    layers.multiply_numbers(numbers, o[2], o[3], fields, o[5], o[6], longs_at(o[7], o[6]))


def squares(op, context):
    o = words_at(op, WIDTH)
    layers.squares(ints_at(o[1], o[4] * o[2]), o[2], o[3], o[4], longs_at(o[5], o[4]))


def logs_of_pairs(op, context):
    o = words_at(op, WIDTH)
    fields, energies = ints_at(o[1], o[4] * o[2]), longs_at(o[6], o[4])
    units.logs_of_pairs(fields, o[2], o[3], o[4], o[5] != ZERO, energies)


def logs_of_states(op, context):
    o = words_at(op, WIDTH)
    fields, energies = ints_at(o[1], o[5] * o[2]), longs_at(o[6], o[5])
    units.logs_of_states(fields, o[2], o[3], o[4], o[5], energies)


def exchange(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    energies, rows = longs_at(o[1], o[3]), ints_at(o[7], o[3])
    a, b = key_of(c, o[6])
    mine, shared = scales_of(c, o[2])
    units.exchange(energies, mine, shared, o[3], o[4], o[5], a, b, c[WORD0], rows)


def permute_energies(op, context):
    o = words_at(op, WIDTH)
    energies, rows, out = longs_at(o[1], o[3]), ints_at(o[2], o[3]), longs_at(o[4], o[3])
    for r in range(ZERO, o[3]):
        out[r] = energies[U(rows[r])]


def tally_whole(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    tallies = longs_at(c[TALLIES], o[3] + o[2])
    x = longs_at(o[1], o[2])
    for k in range(ZERO, o[2]):
        tallies[o[3] + k] = x[k]


def tally_mismatches(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    tallies = longs_at(c[TALLIES], o[7] + ONE)
    one, other = words_at(o[1], o[6] * o[3]), words_at(o[2], o[6] * o[3])
    tallies[o[7]] = np.int64(watch.mismatches(one, other, o[3], o[4], o[5], o[6]))


def tally_field(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    tallies = longs_at(c[TALLIES], o[5] + ONE)
    fields = ints_at(o[1], o[2] * o[3])
    tallies[o[5]] = watch.largest_field(fields, o[2], o[3], o[4])


def tally_reach(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    tallies = longs_at(c[TALLIES], o[10] + ONE)
    matrix = ints_at(o[1], (o[7] if o[6] != ZERO else o[3]) * o[5])
    bias, has_bias = longs_at(o[8], o[7]), o[9] != ZERO
    tallies[o[10]] = watch.reach(
        matrix, o[2] != ZERO, o[3], o[4], o[5], o[6] != ZERO, o[7], bias, has_bias
    )


def apply(op, context):
    o = words_at(op, WIDTH)
    size = o[3] * o[4]
    most = max(o[3], o[4])
    matrix, vector, out = longs_at(o[1], size), longs_at(o[2], most), longs_at(o[6], most)
    counts.apply(matrix, vector, o[3], o[4], o[5] != ZERO, out)


@compiled
def terms_of(o, c):
    return words_at(c[TERMS] + BYTES * LINE * o[5], LINE * o[6]).reshape(o[6], LINE)


def tie(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    size = o[2] * o[4]
    numbers, ties = longs_at(c[NUMBERS], c[SLOTS]), ints_at(o[14], size)
    changes.sum_tied(
        terms_of(o, c), numbers, np.int64(o[7]), ties, o[4], o[15], o[2], o[3],
        longs_at(o[21], size),
    )  # fmt: skip


@compiled
def change_any(o, c, old, velocity, numbers):
    """Change a parameter by numbers that are int64 or float64."""
    mine = terms_of(o, c)
    size, use = o[2] * o[4], o[17]
    momentum = numbers[o[9]] if use & VELOCITY else NOTHING
    ahead = numbers[o[10]] if use & AHEAD else NOTHING
    decay = numbers[o[11]] if use & DECAY else NOTHING
    shrink = numbers[o[12]] if use & SHRINK else NOTHING
    norm = np.int64(numbers[o[13]] if use & NORM else NOTHING)
    mask = ints_at(o[16], size if use & MASK else ZERO)
    steps = longs_at(o[19], o[2] * o[3] if o[20] != ZERO else ZERO)
    sums = longs_at(o[21], size if o[15] != ZERO else ZERO)
    changes.change(
        old, o[2], o[3], o[4], mine, numbers, np.int64(o[7]), velocity, momentum, ahead, decay,
        shrink, norm, mask, use, np.int64(o[18]), steps, sums,
    )  # fmt: skip
    if o[23] != ZERO:
        longs_at(o[22], ONE)[ZERO] = watch.largest_of(old)


def change(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    size = o[2] * o[4]
    velocity = ints_at(o[8], size if o[17] & VELOCITY else ZERO)
    change_any(o, c, ints_at(o[1], size), velocity, longs_at(c[NUMBERS], c[SLOTS]))


def change_wide(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    size = o[2] * o[4]
    velocity = longs_at(o[8], size if o[17] & VELOCITY else ZERO)
    change_any(o, c, longs_at(o[1], size), velocity, longs_at(c[NUMBERS], c[SLOTS]))


def change_in_floats(op, context):
    o = words_at(op, WIDTH)
    c = words_at(context, SIZE)
    size = o[2] * o[4]
    numbers = np.empty(c[SLOTS], np.float64)
    numbers[:] = longs_at(c[NUMBERS], c[SLOTS])
    velocity = ints_at(o[8], size if o[17] & VELOCITY else ZERO)
    change_any(o, c, ints_at(o[1], size), velocity, numbers)


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
def by_rows(field, units, planes, words, out):
    """A field of data in the form from which rows are taken."""
    layers.by_rows(field, units, planes, words, out)
