"""The Walsh-Hadamard transform and what is computed from it.

chi_A(v) = (-1)^(number of bits that A and v share) are the characters of n bits. With bit 1 meaning
s = -1 they are the products of spins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import fsum, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

RADIX_BITS = 5


def fwht(values: Any) -> Any:
    """sum_v chi_A(v) values[v] for every A, from float64[2^n].

    The transform is unnormalised and in natural order, so that fwht(fwht(x)) = 2^n x. The argument
    may be overwritten; use the array that is returned. Every result is a sum of 2^n terms in n
    levels, with an error below n 2^-53 sum |values| up to a small factor. Raises `ValueError` where
    the length is not a power of two.
    """
    xp = values.__array_namespace__()
    size = values.shape[0]
    for radix in _digits(size):
        rows = xp.reshape(values, (radix, -1))
        values = xp.matmul(rows.T, xp.asarray(_hadamard(radix)))
    return xp.reshape(values, (size,))


def walsh_exp(
    masks: Sequence[int], coefficients: Sequence[float], bits: int, xp: Any
) -> tuple[float, Any]:
    """(ln S, w) with S = sum_v exp f(v) and w[A] = sum_v chi_A(v) exp f(v) / S, for f(v) = sum_k
    coefficients[k] chi_(masks[k])(v).

    f is a log-weight of `bits` Ising spins, ln S is ln Z, and w[A] is the thermal average of the
    product of the spins in A. The largest f is subtracted before exp, so that nothing overflows for
    any finite coefficients.
    """
    weights = fwht(xp.asarray(dense(masks, coefficients, bits)))
    largest = float(xp.max(weights))
    weights -= largest
    weights = xp.exp(weights)
    total = fsum(float(xp.sum(part)) for part in _parts(weights))
    weights /= total
    return largest + log(total), fwht(weights)


def dense(masks: Sequence[int], coefficients: Sequence[float], bits: int) -> NDArray[np.float64]:
    """The spectrum as float64[2^bits]. Coefficients of equal masks are added."""
    spectrum = np.zeros(1 << bits)
    np.add.at(
        spectrum, np.asarray(masks, dtype=np.int64), np.asarray(coefficients, dtype=np.float64)
    )
    return spectrum


def _parts(values: Any) -> Iterator[Any]:
    """The array in pieces whose sums are added exactly."""
    step = max(1, values.shape[0] // 1024)
    return (values[start : start + step] for start in range(0, values.shape[0], step))


def _digits(size: int) -> Iterator[int]:
    """Powers of two up to 2^RADIX_BITS whose product is the size."""
    bits = size.bit_length() - 1
    if size != 1 << bits:
        raise ValueError(f"a Walsh-Hadamard transform has 2^n points, not {size}")
    if bits % RADIX_BITS:
        yield 1 << bits % RADIX_BITS
    yield from (1 << RADIX_BITS for _ in range(bits // RADIX_BITS))


@lru_cache
def _hadamard(size: int) -> NDArray[np.float64]:
    """chi_A(v) as a matrix."""
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix
