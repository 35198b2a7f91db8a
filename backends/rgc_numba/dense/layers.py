"""States and fields of layers.

Bits are u64[word, feature] with rows of `width` features, as in `units.py`; canonical fields are
u64[planes, units, word]. Fields are int32[chain, column] with rows of `stride` columns.
"""

from __future__ import annotations

import numpy as np

from rgc_numba.dense.vectors import (
    BLOCK,
    ENTRIES,
    GROUP,
    NARROW,
    WIDE,
    add_narrow,
    add_wide,
    compiled,
    popcount,
    tabulate_narrow,
    tabulate_wide,
    whole_vectors,
)

U = np.uint64
ZERO, ONE, LANE, ALL = U(0), U(1), U(6), U(0xFFFFFFFFFFFFFFFF)
GROUPS, GROUP_ROWS = U(BLOCK), U(GROUP)
BLOCK_ROWS = U(BLOCK * GROUP)
WIDE_BYTES, NARROW_BYTES = U(4 * WIDE * ENTRIES), U(4 * NARROW * ENTRIES)
ROUND, FRACTION, MEAN_BITS = np.int64(2**15), np.int64(16), np.int64(15)


@compiled
def live(chains, word):
    """The lanes of a word that hold chains."""
    left = chains - (word << LANE)
    return ALL if left >= U(64) else (ONE << left) - ONE


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
def encode(bits, width, chains, blocks, codes):
    """codes[block, chain]: the bits of every group of features of a block, 8 bits for each."""
    whole_vectors()
    for w in range(ZERO, (chains + U(63)) >> LANE):
        most = min(U(64), chains - (w << LANE))
        for block in range(ZERO, blocks):
            first = block * chains + (w << LANE)
            for s in range(ZERO, most):
                codes[first + s] = ZERO
            for group in range(ZERO, GROUPS):
                at, place = w * width + block * BLOCK_ROWS + group * GROUP_ROWS, group << U(3)
                a, b, c = bits[at], bits[at + U(1)], bits[at + U(2)]
                d, e = bits[at + U(3)], bits[at + U(4)]
                for s in range(ZERO, most):
                    low = ((a >> s) & ONE) | ((b >> s) & ONE) << U(1) | ((c >> s) & ONE) << U(2)
                    code = low | ((d >> s) & ONE) << U(3) | ((e >> s) & ONE) << U(4)
                    codes[first + s] |= code << place


@compiled
def encode_chains(bits, width, features, chains, blocks, codes):
    """codes[block, feature]: the same with the bits of groups of chains."""
    for block in range(ZERO, blocks):
        for i in range(ZERO, features):
            word = ZERO
            for group in range(ZERO, GROUPS):
                for s in range(ZERO, GROUP_ROWS):
                    r = (block * GROUPS + group) * GROUP_ROWS + s
                    if r < chains:
                        bit = (bits[(r >> LANE) * width + i] >> (r & U(63))) & ONE
                        word |= bit << ((group << U(3)) + s)
            codes[block * features + i] = word


@compiled
def multiply(codes, chains, blocks, matrix, stride, signs, table, fields):
    """fields[chain] += sum of the rows of a matrix that its bits name; with `signs` the others are
    taken away. Matrix, table and fields are addresses of int32."""
    row_bytes = U(4) * stride
    column = ZERO
    while column + U(WIDE) <= stride:
        for block in range(ZERO, blocks):
            first = matrix + block * BLOCK_ROWS * row_bytes + U(4) * column
            for group in range(ZERO, GROUPS):
                rows = first + group * GROUP_ROWS * row_bytes
                tabulate_wide(table + group * WIDE_BYTES, rows, row_bytes, signs)
            for r in range(ZERO, chains):
                code = codes + U(8) * (block * chains + r)
                add_wide(fields + r * row_bytes + U(4) * column, table, code)
        column += U(WIDE)
    if column < stride:
        for block in range(ZERO, blocks):
            first = matrix + block * BLOCK_ROWS * row_bytes + U(4) * column
            for group in range(ZERO, GROUPS):
                rows = first + group * GROUP_ROWS * row_bytes
                tabulate_narrow(table + group * NARROW_BYTES, rows, row_bytes, signs)
            for r in range(ZERO, chains):
                code = codes + U(8) * (block * chains + r)
                add_narrow(fields + r * row_bytes + U(4) * column, table, code)


