"""Products of integers with seen weights by floats that hold all partial sums, in several exact
ways of which a device has its fastest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from time import process_time
from typing import Any

import jax
import jax.numpy as jnp

from rgc.program.dense.program import SHIFT, WEIGHT_LIMIT
from rgc_jax.dense.arithmetic import exact
from rgc_jax.devices import Platform
from rgc_jax.session import session

Array = jax.Array

SEEN = WEIGHT_LIMIT >> SHIFT
"""The largest absolute value of a seen weight."""


@dataclass(frozen=True, slots=True)
class Way:
    """A sum of `limbs` products, each with `bits` bits of the weights; the highest limb has what is
    left. `kind` holds integers up to 2^`holds`, and `sums` up to 2^`summed`."""

    kind: Any
    holds: int
    sums: Any
    summed: int
    limbs: int
    bits: int

    def serves(self, rows: int, most: int) -> bool:
        """Whether so many rows of weights times numbers up to `most` are exact."""
        high = (SEEN >> self.bits * (self.limbs - 1)) + 1
        limb = high if self.limbs == 1 else max(high, 1 << (self.bits - 1))
        return max(most, limb) <= 1 << self.holds and rows * most * limb <= 1 << self.summed

    def times(self, x: Array, matrix: Array, turned: bool) -> Array:
        """int64[chain, column] of x[chain, row] and the matrix, transposed where it is `turned`."""
        total, place = jnp.zeros((), jnp.int64), self.bits * self.limbs
        for limb in reversed(self.split(matrix)):
            place -= self.bits
            total = total + (exact(x, limb, self.kind, turned, self.sums) << place)
        return total

    def split(self, matrix: Array) -> list[Array]:
        """The limbs of a matrix, the lowest first: matrix = sum_k limb_k 2^(bits k)."""
        found, rest = [], matrix
        for _ in range(self.limbs - 1):
            higher = (rest + (1 << (self.bits - 1))) >> self.bits
            found.append(rest - (higher << self.bits))
            rest = higher
        return [*found, rest]


FLOAT64 = Way(jnp.float64, 53, jnp.float64, 53, limbs=1, bits=0)
FLOAT64_TWICE = Way(jnp.float64, 53, jnp.float64, 53, limbs=2, bits=12)
FLOAT32 = Way(jnp.float32, 24, jnp.float32, 24, limbs=2, bits=12)
BFLOAT16 = Way(jnp.bfloat16, 8, jnp.float32, 24, limbs=3, bits=9)

ROUNDS = 8
"""Products of either kind in a trial."""

Ways = tuple[Way, ...]


def times(ways: Ways, x: Array, matrix: Array, turned: bool, most: int) -> Array:
    """The exact product of integers up to `most` and seen weights, by the first way that serves."""
    way = next(each for each in ways if each.serves(x.shape[1], most))
    return way.times(x, matrix, turned)


@lru_cache(maxsize=8)
def ways_of(platform: Platform) -> Ways:
    """The ways of a device, the fastest first. A GPU may be slow at float64. A CPU that multiplies
    bfloat16 does so at four times the rate of float64, and one that does not is slow at it: it is
    tried. All are exact, so that what a trial finds changes no bit."""
    if platform.devices[0].platform != "cpu":
        return FLOAT32, FLOAT64, FLOAT64_TWICE
    return (*_faster(platform, BFLOAT16, FLOAT64), FLOAT64_TWICE)


def _faster(platform: Platform, short: Way, sure: Way) -> Ways:
    """Both, where the first takes less processor time in the best of some rounds, or the second."""
    times: dict[Way, list[float]] = {short: [], sure: []}
    with session():
        x, matrix = jnp.ones((100, 1024), jnp.int8), jnp.ones((1024, 512), jnp.int32)
        timed = [(way, platform.jit(partial(way.times, turned=False))) for way in times]
        for _ in range(ROUNDS):
            for way, run in timed:
                start = process_time()
                run(x, matrix).block_until_ready()
                times[way].append(process_time() - start)
    return (short, sure) if min(times[short]) < min(times[sure]) else (sure,)
