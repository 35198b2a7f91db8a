"""States and fields of layers.

Bits are u64[word, feature] with rows of `width` features, as in `units.py`; canonical fields are
u64[planes, units, word]. Fields are int32[chain, column] with rows of `stride` columns.
"""

from __future__ import annotations

import numpy as np

from rgc.program.dense.program import MOST_FIELD, SHIFT
from rgc.program.units import MEAN_BITS as BITS_OF_MEANS
from rgc_numba.dense import products
from rgc_numba.dense.sizes import BLOCK, ENTRIES, GROUP, LANES, WHOLE
from rgc_numba.dense.vectors import (
    add_entries,
    compiled,
    tabulate,
    transpose_block,
    whole_vectors,
)

U = np.uint64
ZERO, ONE, LANE, ALL = U(0), U(1), U(6), U(0xFFFFFFFFFFFFFFFF)
GROUPS, GROUP_ROWS = U(BLOCK), U(GROUP)
COLUMNS, LENGTH = U(WHOLE), U(LANES)
LINE, TABLE, LARGE = U(4 * WHOLE), U(4 * WHOLE * ENTRIES), U(256)
NOTHING = np.int64(0)
ROUND, FRACTION, MEAN_BITS = np.int64(2**15), np.int64(16), np.int64(BITS_OF_MEANS)
HALF_SEEN, UNSEEN = np.int64(1 << (SHIFT - 1)), np.int64(SHIFT)
HIGHEST, HALF_MEAN = np.int64(MOST_FIELD), np.int64(1 << (BITS_OF_MEANS - 1))
HALF_SQUARE, SQUARE = np.int64(2**20), np.int64(21)


@compiled
def live(chains, word):
    """The lanes of a word that hold chains."""
    left = chains - (word << LANE)
    return ALL if left >= U(64) else (ONE << left) - ONE


@compiled
def seen(parameter):
    """What units see of a parameter."""
    return (np.int64(parameter) + HALF_SEEN) >> UNSEEN


@compiled
def spread(planes, count, states, softmax, mask, bits, at):
    """The bits of the features of a unit, from the planes of its state."""
    if not softmax:
        bits[at] = ~planes[0] & mask
        return
    for a in range(ZERO, states):
        same = mask
        for k in range(ZERO, count):
            same &= planes[k] if (a >> k) & ONE else ~planes[k]
        bits[at + a] = same


@compiled
def read(field, units, count, states, softmax, words, chains, bits, width):
    """All chains of a canonical field."""
    planes = np.empty(5, np.uint64)
    for w in range(ZERO, words):
        mask = live(chains, w)
        for i in range(ZERO, units):
            for k in range(ZERO, count):
                planes[k] = field[(k * units + i) * words + w]
            spread(planes, count, states, softmax, mask, bits, w * width + i * states)


@compiled
def turn_bits(block):
    """Bit k of word j becomes bit j of word k, of 64 words (Warren, Hacker's Delight)."""
    whole_vectors()
    mask, half = U(0x00000000FFFFFFFF), U(32)
    while half > ZERO:
        for first in range(ZERO, U(64), half + half):
            for k in range(first, first + half):
                moved = ((block[k] >> half) ^ block[k + half]) & mask
                block[k] ^= moved << half
                block[k + half] ^= moved
        half >>= ONE
        mask ^= mask << half


@compiled
def by_rows(field, units, planes, words, out):
    """The words of units of every row, u64[plane, row, word], of a canonical field."""
    block, length = np.empty(64, np.uint64), (units + U(63)) >> LANE
    for plane in range(ZERO, planes):
        for part in range(ZERO, length):
            for w in range(ZERO, words):
                for k in range(ZERO, U(64)):
                    i = (part << LANE) + k
                    block[k] = field[(plane * units + i) * words + w] if i < units else ZERO
                turn_bits(block)
                for k in range(ZERO, U(64)):
                    row = (plane * words << LANE) + (w << LANE) + k
                    out[row * length + part] = block[k]


