"""The unit of energies, and tables of exponentials that the host makes once and every backend
shares."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rgc.errors import Problem, SpecError
from rgc.passes.largest_flip import LIMIT

Words = NDArray[np.uint64]

COARSE = 22714
"""Entries of A: A[i] = 0 for i >= COARSE, where 2^32 exp(-i / 2^10) < 1."""

FINE = 1024
"""Entries of B."""

UNIT = 2**20
"""Weights are integers in units of kT / UNIT."""


@lru_cache(maxsize=1)
def exponentials() -> tuple[Words, Words]:
    """The tables of `Accept`: A[i] = floor(2^32 exp(-i / 2^10)) for i < COARSE, and B[j] =
    floor(2^32 exp(-j / 2^20)) for j < FINE.

    A lane x > 0 is accepted where U32 < (A[x >> 10] * B[x & 1023]) >> 32. For x > 0 the product
    stays below 2^64.
    """
    coarse = np.array([_floor_exp(i, 2**10) for i in range(COARSE)], dtype=np.uint64)
    fine = np.array([_floor_exp(j, 2**20) for j in range(FINE)], dtype=np.uint64)
    coarse.setflags(write=False)
    fine.setflags(write=False)
    return coarse, fine


def too_large(what: str, size: float) -> SpecError:
    """The error of an energy beyond `LIMIT`, in kT; `what` is a sentence up to the number."""
    message = f"{what} {size:.0f} kT; sampling allows less than {LIMIT}"
    smaller = int(size // LIMIT) + 1
    hint = f"energies are in kT: is a coupling meant as J/T? Those divided by {smaller} are sampled"
    return SpecError([Problem("coupling-too-large", message, hint=hint)])


def _floor_exp(number: int, scale: int) -> int:
    context = Context(prec=40)
    return int(Decimal(2**32) * context.exp(-Decimal(number) / scale))
