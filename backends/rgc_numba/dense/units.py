"""Units that draw: what `rgc.program.units` says, on 64 chains a word.

Fields are int32[chain, column] with rows of `stride` columns. Bits are u64[word, feature] with rows
of so many features, 1 for the feature 1 or +1, and 0 in lanes without a chain.
"""

from __future__ import annotations

import numpy as np

from rgc.program.draws import SITE_SHIFT, WORD_SHIFT
from rgc.program.units import (
    EXP,
    FAR,
    FIELD_BITS,
    FRACTION_BITS,
    LN_2,
    LOG,
    LOG2_E,
    MEAN,
    OCTAVE_BITS,
    QUANTILE_BITS,
    REAL,
    quantiles,
)
from rgc_numba.dense.vectors import as_float, compiled, leading_zeros, whole_vectors

U = np.uint64
ZERO, ONE, LOW, HALF, LANE = U(0), U(1), U(0xFFFFFFFF), U(32), U(6)
E0, E1, E2, E3, E4, E5, E6 = map(U, EXP)
C0, C1, C2, C3, C4, C5, C6 = (np.float32((-1) ** k * c / 2**32) for k, c in enumerate(EXP))
EXPONENT, SMALL = np.float32(LOG2_E / 2**52), np.float32(2.0**-32)
MARGIN, ZERO_32 = np.float32(2.0**-20), np.float32(0)
BIAS, PLACE = np.int32(127), np.int32(23)
L0, L1, L2, L3, L4, L5, L6, L7, L8, L9, L10 = map(U, LOG)
LOG2_E_LOW, REACH, LOG_2 = U(LOG2_E - 2**32), np.int64(FAR), np.int64(LN_2)
PARTS = U(2 * MEAN)
TWENTY, INTEGER, TWELVE = U(20), U(52), np.int64(12)
GOLDEN = U(0x9E3779B97F4A7C15)
STEP = U(0x9E3779B97F4A7C15 * 2**SITE_SHIFT % 2**64)
WORD = U(WORD_SHIFT)
M1, M2, R1, R2, R3 = U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB), U(30), U(27), U(31)
HALF_ENERGY = np.int64(2**11)
QUANTILES = quantiles()
TAIL, REST, MOST = U(0x7FFFFFFF), U(2**FRACTION_BITS - 1), np.int64(REAL)
OCTAVE, FRACTION = U(OCTAVE_BITS), U(FRACTION_BITS)
FINER, HALF_QUANTILE = np.int64(QUANTILE_BITS), np.int64(2 ** (QUANTILE_BITS - 1))
COARSER, HALF_FIELD = np.int64(FIELD_BITS), np.int64(2 ** (FIELD_BITS - 1))


@compiled
def exp2neg(d):
    """2^32 exp(-d / 2^20) for int64 d >= 0."""
    d = U(min(d, REACH)) & LOW
    t = (d << HALF) + d * LOG2_E_LOW
    f = (t >> TWENTY) & LOW
    p = E5 - ((E6 * f) >> HALF)
    p = E4 - (((p & LOW) * f) >> HALF)
    p = E3 - (((p & LOW) * f) >> HALF)
    p = E2 - (((p & LOW) * f) >> HALF)
    p = E1 - (((p & LOW) * f) >> HALF)
    p = E0 - (((p & LOW) * f) >> HALF)
    return p >> (t >> INTEGER)


@compiled
def log1p(e):
    e, p = e & LOW, L10
    p = L9 - (((p & LOW) * e) >> HALF)
    p = L8 - (((p & LOW) * e) >> HALF)
    p = L7 - (((p & LOW) * e) >> HALF)
    p = L6 - (((p & LOW) * e) >> HALF)
    p = L5 - (((p & LOW) * e) >> HALF)
    p = L4 - (((p & LOW) * e) >> HALF)
    p = L3 - (((p & LOW) * e) >> HALF)
    p = L2 - (((p & LOW) * e) >> HALF)
    p = L1 - (((p & LOW) * e) >> HALF)
    p = L0 - (((p & LOW) * e) >> HALF)
    return ((p & LOW) * e) >> HALF


@compiled
def decide(x, u):
    """1 with probability 1 / (1 + exp(-x))."""
    e = exp2neg(abs(x)) & LOW
    unlikely = ONE if u + ((u * e) >> HALF) < e else ZERO
    likely = ONE if x > 0 else ZERO
    return likely ^ unlikely


@compiled
def mixed(z):
    z = (z ^ (z >> R1)) * M1
    z = (z ^ (z >> R2)) * M2
    return z ^ (z >> R3)


@compiled
def start_of(key, word, plane):
    """Where the stream of a key stands at unit 0, for a plane of a word."""
    return key + ((word << WORD) + plane) * GOLDEN


