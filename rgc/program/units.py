"""How the units of a machine decide, in integers: the same bits on every backend.

A field x is an integer in units of 2^-20 kT (`UNIT`), and U is the uniform of 32 bits of a unit and
a chain (`uniforms`). No float is rounded, and no table is read but that of normal quantiles.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.program.draws import Generator, Words, counters, word
from rgc.program.exponentials import UNIT

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]

LOG2_E = 6196328019
"""log2(e) 2^32."""

FAR = 32 * UNIT
"""No chance of 32 bits is left beyond 32 kT: exp2neg(d) = 0 for d >= FAR."""

EXP = (4294967290, 2977043890, 1031755646, 238331739, 41145185, 5478403, 469564)
"""2^32 |c_k| of the polynomial of degree 6 that is 2^-f at Chebyshev's points of [0, 1]. Its signs
alternate."""

LOG = (
    4294967292,
    2147482767,
    1431619868,
    1073161851,
    854089478,
    690958147,
    531630874,
    351673680,
    176121893,
    56641284,
    8532797,
)
"""The same of degree 10 for log(1 + e) / e."""

LN_2 = 2977044472
"""log(2) 2^32."""

MEAN_BITS = 15

MEAN = 1 << MEAN_BITS
"""Means of units are integers in units of 1 / MEAN."""

REAL = 1 << 26
"""The largest absolute value of a real unit, 2^11, in units of 1 / MEAN."""

FIELD_BITS = 5
"""Bits by which the unit of fields is finer than that of means."""

QUANTILE_BITS = 8
"""Bits of a quantile below the unit of means."""

OCTAVE_BITS, OCTAVES = 7, 32
"""Quantiles in each factor 2 of the chance of the tail, and how many such factors there are."""

FRACTION_BITS = 31 - OCTAVE_BITS

_32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def exp2neg(distance: Any) -> Words:
    """2^32 exp(-d / 2^20) for integers d >= 0, at most 7.5 too small or too large. The largest
    value, at d = 0, is 2^32 - 6."""
    d = np.minimum(np.asarray(distance, dtype=np.uint64), np.uint64(FAR))
    t = d * np.uint64(LOG2_E)
    return np.asarray(_alternating(EXP, (t >> np.uint64(20)) & _LOW) >> (t >> np.uint64(52)))


def log1p(e: Words) -> Words:
    """2^32 log(1 + e / 2^32) for 0 <= e < 2^32, at most 6 too small or too large."""
    return np.asarray((_alternating(LOG, e) * e) >> _32)


def _alternating(coefficients: tuple[int, ...], x: Words) -> Words:
    """c_0 - c_1 x + c_2 x^2 - ... by Horner's rule, all in units of 2^-32, each product cut off."""
    value = np.full_like(x, coefficients[-1])
    for each in coefficients[-2::-1]:
        value = np.uint64(each) - ((value * x) >> _32)
    return value


def uniforms(
    key: Words, units: int, chains: int, word0: int = 0, generator: Generator = "splitmix"
) -> Words:
    """The U of every unit and chain, u64[unit, chain] below 2^32.

    That of unit i and chain r is half r & 1 (0: low) of plane (r mod 64) // 2 of the draw's word
    `word(key, w * 2^40 + i * 2^6 + plane)`, with w = word0 + r // 64.
    """
    r = np.arange(chains, dtype=np.uint64)
    plane = (r & np.uint64(63)) >> np.uint64(1)
    counter = counters(np.arange(units)[:, None], np.uint64(word0) + (r >> np.uint64(6)))
    drawn = word(key, counter + plane, generator)
    return np.asarray((drawn >> (_32 * (r & np.uint64(1)))) & _LOW)


def binary(x: Integers, uniform: Words) -> Bits:
    """Where a binary unit is 1, with probability 1 / (1 + exp(-x)).

    With E = exp2neg(|x|), it takes the unlikelier state where U + floor(U E / 2^32) < E. At x = 0
    the unlikelier state is 1.
    """
    e = exp2neg(np.abs(x))
    unlikely = uniform + ((uniform * e) >> _32) < e
    return np.asarray((x > 0) ^ unlikely)


def ising(x: Integers, uniform: Words) -> Bits:
    """Where an Ising unit is +1, with probability 1 / (1 + exp(-2 x))."""
    return binary(2 * x, uniform)


def softmax(x: Integers, uniform: Words) -> Integers:
    """The state a of a unit with the fields x[..., a], with probability w_a / S: the first with
    w_0 + ... + w_a > floor(U S / 2^32), where w_a = exp2neg(max x - x_a) and S is their sum."""
    total = np.cumsum(_weights(x), axis=-1, dtype=np.uint64)
    high, low = total[..., -1] >> _32, total[..., -1] & _LOW
    below = uniform * high + ((uniform * low) >> _32)  # no product has more than 64 bits
    return np.asarray((total <= below[..., None]).sum(axis=-1, dtype=np.int64))


