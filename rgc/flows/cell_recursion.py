"""Potential moving: the recursion of a cell potential that bounds F from below (Kadanoff, Phys. Rev. Lett. 34, 1005 (1975)).

The potentials of all 2^d cells of a block, and -ln 2cosh(p sum s) of the block map, are moved to the one cell whose corners belong to
2^d blocks. What is moved keeps its average in a translation-invariant system, so that ln Z only grows. The fine spins are then summed
cell by cell:

    exp V'(mu) = sum_s exp(2^d V(s) - ln 2cosh(p sum_i s_i) + p sum_i mu_i s_i).

Exchanging p for -p turns the block spins, so that only |p| matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.recursion import Floats, Moved, keep_symmetry
from rgc.flows.cell_space import CellSpace

if TYPE_CHECKING:
    from rgc.backend import Backend


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """The block map at one p. `weight` [mu, k]: ln of the sum of exp(p mu.s - ln 2cosh(p sum s)) over the states s of kind k;
    `slope`: its derivative by p. `most`, `aligned`: how much a step adds to V' of free spins, at most, and of equal ones, at least."""

    weight: Floats
    slope: Floats
    most: float
    aligned: float


def kernel(backend: Backend, space: CellSpace, p: float) -> Kernel:
    """For |p| <= 10, where exp(2 p r) is a number for every number r of spins in a cell."""
    n = space.overlaps.shape[2] - 1
    with backend.arrays() as xp:
        apart = xp.arange(n + 1, dtype=xp.float64)
        overlaps, magnetisation = xp.asarray(space.overlaps), xp.asarray(space.magnetisation)
        factor = xp.exp(-2 * p * apart)
        total = overlaps @ factor
        mean = (overlaps @ (factor * apart)) / total
        field = xp.abs(p * magnetisation)
        weight = xp.log(total) + p * n - (field + xp.log1p(xp.exp(-2 * field)))
        slope = n - 2 * mean - magnetisation * xp.tanh(p * magnetisation)
        top = xp.max(weight, axis=1)
        most = float(xp.max(top + xp.log(xp.sum(xp.exp(weight - top[:, None]), axis=1))))
        aligned = -float(np.logaddexp(0.0, -2 * abs(p) * n))
        return Kernel(np.asarray(weight), np.asarray(slope), most, aligned)


@dataclass(frozen=True, slots=True, eq=False)
class CellRecursion:
    """K' of the potential V' at one p for each step, in turn; see `rgc.analysis.recursion.Recursion`. The sum of its constants is a
    lower bound on F."""

    backend: Backend
    space: CellSpace
    kernels: tuple[Kernel, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.space.names

    @property
    def sectors(self) -> Mapping[str, Floats]:
        return self.space.sectors

    @property
    def scale(self) -> float:
        return 2.0

    @property
    def sites(self) -> float:
        return float(2**self.space.dimension)

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        value, _ = self._moved(couplings, self._kernel(step))
        read = self.space.inverse @ value
        moved = keep_symmetry(self.space.projector, couplings, read[1:])
        return Moved(moved, -float(read[0]) / self.sites)

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        return self.derivatives(couplings, step)[0][1:]

    def derivatives(self, couplings: Floats, step: int = 0) -> tuple[Floats, Floats]:
        """Of (g, K') by K [1 + n, n] and by p [1 + n], g the constant of the step."""
        kernel = self._kernel(step)
        _, share = self._moved(couplings, kernel)
        read = self.space.inverse * np.array([-1 / self.sites] + [1.0] * len(couplings))[:, None]
        return (
            read @ (self.sites * share @ self.space.functions.T),
            read @ np.sum(share * kernel.slope, axis=1),
        )

    def pulled_back(self, couplings: Floats, step: int, covector: Floats) -> tuple[Floats, float]:
        """The derivatives by K [n] and by p of covector[0] g + covector[1:] K'."""
        kernel = self._kernel(step)
        _, share = self._moved(couplings, kernel)
        on_value = covector[1:] @ self.space.inverse[1:] - covector[0] / self.sites * self.space.inverse[0]
        on_states = on_value @ share
        return self.sites * (self.space.functions @ on_states), float(
            on_value @ np.sum(share * kernel.slope, axis=1)
        )

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        value, share = self._moved(couplings, self._kernel(0))
        read = self.space.inverse[1:]
        slope = read @ (self.sites * share @ self.space.functions.T)
        return read @ value - couplings, slope - np.eye(len(couplings))

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """Between which values the bound itself lies: V grows by 2^d and at most `most` in a step, at equal spins by 2^d and at least
        `aligned`; and F is at most that of free spins plus <H> in them."""
        potential, rest = self.space.potential(couplings), self.sites - 1
        free = log(2) + float(self.space.weights @ potential) / float(self.space.weights.sum())
        equal = float(max(potential[0], potential[-1])) + min(each.aligned for each in self.kernels) / rest
        most = max(each.most for each in self.kernels) / rest
        return float(-potential.max() - most), -max(free, equal)

    def _kernel(self, step: int) -> Kernel:
        return self.kernels[step % len(self.kernels)]

    def _moved(self, couplings: Floats, kernel: Kernel) -> tuple[Floats, Floats]:
        """V' [states], and for each block state the share of every fine state in the sum [states, states]."""
        with self.backend.arrays() as xp:
            exponent = self.sites * xp.asarray(self.space.potential(couplings)) + xp.asarray(kernel.weight)
            top = xp.max(exponent, axis=1, keepdims=True)
            share = xp.exp(exponent - top)
            total = xp.sum(share, axis=1, keepdims=True)
            value = xp.squeeze(top + xp.log(total), axis=1)
            return np.asarray(value, dtype=np.float64), np.asarray(share / total, dtype=np.float64)


def cell_recursion(backend: Backend, space: CellSpace, p: Iterable[float]) -> CellRecursion:
    """The recursion with these p, in turn."""
    return CellRecursion(backend, space, tuple(kernel(backend, space, float(each)) for each in p))