@compiled
def uniform(z, other, lane):
    """The half of a word of a stream that belongs to a lane."""
    return (mixed(z ^ other) >> (HALF * (lane & ONE))) & LOW


@compiled
def draw_words(z, other, low, high):
    """The uniforms of two chains: both halves of the words of a stream, unit by unit."""
    whole_vectors()
    for i in range(U(low.size)):
        drawn = mixed((z + i * STEP) ^ other)
        low[i], high[i] = np.uint32(drawn & LOW), np.uint32(drawn >> HALF)


@compiled
def exponential(t):
    """2^-t in float32: the polynomial of `exp2neg`."""
    n = np.floor(t)
    f = t - n
    p = C5 + C6 * f
    p = C4 + p * f
    p = C3 + p * f
    p = C2 + p * f
    p = C1 + p * f
    p = C0 + p * f
    return p * as_float(np.int32((BIAS - np.int32(n)) << PLACE))


@compiled
def decide_row(x, uniforms, twice, bit, found):
    """One bit of `found` for each unit, decided by float32. Returns whether that was too coarse for
    any of them."""
    whole_vectors()
    most, near, zero = np.int32(REACH >> twice), np.int32(0), np.uint32(0)
    least, unit = np.int32(-most), EXPONENT * np.float32(ONE << U(twice))
    for i in range(U(uniforms.size)):
        d = np.int32(abs(np.int32(min(max(x[i], least), most))))
        e = exponential(np.float32(d) * unit)
        u = np.float32(uniforms[i]) * SMALL
        less = e - (u + u * e)
        near = np.int32(near | np.int32(abs(less) < MARGIN))
        found[i] |= bit if (less > ZERO_32) != (x[i] > 0) else zero
    return near != 0


@compiled
def decide_again(x, uniforms, twice, bit, found):
    """The same bits, exactly."""
    for i in range(U(uniforms.size)):
        drawn = decide(np.int64(x[i]) << twice, U(uniforms[i]))
        found[i] = np.uint32(found[i] | bit if drawn else found[i] & ~bit)


@compiled
def draw_pairs(x, stride, units, chains, doubled, stream, bits, features):
    """Binary units, or Ising units where their fields are doubled."""
    key, other, word0 = stream
    twice = np.int64(doubled)
    uniforms, found = np.empty((2, stride), np.uint32), np.empty((2, stride), np.uint32)
    for w in range(ZERO, (chains + U(63)) >> LANE):
        found[:] = np.uint32(0)
        for r in range(w << LANE, min(chains, (w + ONE) << LANE)):
            lane = r & U(63)
            if lane & ONE == ZERO:
                start = start_of(key, word0 + w, lane >> ONE)
                draw_words(start, other, uniforms[0], uniforms[1])
            own, half = x[r * stride : (r + ONE) * stride], found[lane >> U(5)]
            given = own, uniforms[lane & ONE], twice, np.uint32(ONE << (lane & U(31))), half
            if decide_row(*given):
                decide_again(*given)
        at = w * features
        for i in range(ZERO, units):
            bits[at + i] = U(found[0, i]) | (U(found[1, i]) << HALF)
        bits[at + units : at + features] = ZERO


@compiled
def largest(x, first, states):
    most = np.int64(x[first])
    for a in range(ONE, states):
        most = max(most, np.int64(x[first + a]))
    return most


@compiled
def weigh(x, first, states, weights):
    """The weights of the states of a unit, and their sum."""
    most, total = largest(x, first, states), ZERO
    for a in range(ZERO, states):
        weights[a] = exp2neg(most - np.int64(x[first + a]))
        total += weights[a]
    return total


@compiled
def draw_states(x, stride, units, states, chains, stream, bits, features):
    """Softmax units: one bit of each unit and chain."""
    key, other, word0 = stream
    weights = np.empty(32, np.uint64)
    for k in range(ZERO, ((chains + U(63)) >> LANE) * features):
        bits[k] = ZERO
    for r in range(ZERO, chains):
        w, lane = r >> LANE, r & U(63)
        z = start_of(key, word0 + w, lane >> ONE)
        for i in range(ZERO, units):
            u = uniform(z + i * STEP, other, lane)
            total = weigh(x, r * stride + i * states, states, weights)
            below = u * (total >> HALF) + ((u * (total & LOW)) >> HALF)
            a, so_far = ZERO, weights[0]
            while so_far <= below:
                a += ONE
                so_far += weights[a]
            bits[w * features + i * states + a] |= ONE << lane


