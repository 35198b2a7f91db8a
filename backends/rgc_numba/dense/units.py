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
from rgc_numba.dense.vectors import compiled, whole_vectors

U = np.uint64
ZERO, ONE, LOW, HALF, LANE = U(0), U(1), U(0xFFFFFFFF), U(32), U(6)
E0, E1, E2, E3, E4, E5, E6 = map(U, EXP)
LOGS = np.array(LOG, dtype=np.uint64)
LOG2_E_LOW, REACH, LOG_2 = U(LOG2_E - 2**32), np.int64(FAR), np.int64(LN_2)
PARTS = U(2 * MEAN)
TWENTY, INTEGER, TWELVE = U(20), U(52), np.int64(12)
GOLDEN = U(0x9E3779B97F4A7C15)
STEP = U(0x9E3779B97F4A7C15 * 2**SITE_SHIFT % 2**64)
WORD = U(WORD_SHIFT)
M1, M2, R1, R2, R3 = U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB), U(30), U(27), U(31)
HALF_ENERGY = np.int64(2**11)
QUANTILES = quantiles()
TAIL, REST, MOST = U(0x7FFFFFFF), np.int64(2**FRACTION_BITS - 1), np.int64(REAL)
OCTAVE, FRACTION = np.int64(OCTAVE_BITS), np.int64(FRACTION_BITS)
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
    p = LOGS[10]
    for k in range(9, -1, -1):
        p = LOGS[k] - ((p * e) >> HALF)
    return (p * e) >> HALF


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
def draw_pairs(x, stride, units, chains, doubled, key, other, word0, bits, features):
    """Binary units, or Ising units where their fields are doubled."""
    whole_vectors()
    twice = np.int64(doubled)
    for w in range(ZERO, (chains + U(63)) >> LANE):
        at = w * features
        for i in range(ZERO, features):
            bits[at + i] = ZERO
        for plane in range(ZERO, U(32)):
            r = (w << LANE) + U(2) * plane
            if r >= chains:
                break
            single = r + ONE == chains
            first, second = r * stride, (r if single else r + ONE) * stride
            keep, shift = ONE if single else U(3), U(2) * plane
            z = start_of(key, word0 + w, plane)
            for i in range(ZERO, units):
                drawn = mixed(z ^ other)
                z += STEP
                a = decide(np.int64(x[first + i]) << twice, drawn & LOW)
                b = decide(np.int64(x[second + i]) << twice, drawn >> HALF)
                bits[at + i] |= ((a | (b << ONE)) & keep) << shift


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
def draw_states(x, stride, units, states, chains, key, other, word0, bits, features):
    """Softmax units: one bit of each unit and chain."""
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
    w = np.int64((u & TAIL) << ONE) + np.int64(1)
    k = np.int64(31)
    while (w >> k) == np.int64(0):
        k -= np.int64(1)
    f = (w << (np.int64(31) - k)) & np.int64(TAIL)
    place, rest = U((k << OCTAVE) + (f >> FRACTION)), f & REST
    low = QUANTILES[place]
    found = low + (((QUANTILES[place + ONE] - low) * rest) >> FRACTION)
    found = (found + HALF_QUANTILE) >> FINER
    return found if u >> U(31) == ZERO else -found


@compiled
def draw_reals(x, stride, units, chains, key, other, word0, values):
    """Real units, int32[chain, column] of the same stride."""
    for r in range(ZERO, chains):
        w, lane = r >> LANE, r & U(63)
        z = start_of(key, word0 + w, lane >> ONE)
        for i in range(ZERO, units):
            found = real_mean(x[r * stride + i]) + normal(uniform(z + i * STEP, other, lane))
            values[r * stride + i] = np.int32(min(max(found, -MOST), MOST))


@compiled
def real_mean(x):
    return (np.int64(x) + HALF_FIELD) >> COARSER


@compiled
def means_of_reals(x, size, means):
    for k in range(ZERO, size):
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
def exchange(energies, scales, shared, chains, temperatures, first, key, other, word0, rows):
    """Which chain each chain is afterwards, of those at neighbouring temperatures."""
    size = chains // temperatures
    for r in range(ZERO, chains):
        rows[r] = np.int32(r)
    for t in range(first, temperatures - ONE, U(2)):
        for r in range(t * size, (t + ONE) * size):
            own = np.int64(scales[ZERO if shared else r])
            above = np.int64(scales[ZERO if shared else r + size])
            step = ((above - own) * (energies[r] - energies[r + size])) >> np.int64(16)
            lane = r & U(63)
            z = start_of(key, word0 + (r >> LANE), lane >> ONE)
            u = uniform(z, other, lane)
            if step <= 0 or u < exp2neg(step):
                rows[r], rows[r + size] = np.int32(r + size), np.int32(r)