@compiled
def take(by_row, units, planes, states, softmax, size, rows, chains, bits, width):
    """Chain r holds row rows[r], of the field in the form of `by_rows`."""
    length = (units + U(63)) >> LANE
    blocks, found = np.empty((5, 64), np.uint64), np.empty(5, np.uint64)
    for w in range(ZERO, (chains + U(63)) >> LANE):
        mask, most = live(chains, w), min(U(64), chains - (w << LANE))
        for part in range(ZERO, length):
            for plane in range(ZERO, planes):
                block = blocks[plane]
                for r in range(ZERO, most):
                    row = plane * size + U(rows[(w << LANE) + r])
                    block[r] = by_row[row * length + part]
                for r in range(most, U(64)):
                    block[r] = ZERO
                turn_bits(block)
            first = part << LANE
            last = min(first + U(64), units)
            if not softmax:
                for i in range(first, last):
                    bits[w * width + i] = ~blocks[ZERO, i - first] & mask
            else:
                for i in range(first, last):
                    for plane in range(ZERO, planes):
                        found[plane] = blocks[plane, i - first]
                    spread(found, planes, states, softmax, mask, bits, w * width + i * states)


@compiled
def put(bits, width, units, count, states, softmax, words, chains, field):
    """Leave states in a canonical field, and 0 in lanes without a chain."""
    for w in range(ZERO, words):
        mask = live(chains, w)
        for i in range(ZERO, units):
            at = w * width + i * states
            if not softmax:
                field[i * words + w] = ~bits[at] & mask
            else:
                for k in range(ZERO, count):
                    plane = ZERO
                    for a in range(ZERO, states):
                        if (a >> k) & ONE:
                            plane |= bits[at + a]
                    field[(k * units + i) * words + w] = plane


@compiled
def permute(bits, width, features, words, rows, chains, out):
    """Chain r holds what chain rows[r] held."""
    for k in range(ZERO, words * width):
        out[k] = ZERO
    for r in range(ZERO, chains):
        row, shift = U(rows[r]), r & U(63)
        source, lane, target = (row >> LANE) * width, row & U(63), (r >> LANE) * width
        for i in range(ZERO, features):
            out[target + i] |= ((bits[source + i] >> lane) & ONE) << shift


@compiled
def mask_bits(bits, mask, size):
    for k in range(ZERO, size):
        bits[k] &= mask[k]


@compiled
def mask_means(means, stride, features, chains, mask, width):
    for r in range(ZERO, chains):
        for i in range(ZERO, features):
            if not (mask[(r >> LANE) * width + i] >> (r & U(63))) & ONE:
                means[r * stride + i] = np.int32(0)


@compiled
def encode(bits, width, chains, codes):
    """codes[word, chain]: the bits of the features of one chain, 64 in a word."""
    block = np.empty(64, np.uint64)
    for w in range(ZERO, (chains + U(63)) >> LANE):
        first, most = w << LANE, min(U(64), chains - (w << LANE))
        for i in range(ZERO, width, U(64)):
            block[:] = bits[w * width + i : w * width + i + U(64)]
            turn_bits(block)
            place = (i >> LANE) * chains + first
            for s in range(ZERO, most):
                codes[place + s] = block[s]


@compiled
def multiply(
    codes, chains, blocks, matrix, stride, unseen, turned, signs, table, fields, columns
):  # fmt: skip
    """fields[chain] += sum of the rows of a matrix that its bits name; with `signs` the others are
    taken away. `turned` are the columns of the matrix its rows. Matrix, table, fields and codes are
    addresses, `stride` is the length of a row of the matrix and `columns` of one of the fields.
    The rows of a matrix that is larger than the fields are read one after the other."""
    given = codes, chains, matrix, stride, unseen, turned, signs, table, fields, columns
    if turned or chains > LARGE:
        for column in range(ZERO, columns, COLUMNS):
            for block in range(ZERO, blocks):
                add_part(block, column, *given)
    else:
        for block in range(ZERO, blocks):
            for column in range(ZERO, columns, COLUMNS):
                add_part(block, column, *given)


@compiled
def add_part(
    block, column, codes, chains, matrix, stride, unseen, turned, signs, table, fields, columns
):  # fmt: skip
    """What one block adds to some columns of the fields."""
    if turned:
        source = matrix + U(4) * (column * stride + block * COLUMNS)
        rows, row_bytes = turn_block(source, stride, table), LINE
    else:
        rows = matrix + U(4) * (block * COLUMNS * stride + column)
        row_bytes = U(4) * stride
    place, part = codes + code_of(block, chains), fields + U(4) * column
    add_block(place, chains, rows, row_bytes, unseen, signs, table, part, columns)


@compiled
def code_of(block, chains):
    """Where the codes of a block begin: words of 64 features hold those of two."""
    return U(8) * (block >> ONE) * chains + U(4) * (block & ONE)


@compiled
def add_block(codes, chains, rows, row_bytes, unseen, signs, table, fields, columns):
    """What the rows of one block add to so many columns of the fields."""
    for group in range(ZERO, GROUPS):
        first = rows + group * GROUP_ROWS * row_bytes
        tabulate(table + group * TABLE, first, row_bytes, unseen, signs)
    for r in range(ZERO, chains):
        add_entries(fields + U(4) * r * columns, table, codes + U(8) * r)