@compiled
def normal(u):
    """A normal number of mean 0 and variance 1 in units of 1 / MEAN."""
    w = ((u & TAIL) << ONE) + ONE
    k = U(63) - leading_zeros(w)
    f = (w << (U(31) - k)) & TAIL
    place = np.int64((k << OCTAVE) + (f >> FRACTION))
    low, rest = QUANTILES[place], np.int64(f & REST)
    found = low + (((QUANTILES[place + 1] - low) * rest) >> np.int64(FRACTION))
    found = (found + HALF_QUANTILE) >> FINER
    return found if u >> U(31) == ZERO else -found


@compiled
def draw_reals(x, stride, units, chains, stream, values):
    """Real units, int32[chain, column] of the same stride."""
    key, other, word0 = stream
    uniforms = np.empty((2, stride), np.uint32)
    for r in range(ZERO, chains):
        lane = r & U(63)
        if lane & ONE == ZERO:
            start = start_of(key, word0 + (r >> LANE), lane >> ONE)
            draw_words(start, other, uniforms[0], uniforms[1])
        own, first, last = uniforms[lane & ONE], r * stride, (r + ONE) * stride
        draw_normals(x[first:last], own, values[first:last])
        for i in range(first + units, last):
            values[i] = np.int32(0)


@compiled
def draw_normals(x, uniforms, values):
    whole_vectors()
    for i in range(U(uniforms.size)):
        found = real_mean(x[i]) + normal(U(uniforms[i]))
        values[i] = np.int32(min(max(found, -MOST), MOST))


@compiled
def real_mean(x):
    return (np.int64(x) + HALF_FIELD) >> COARSER


@compiled
def means_of_reals(x, stride, chains, means):
    for k in range(ZERO, chains * stride):
        means[k] = np.int32(real_mean(x[k]))


@compiled
def share(part, whole):
    return np.int32((part * PARTS + whole) // (U(2) * whole))


@compiled
def means_of_pairs(x, stride, units, chains, ising, means):
    """Means of binary units, or of Ising units, int32[chain, column] of the same stride."""
    twice = np.int64(ising)
    for r in range(ZERO, chains):
        for i in range(r * stride, r * stride + units):
            d = np.int64(x[i]) << twice
            own = exp2neg(max(-d, np.int64(0)))
            mean = share(own, own + exp2neg(max(d, np.int64(0))))
            means[i] = np.int32(2 * mean - MEAN) if ising else mean


@compiled
def means_of_states(x, stride, units, states, chains, means):
    weights = np.empty(32, np.uint64)
    for r in range(ZERO, chains):
        for i in range(ZERO, units):
            first = r * stride + i * states
            total = weigh(x, first, states, weights)
            for a in range(ZERO, states):
                means[first + a] = share(weights[a], total)


@compiled
def logs_of_pairs(x, stride, units, chains, ising, energies):
    """The logarithms of the partition sums of all units are taken from the energies."""
    whole_vectors()
    for r in range(ZERO, chains):
        total = np.int64(0)
        for i in range(r * stride, r * stride + units):
            d = np.int64(x[i])
            largest = abs(d) if ising else max(d, np.int64(0))
            distance = abs(d) << np.int64(ising)
            total += (largest << TWELVE) + np.int64(log1p(exp2neg(distance)))
        energies[r] -= (total + HALF_ENERGY) >> TWELVE


@compiled
def logs_of_states(x, stride, units, states, chains, energies):
    weights = np.empty(32, np.uint64)
    for r in range(ZERO, chains):
        total = np.int64(0)
        for i in range(ZERO, units):
            first = r * stride + i * states
            sum_ = weigh(x, first, states, weights)
            k = ZERO
            while (sum_ >> k) > ONE:
                k += ONE
            e = ((sum_ << (U(63) - k)) >> U(31)) & LOW
            log = (np.int64(k) - np.int64(32)) * LOG_2 + np.int64(log1p(e))
            total += (largest(x, first, states) << TWELVE) + log
        energies[r] -= (total + HALF_ENERGY) >> TWELVE


@compiled
def exchange(energies, scales, chains, temperatures, first, stream, rows):
    """Which chain each chain is afterwards, of those at neighbouring temperatures."""
    size, (numbers, shared), (key, other, word0) = chains // temperatures, scales, stream
    for r in range(ZERO, chains):
        rows[r] = np.int32(r)
    for t in range(first, temperatures - ONE, U(2)):
        for r in range(t * size, (t + ONE) * size):
            own = np.int64(numbers[ZERO if shared else r])
            above = np.int64(numbers[ZERO if shared else r + size])
            step = ((above - own) * (energies[r] - energies[r + size])) >> np.int64(16)
            lane = r & U(63)
            z = start_of(key, word0 + (r >> LANE), lane >> ONE)
            u = uniform(z, other, lane)
            if step <= 0 or u < exp2neg(step):
                rows[r], rows[r + size] = np.int32(r + size), np.int32(r)