def binary_mean(x: Integers) -> Integers:
    """The mean of a binary unit in units of 1 / MEAN, to the nearest: floor((2 MEAN w + n) / 2n)
    with w of 1, w = exp2neg(max(-x, 0)), and n the sum over both states."""
    own, other = exp2neg(np.maximum(-x, 0)), exp2neg(np.maximum(x, 0))
    return _share(own, own + other)


def ising_mean(x: Integers) -> Integers:
    """The mean of an Ising unit in units of 1 / MEAN."""
    return 2 * binary_mean(2 * x) - MEAN


def softmax_mean(x: Integers) -> Integers:
    """The chance of every state of a unit with the fields x[..., a], in units of 1 / MEAN."""
    weights = _weights(x)
    return _share(weights, weights.sum(axis=-1, dtype=np.uint64)[..., None])


@lru_cache(maxsize=1)
def quantiles() -> Integers:
    """-Q(t) of the normal distribution, at t = 2^(k - 33) (1 + j / 2^7) for k below 32 and j below
    2^7, in that order, and 0 at t = 1/2; in units of 2^-8 / MEAN, to the nearest."""
    steps = 1 << OCTAVE_BITS
    tails = (2.0 ** (k - 33) * (1 + j / steps) for k in range(OCTAVES) for j in range(steps))
    unit, normal = MEAN << QUANTILE_BITS, NormalDist()
    found = np.array([*(round(-normal.inv_cdf(t) * unit) for t in tails), 0], dtype=np.int64)
    found.setflags(write=False)
    return found


def normal(uniform: Words) -> Integers:
    """A normal number of mean 0 and variance 1, in units of 1 / MEAN.

    Its sign is that of bit 31 of U, + where that is 0. The other bits m say the chance of the tail,
    t = (2 m + 1) 2^-33; between the entries of `quantiles` the quantile is linear in t.
    """
    w = 2 * (uniform & np.uint64(0x7FFFFFFF)).astype(np.int64) + 1
    k = np.frexp(w.astype(np.float64))[1].astype(np.int64) - 1
    f = (w << (31 - k)) & 0x7FFFFFFF
    table, place = quantiles(), (k << OCTAVE_BITS) + (f >> FRACTION_BITS)
    rest = f & ((1 << FRACTION_BITS) - 1)
    found = table[place] + (((table[place + 1] - table[place]) * rest) >> FRACTION_BITS)
    found = (found + (1 << QUANTILE_BITS >> 1)) >> QUANTILE_BITS
    return np.asarray(np.where(uniform >> np.uint64(31) == 0, found, -found))


def gaussian(x: Integers, uniform: Words) -> Integers:
    """The value of a real unit, a normal number about its mean, within `REAL`."""
    return np.asarray(np.clip(gaussian_mean(x) + normal(uniform), -REAL, REAL))


def gaussian_mean(x: Integers) -> Integers:
    """The mean of a real unit in units of 1 / MEAN, which is its field, to the nearest."""
    return np.asarray((x + (1 << FIELD_BITS >> 1)) >> FIELD_BITS)


def gaussian_energy(x: Integers) -> Integers:
    """x^2 / 2 in units of 2^-20, to the nearest: the logarithm of the partition sum of a real unit
    but for ln(2 pi) / 2."""
    return np.asarray((x * x + (1 << 20)) >> 21)


def binary_log(x: Integers) -> Integers:
    """2^32 log(1 + exp(x)), the logarithm of the sum over both states of a binary unit."""
    return np.asarray((np.maximum(x, 0) << 12) + log1p(exp2neg(np.abs(x))).astype(np.int64))


def ising_log(x: Integers) -> Integers:
    """2^32 log(2 cosh x)."""
    return np.asarray((np.abs(x) << 12) + log1p(exp2neg(2 * np.abs(x))).astype(np.int64))


def softmax_log(x: Integers) -> Integers:
    """2^32 log of the sum of exp(x[..., a]): with S = sum of w_a = 2^k (1 + e), and 32 bits of e,
    max x + (k - 32) log 2 + log(1 + e)."""
    total = _weights(x).sum(axis=-1, dtype=np.uint64)
    k = np.frexp(total.astype(np.float64))[1].astype(np.int64) - 1
    e = ((total << (63 - k).astype(np.uint64)) >> np.uint64(31)) & _LOW
    log = (k - 32) * LN_2 + log1p(e).astype(np.int64)
    return np.asarray((x.max(axis=-1) << 12) + log)


def accepted(x: Integers, uniform: Words) -> Bits:
    """Where a step of energy x is taken, with probability min(1, exp(-x))."""
    return np.asarray((x <= 0) | (uniform < exp2neg(np.maximum(x, 0))))


def _weights(x: Integers) -> Words:
    return exp2neg(x.max(axis=-1, keepdims=True) - x)


def _share(part: Words, whole: Words) -> Integers:
    """MEAN part / whole, to the nearest."""
    twice = np.uint64(2)
    return np.asarray((part * np.uint64(2 * MEAN) + whole) // (twice * whole)).astype(np.int64)