@compiled
def turn_block(matrix, stride, table):
    """The columns of a block as rows, behind the tables."""
    copy = table + GROUPS * TABLE
    for i in range(ZERO, COLUMNS, LENGTH):
        for j in range(ZERO, COLUMNS, LENGTH):
            source = matrix + U(4) * (i * stride + j)
            transpose_block(source, U(4) * stride, copy + j * LINE + U(4) * i, LINE)
    return copy


@compiled
def start_fields(bias, has_bias, chains, stride, columns, fields):
    """Every chain starts at what units see of a bias."""
    for j in range(ZERO, columns):
        fields[j] = np.int32(seen(bias[j])) if has_bias else np.int32(0)
    for j in range(columns, stride):
        fields[j] = np.int32(0)
    for r in range(ONE, chains):
        for j in range(ZERO, stride):
            fields[r * stride + j] = fields[j]


@compiled
def multiply_means(
    means, rows, mean_stride, matrix, stride, turned, chains, columns, real, sums, fields
):  # fmt: skip
    """fields += (sum of means times rows) >> 15, or times columns, if `turned`. Those of `real`
    units' values end at the largest field."""
    down, across = (ONE, stride) if turned else (stride, ONE)
    size = chains * columns
    sums[:size] = NOTHING
    a, b = means[: chains * mean_stride], matrix[: (columns if turned else rows) * stride]
    products.add_product(
        a, mean_stride, ONE, b, down, across, UNSEEN, chains, rows, columns, sums[:size]
    )
    for k in range(ZERO, size):
        found = np.int64(fields[k]) + (sums[k] >> MEAN_BITS)
        fields[k] = np.int32(min(max(found, -HIGHEST), HIGHEST) if real else found)


@compiled
def scale(x, base, has_base, scales, chains, stride, fields):
    whole_vectors()
    numbers, shared = scales
    for r in range(ZERO, chains):
        s = np.int64(numbers[ZERO if shared else r])
        for k in range(r * stride, (r + ONE) * stride):
            scaled = (s * np.int64(x[k]) + ROUND) >> FRACTION
            fields[k] = np.int32(scaled + (np.int64(base[k]) if has_base else np.int64(0)))


@compiled
def copy_rows(x, stride, columns, chains, out, other):
    """The first columns of rows, into rows of another length."""
    for r in range(ZERO, chains):
        for k in range(ZERO, columns):
            out[r * other + k] = x[r * stride + k]


@compiled
def take_rows(x, columns, rows, chains, out, stride):
    """Chain r holds row rows[r]."""
    for r in range(ZERO, chains):
        first = U(rows[r]) * columns
        for k in range(ZERO, columns):
            out[r * stride + k] = x[first + k]


@compiled
def start_energies(chains, energies):
    for r in range(ZERO, chains):
        energies[r] = NOTHING


@compiled
def permute_energies(energies, rows, chains, out):
    """Chain r has the energy of chain rows[r]."""
    for r in range(ZERO, chains):
        out[r] = energies[U(rows[r])]


@compiled
def multiply_numbers(numbers, number_stride, features, fields, stride, chains, energies):
    """The energies minus the sum of every number times its field, each rounded."""
    for r in range(ZERO, chains):
        total = np.int64(0)
        for i in range(ZERO, features):
            product = np.int64(numbers[r * number_stride + i]) * np.int64(fields[r * stride + i])
            total += (product + HALF_MEAN) >> MEAN_BITS
        energies[r] -= total


@compiled
def squares(fields, stride, units, chains, energies):
    """The energies minus f^2 / 2 of the fields of real units, each rounded."""
    for r in range(ZERO, chains):
        total = np.int64(0)
        for i in range(r * stride, r * stride + units):
            x = np.int64(fields[i])
            total += (x * x + HALF_SQUARE) >> SQUARE
        energies[r] -= total


@compiled
def multiply_states(bits, width, features, ising, fields, stride, chains, energies):
    """The energies minus the sum of every state times its field."""
    for r in range(ZERO, chains):
        at, lane, total = (r >> LANE) * width, r & U(63), np.int64(0)
        for i in range(ZERO, features):
            bit = np.int64((bits[at + i] >> lane) & ONE)
            total += (bit + bit - np.int64(1) if ising else bit) * np.int64(fields[r * stride + i])
        energies[r] -= total
