"""The square Ising model on small tori, by every state: what curves are tested against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Torus:
    """The number of states of each energy -K `bonds` and magnetisation `m` per site."""

    sites: int
    bonds: Floats
    m: Floats
    count: Floats

    def weights(self, coupling: float) -> Floats:
        weights = self.count * np.exp(coupling * (self.bonds - self.bonds.max()))
        return np.asarray(weights / weights.sum())

    def free_energy(self, coupling: float) -> float:
        top = self.bonds.max() * coupling
        return -float(np.log((self.count * np.exp(coupling * self.bonds - top)).sum()) + top) / (
            self.sites
        )

    def slope(self, coupling: float) -> float:
        """<dH/dK>/N."""
        return -float(self.weights(coupling) @ self.bonds) / self.sites

    def binder(self, coupling: float) -> float:
        weights = self.weights(coupling)
        return float(1 - weights @ self.m**4 / (3 * (weights @ self.m**2) ** 2))

    def susceptibility(self, coupling: float) -> float:
        weights = self.weights(coupling)
        return float(self.sites * (weights @ self.m**2 - (weights @ np.abs(self.m)) ** 2))

    def specific_heat(self, coupling: float) -> float:
        weights = self.weights(coupling)
        energy = -coupling * self.bonds / self.sites
        return float(self.sites * (weights @ energy**2 - (weights @ energy) ** 2))


@cache
def torus(width: int, length: int) -> Torus:
    """All 2^(width length) states of a torus of at most 20 sites."""
    sites = width * length
    numbers = np.arange(2**sites, dtype=np.uint32)
    spins = [1 - 2 * ((numbers >> k) & 1).astype(np.int8) for k in range(sites)]
    bonds, total = np.zeros(len(numbers), np.int16), np.zeros(len(numbers), np.int16)
    for x in range(width):
        for y in range(length):
            here = spins[x * length + y]
            bonds += here * spins[(x + 1) % width * length + y]
            bonds += here * spins[x * length + (y + 1) % length]
            total += here
    pairs, count = np.unique(bonds.astype(np.int32) * 1000 + total, return_counts=True)
    of_bonds = np.rint(pairs / 1000)
    return Torus(sites, of_bonds, (pairs - 1000 * of_bonds) / sites, count.astype(float))
