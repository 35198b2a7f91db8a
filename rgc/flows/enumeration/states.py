"""The states of a cluster in chunks: the leading spins fixed, all states of the others at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.cluster import Cluster, LocalSum

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Chunks:
    """A cluster cut after its first `fixed` spins.

    In chunk c these spins are in the c-th of their states, row-major.
    """

    cluster: Cluster
    fixed: int

    @property
    def number(self) -> int:
        return prod(self.cluster.radices[: self.fixed])

    @property
    def size(self) -> int:
        """States of a chunk."""
        return prod(self.cluster.radices[self.fixed :])

    def digits(self, chunk: int) -> tuple[int, ...]:
        """The states of the fixed spins."""
        return (
            tuple(map(int, np.unravel_index(chunk, self.cluster.radices[: self.fixed])))
            if self.fixed
            else ()
        )

    def function(
        self, local: LocalSum, fwht: Callable[[Any], Any], xp: Any
    ) -> Callable[[int], Any]:
        """chunk -> the values of a function at its states, float64[size] of the namespace."""
        if self.cluster.two_states:
            return _Spectral(self, *local.spectrum(len(self.cluster.spins)), fwht, xp)
        return _Tabulated(self, local, xp)


class _Spectral:
    """A function of two-state spins. Its sparse spectrum, folded onto the free spins of a chunk, is
    transformed.
    """

    def __init__(
        self,
        chunks: Chunks,
        masks: NDArray[np.int64],
        values: Floats,
        fwht: Callable[[Any], Any],
        xp: Any,
    ) -> None:
        bits = len(chunks.cluster.spins) - chunks.fixed
        self.size, self.bits = chunks.size, bits
        self.low, self.high, self.values = masks & (self.size - 1), masks >> bits, values
        self.fwht, self.xp = fwht, xp

    def __call__(self, chunk: int) -> Any:
        odd = np.bitwise_count(self.high & chunk) & 1
        spectrum = np.bincount(self.low, np.where(odd, -self.values, self.values), self.size)
        return self.fwht(self.xp.asarray(spectrum))


class _Tabulated:
    """A function of any spins. Tables of free spins alone are added up once; of the others the rows
    that a chunk fixes are added each time.
    """

    def __init__(self, chunks: Chunks, local: LocalSum, xp: Any) -> None:
        self.chunks, self.xp = chunks, xp
        inside = {n: t for n, t in local.tables.items() if all(k >= chunks.fixed for k in n)}
        self.base = self._total(inside)
        self.cut = {n: t for n, t in local.tables.items() if n not in inside}

    def __call__(self, chunk: int) -> Any:
        digits = self.chunks.digits(chunk)
        rest: dict[tuple[int, ...], Floats] = {}
        for numbers, table in self.cut.items():
            fixed = tuple(digits[k] for k in numbers if k < len(digits))
            free = tuple(k for k in numbers if k >= len(digits))
            rest[free] = (
                rest.get(free, 0.0) + table[fixed]
            )  # numbers rise: the fixed spins are the first axes
        return self.xp.reshape(self.xp.asarray(self.base + self._total(rest)), (-1,))

    def _total(self, tables: dict[tuple[int, ...], Floats]) -> Floats:
        """The sum of tables of free spins, broadcast over all of them."""
        first, radices = self.chunks.fixed, self.chunks.cluster.radices
        total = np.zeros(radices[first:])
        for numbers, table in tables.items():
            total += np.reshape(
                table, [radices[k] if k in numbers else 1 for k in range(first, len(radices))]
            )
        return total


def cut_after(radices: Sequence[int], states: int) -> int:
    """How many leading spins are fixed so that the others have at most so many states."""
    free, count = 1, 0
    for radix in reversed(radices):
        if free * radix > states:
            break
        free, count = free * radix, count + 1
    return len(radices) - count