@compiled
def start_fields(bias, has_bias, chains, stride, columns, fields):
    """Every chain starts at what units see of a bias."""
    for j in range(ZERO, columns):
        fields[j] = np.int32((bias[j] + np.int64(32)) >> np.int64(6)) if has_bias else np.int32(0)
    for j in range(columns, stride):
        fields[j] = np.int32(0)
    for r in range(ONE, chains):
        for j in range(ZERO, stride):
            fields[r * stride + j] = fields[j]


@compiled
def multiply_means(means, rows, mean_stride, matrix, chains, stride, fields):
    """fields += (sum of means times rows) >> 15."""
    total = np.empty(stride, np.int64)
    for r in range(ZERO, chains):
        for j in range(ZERO, stride):
            total[j] = np.int64(0)
        for i in range(ZERO, rows):
            mean = np.int64(means[r * mean_stride + i])
            for j in range(ZERO, stride):
                total[j] += mean * np.int64(matrix[i * stride + j])
        for j in range(ZERO, stride):
            at = r * stride + j
            fields[at] = np.int32(np.int64(fields[at]) + (total[j] >> MEAN_BITS))


@compiled
def scale(x, base, has_base, scales, shared, chains, stride, fields):
    for r in range(ZERO, chains):
        s = np.int64(scales[ZERO if shared else r])
        for k in range(r * stride, (r + ONE) * stride):
            scaled = (s * np.int64(x[k]) + ROUND) >> FRACTION
            fields[k] = np.int32(scaled + (np.int64(base[k]) if has_base else np.int64(0)))


@compiled
def multiply_states(bits, width, features, ising, fields, stride, chains, energies):
    """The energies minus the sum of every state times its field."""
    for r in range(ZERO, chains):
        at, lane, total = (r >> LANE) * width, r & U(63), np.int64(0)
        for i in range(ZERO, features):
            bit = np.int64((bits[at + i] >> lane) & ONE)
            total += (bit + bit - np.int64(1) if ising else bit) * np.int64(fields[r * stride + i])
        energies[r] -= total


@compiled
def largest_field(fields, chains, stride, columns):
    most = np.int64(0)
    for r in range(ZERO, chains):
        for k in range(r * stride, r * stride + columns):
            most = max(most, abs(np.int64(fields[k])))
    return most


@compiled
def mismatches(one, other, width, units, states, words):
    """Units and chains that differ. Two states of a softmax unit differ in two bits."""
    found = ZERO
    for w in range(ZERO, words):
        for k in range(w * width, w * width + units * states):
            found += popcount(one[k] ^ other[k])
    return found if states == ONE else found >> ONE


@compiled
def reach(matrix, has_matrix, rows, letters, stride, columns, bias, has_bias):
    """The largest sum of absolute values over the units of a layer, and the bias."""
    total, most = np.zeros(stride, np.int64), np.zeros(stride, np.int64)
    if has_matrix:
        for i in range(ZERO, rows // letters):
            for j in range(ZERO, columns):
                most[j] = np.int64(0)
            for a in range(ZERO, letters):
                first = (i * letters + a) * stride
                for j in range(ZERO, columns):
                    most[j] = max(most[j], abs(np.int64(matrix[first + j])))
            for j in range(ZERO, columns):
                total[j] += most[j]
    result = np.int64(0)
    for j in range(ZERO, columns):
        own = abs((bias[j] + np.int64(32)) >> np.int64(6)) if has_bias else np.int64(0)
        result = max(result, total[j] + own)
    return result
