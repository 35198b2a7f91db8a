"""Walsh-Hadamard transforms in blocks: 2^12 numbers in the first cache, a few such blocks in the
second, radix 8 over the memory.

A sweep over the memory costs what reading and writing it costs, so each does three levels. More
would need more lines of one set of the cache than it has, since all strides are powers of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, fsum, log
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc_numba.cache import load

Floats = NDArray[np.float64]

FIRST = 12  # bits of a block in the first cache: 32 KiB
SECOND = 4  # further bits of a block in the second, at most: 512 KiB
DENSE = (
    32  # a spectrum with more than one term in so many states of a block is transformed as a whole
)

# -- generated code

PREAMBLE = """\
import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")
U = np.uint64
"""

COMBINE = '''

@compiled
def block(x):
    """All levels of a contiguous block."""
    size = x.size
    h = 1
    if size >= 8:
        fixed_8_1(x)
        h = 8
    if size >= 64:
        fixed_8_8(x)
        h = 64
    higher(x, h)


@compiled
def higher(x, h):
    """The levels from h to the length of x."""
    while 8 * h <= x.size:
        radix_8(x, h)
        h *= 8
    if 4 * h <= x.size:
        radix_4(x, h)
        h *= 4
    if 2 * h <= x.size:
        radix_2(x, h)


@compiled
def evaluate(x, low, high, values, at, first):
    """x[v] = sum over k of values[k] chi_(low[k] + high[k])(at + v): one block, from a sparse
    spectrum."""
    x[:] = 0.0
    for k in range(values.size):
        shared = high[k] & at
        odd = False
        while shared:
            shared &= shared - U(1)
            odd = not odd
        x[low[k]] += -values[k] if odd else values[k]
    for start in range(0, x.size, first):
        block(x[start : start + first])
    higher(x, first)
'''


def _butterfly(radix: int) -> tuple[list[str], list[str]]:
    """Statements that transform a0, a1, ..., and the names of the results."""
    lines, names, h, number = [], [f"a{k}" for k in range(radix)], 1, 0
    while h < radix:
        for low in (k for k in range(radix) if not k & h):
            a, b = names[low], names[low + h]
            names[low], names[low + h] = f"t{number}", f"t{number + 1}"
            lines += [f"t{number} = {a} + {b}", f"t{number + 1} = {a} - {b}"]
            number += 2
        h *= 2
    return lines, names


def _fixed(radix: int, h: int) -> str:
    """Levels h to radix * h of x. Indices are unsigned: numba would test signed ones for being
    negative, and LLVM give up on vectors."""
    lines, names = _butterfly(radix)
    body = [f"a{k} = x[j + U({k * h})]" for k in range(radix)]
    body += [*lines, *(f"x[j + U({k * h})] = {names[k]}" for k in range(radix))]
    head = f"\n\n@compiled\ndef fixed_{radix}_{h}(x):\n"
    head += f"    for base in range(U(0), U(x.size), U({radix * h})):\n"
    return head + f"        for j in range(base, base + U({h})):\n" + _indented(body, 12)


def _radix(radix: int) -> str:
    """Levels h to radix * h of x for any h. Its rows are slices, which LLVM makes vectors of."""
    lines, names = _butterfly(radix)
    rows = [f"r{k} = x[base + {k} * h : base + {k + 1} * h]" for k in range(radix)]
    body = [f"a{k} = r{k}[j]" for k in range(radix)]
    body += [*lines, *(f"r{k}[j] = {names[k]}" for k in range(radix))]
    head = (
        f"\n\n@compiled\ndef radix_{radix}(x, h):\n    for base in range(0, x.size, {radix} * h):\n"
    )
    return head + _indented(rows, 8) + "        for j in range(h):\n" + _indented(body, 12)


def _indented(lines: Sequence[str], by: int) -> str:
    return "".join(" " * by + line + "\n" for line in lines)


@lru_cache(maxsize=1)
def kernels() -> ModuleType:
    parts = [PREAMBLE, _fixed(8, 1), _fixed(8, 8), *(_radix(radix) for radix in (2, 4, 8)), COMBINE]
    return load("".join(parts))


# -- routines


def fwht(argument: Any) -> Floats:
    """See `rgc.routines.walsh.fwht`. In place where the argument is a contiguous float64 array."""
    values: Floats = np.ascontiguousarray(argument, dtype=np.float64)
    bits = _bits(values.size)
    run, first, second = kernels(), *_blocks(bits)
    for start in range(0, values.size, second):
        _inside(values[start : start + second], first)
    run.higher(values, second)
    return values


def _inside(part: Floats, first: int) -> None:
    """The levels inside a block of the second cache."""
    run = kernels()
    for start in range(0, part.size, first):
        run.block(part[start : start + first])
    run.higher(part, first)


def _bits(size: int) -> int:
    bits = size.bit_length() - 1
    if size != 1 << bits:
        raise ValueError(f"a Walsh-Hadamard transform has 2^n points, not {size}")
    return bits


def _blocks(bits: int) -> tuple[int, int]:
    """The lengths of the blocks of the first and of the second cache: what remains is swept three
    levels at a time."""
    first = min(bits, FIRST)
    rest = bits - first
    second = rest if rest <= SECOND else SECOND - (SECOND - rest) % 3
    return 1 << first, 1 << first + second


def walsh_exp(
    masks: Sequence[int], coefficients: Sequence[float], bits: int, xp: Any
) -> tuple[float, Floats]:
    """See `rgc.routines.walsh.walsh_exp`. Where the spectrum is sparse each block of f is made from
    it when its turn comes. Every block is exponentiated less its own largest value, and the
    second transform rescales it."""
    first, second = _blocks(_bits(1 << bits))
    found, values = _merged(masks, coefficients)
    sparse = len(found) <= second // DENSE
    weights = np.empty(1 << bits) if sparse else fwht(_dense(found, values, bits))
    parts = weights.reshape(-1, second)
    largest, sums = np.empty(len(parts)), np.empty(len(parts))
    low, high = found & np.uint64(second - 1), found & ~np.uint64(second - 1)
    for k, part in enumerate(parts):
        if sparse:
            kernels().evaluate(part, low, high, values, np.uint64(k * second), first)
        largest[k] = part.max()
        np.subtract(part, largest[k], out=part)
        np.exp(part, out=part)
        sums[k] = part.sum()
    top = float(largest.max())
    total = fsum(exp(m - top) * s for m, s in zip(largest, sums, strict=True))
    for part, m in zip(parts, largest, strict=True):
        np.multiply(part, exp(m - top) / total, out=part)
        _inside(part, first)
    kernels().higher(weights, second)
    return top + log(total), weights


def _merged(
    masks: Sequence[int], coefficients: Sequence[float]
) -> tuple[NDArray[np.uint64], Floats]:
    """Each mask once, with the sum of its coefficients."""
    found, place = np.unique(np.asarray(masks, dtype=np.uint64), return_inverse=True)
    values = np.zeros(len(found))
    np.add.at(values, place, np.asarray(coefficients, dtype=np.float64))
    return found, values


def _dense(masks: NDArray[np.uint64], values: Floats, bits: int) -> Floats:
    spectrum = np.zeros(1 << bits)
    spectrum[masks] = values
    return spectrum
