"""Random words, defined exactly: counter-based, keyed by logical indices, equal on every backend.

A key is a pair of 64-bit words (a, b), in arrays the last axis `u64[..., 2]`. The host makes keys
along a path, one `fold` for each joint:

    seed -> scanned parameters (sorted by name, the bits of their float64) -> purpose -> level
         -> step -> slot

Kernels receive `keys[step, slot]` and draw bit plane k (most significant first) of canonical site i
in word w as `word(key, w * 2^40 + i * 2^6 + k)`. So no number depends on threads, chunks, layout,
or on which other draws exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack, unpack
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Key = tuple[int, int]
Generator = Literal["splitmix", "philox"]

PARAMETER, PURPOSE, LEVEL, STEP, SLOT = 1, 2, 3, 4, 5
"""Tags of `fold`, one for each joint of the key path. They never change: results are keyed by
them."""

PURPOSES = {
    "start": 1,
    "update": 2,
    "block": 3,
    "data": 4,
    "disorder": 5,
    "training": 6,
    "arrays": 7,
    "clusters": 8,
    "exchange": 9,
}
"""What a stream is for. The numbers never change."""

WORD_SHIFT, SITE_SHIFT = 40, 6
"""The counter of a plane: word * 2^40 + site * 2^6 + plane."""

_MASK = (1 << 64) - 1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_THREEFRY_PARITY = np.uint64(0x1BD11BDAA9FC1A22)
_THREEFRY_ROTATIONS = (16, 42, 12, 31, 16, 32, 24, 21)
_PHILOX_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_PHILOX_WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


@np.errstate(over="ignore")
def splitmix(key: Any, counter: Any) -> Words:
    """mix((a + c * 0x9E3779B97F4A7C15) ^ b) mod 2^64 for keys u64[..., 2] and counters c,
    broadcast, where mix is the finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    key = _words(key)
    z: Words = (key[..., 0] + _words(counter) * _GOLDEN) ^ key[..., 1]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


@np.errstate(over="ignore")
def philox(key: Any, counter: Any) -> Words:
    """out0 + 2^32 out1 of philox4x32-10 with key (a lo, a hi) and counter (c lo, c hi, b lo, b
    hi)."""
    key, counter = _words(key), _words(counter)
    a, b = key[..., 0], key[..., 1]
    block = (counter & _LOW, counter >> _32, b & _LOW, b >> _32)
    out = philox4x32(block, (a & _LOW, a >> _32))
    return np.asarray(out[0] | (out[1] << _32))


@np.errstate(over="ignore")
def philox4x32(
    counter: tuple[Words, ...], key: tuple[Words, Words], rounds: int = 10
) -> tuple[Words, ...]:
    """Philox4x32 of Salmon et al. 2011 on 32-bit halves held in u64 arrays."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(rounds):
        p0, p1 = _PHILOX_MULTIPLIERS[0] * c0, _PHILOX_MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (p1 >> _32) ^ c1 ^ k0, p1 & _LOW, (p0 >> _32) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _PHILOX_WEYL[0]) & _LOW, (k1 + _PHILOX_WEYL[1]) & _LOW
    return c0, c1, c2, c3


@np.errstate(over="ignore")
def threefry2x64(key: Any, counter: Any, rounds: int = 20) -> Words:
    """Threefry2x64 of Salmon et al. 2011: u64[..., 2] from keys u64[..., 2] and counters u64[...,
    2], broadcast."""
    key, counter = _words(key), _words(counter)
    schedule = (key[..., 0], key[..., 1], key[..., 0] ^ key[..., 1] ^ _THREEFRY_PARITY)
    x, y = counter[..., 0] + schedule[0], counter[..., 1] + schedule[1]
    for number in range(rounds):
        left = np.uint64(_THREEFRY_ROTATIONS[number % 8])
        x = x + y
        y = ((y << left) | (y >> (np.uint64(64) - left))) ^ x
        if number % 4 == 3:
            turn = number // 4 + 1
            x = x + schedule[turn % 3]
            y = y + schedule[(turn + 1) % 3] + np.uint64(turn)
    return np.stack(np.broadcast_arrays(x, y), axis=-1)


def word(key: Any, counter: Any, generator: Generator = "splitmix") -> Words:
    """Random words of the keys u64[..., 2] at the counters, broadcast against each other."""
    return philox(key, counter) if generator == "philox" else splitmix(key, counter)


def fold(key: Any, tag: int, number: Any) -> Words:
    """The child of a key: threefry2x64-20(key, (tag, number)). Keys u64[..., 2] and numbers are
    broadcast."""
    number = _words(number)
    counter = np.stack([np.full_like(number, tag), number], axis=-1)
    return threefry2x64(key, counter)


def counters(site: Any, words: Any) -> Words:
    """The counter of plane 0 for canonical site numbers and absolute word numbers, broadcast."""
    return np.asarray(
        (_words(words) << np.uint64(WORD_SHIFT)) | (_words(site) << np.uint64(SITE_SHIFT))
    )


def stream(seed: int, point: Mapping[str, float], purpose: str, level: int = 0) -> Key:
    """The key of one stream of a run: `seed` (any integer, mod 2^128), the *scanned* parameters of
    the point, what the numbers are for (`PURPOSES`), and the RG level. Raises `KeyError` for an
    unknown purpose."""
    key = np.array([seed & _MASK, (seed >> 64) & _MASK], dtype=np.uint64)
    for name in sorted(point):
        key = fold(key, PARAMETER, float_bits(point[name]))
    key = fold(fold(key, PURPOSE, PURPOSES[purpose]), LEVEL, level)
    return int(key[0]), int(key[1])


def float_bits(value: float) -> int:
    """The bits of a float64 as an integer. -0 counts as 0."""
    bits: int = unpack("<Q", pack("<d", float(value) + 0.0))[0]
    return bits


def step_keys(key: Key, start: int, count: int, draws: int) -> Words:
    """Keys u64[count, draws, 2] of the absolute steps start, start + 1, ..., for the draw slots 0
    .. draws - 1."""
    steps = fold(key, STEP, np.arange(start, start + count, dtype=np.uint64))
    return fold(steps[:, None, :], SLOT, np.arange(draws, dtype=np.uint64)[None, :])


def uniforms(
    key: Key, count: int, start: int = 0, generator: Generator = "splitmix"
) -> NDArray[np.float64]:
    """`count` numbers in [0, 1) with 53 bits, from the words at counters start, start + 1, ..."""
    bits = word(key, np.arange(start, start + count, dtype=np.uint64), generator) >> np.uint64(11)
    return bits.astype(np.float64) * 2.0**-53


def _words(value: Any) -> Words:
    """As u64, with at least one axis so that arithmetic wraps silently. Integers are taken mod
    2^64."""
    if isinstance(value, int):
        value = value & _MASK
    return np.asarray(value, dtype=np.uint64)
