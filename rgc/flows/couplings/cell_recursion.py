"""Potential moving: the recursion of a cell potential that bounds F from below (Kadanoff, Phys.
Rev. Lett. 34, 1005 (1975)).

The potentials of all 2^d cells of a block, and -ln 2cosh(p sum s) of the block map, are moved to
the one cell whose corners belong to 2^d blocks. What is moved keeps its average in a
translation-invariant system, so that ln Z can only grow. The fine spins are then summed cell by
cell:

    exp V'(mu) = sum_s exp(2^d V(s) - ln 2cosh(p sum_i s_i) + p sum_i mu_i s_i).

Replacing p by -p turns the block spins, so that only |p| matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.recursion import Floats, Moved, keep_symmetry
from rgc.flows.couplings.cell_space import CellSpace
from rgc.flows.couplings.in_space import InSpace

if TYPE_CHECKING:
    from rgc.backend import Backend


@dataclass(frozen=True, slots=True, eq=False)
class Kernels:
    """The block map at the p of each step.

    `weight` [step, mu, k] is the logarithm of the sum of exp(p mu.s - ln 2cosh(p sum s)) over the
    states s of kind k, and `slope` is its derivative by p. `most` is the most that a step adds to
    V' of free spins, `aligned` the least that it adds to V' of equal ones.
    """

    weight: Floats
    slope: Floats
    most: float
    aligned: float


def kernels(backend: Backend, space: CellSpace, p: Floats) -> Kernels:
    """The block map for |p| <= 10, where exp(2 p r) does not overflow for any number r of spins in
    a cell.
    """
    n = space.overlaps.shape[2] - 1
    with backend.arrays() as xp:
        apart, p = xp.arange(n + 1, dtype=xp.float64)[:, None], xp.asarray(p, dtype=xp.float64)
        overlaps, magnetisation = (
            xp.asarray(space.overlaps),
            xp.asarray(space.magnetisation)[:, None],
        )
        factor = xp.exp(-2 * p * apart)
        total = overlaps @ factor
        mean = (overlaps @ (factor * apart)) / total
        field = xp.abs(p * magnetisation)
        weight = xp.log(total) + p * n - (field + xp.log1p(xp.exp(-2 * field)))
        slope = n - 2 * mean - magnetisation * xp.tanh(p * magnetisation)
        most = float(xp.max(xp.log(xp.sum(xp.exp(weight), axis=1))))
        aligned = -float(xp.max(xp.log1p(xp.exp(-2 * n * xp.abs(p)))))
        return Kernels(_steps_first(weight), _steps_first(slope), most, aligned)


def _steps_first(array: object) -> Floats:
    return np.ascontiguousarray(np.moveaxis(np.asarray(array, dtype=np.float64), 2, 0))


@dataclass(frozen=True, slots=True, eq=False)
class CellRecursion(InSpace):
    """K' of the potential V' with one p for each step, in turn (see
    `rgc.analysis.recursion.Recursion`).

    The sum of its constants is a lower bound on F.
    """

    backend: Backend
    space: CellSpace
    kernels: Kernels

    @property
    def scale(self) -> float:
        return 2.0

    @property
    def sites(self) -> float:
        return float(2**self.space.dimension)

    @property
    def account(self) -> Mapping[str, str]:
        cells, states = 2**self.space.dimension, self.space.functions.shape[1]
        return {
            "a step": f"moves the potentials of {cells} cells to one, and sums its spins s",
            "formula": (
                f"exp V'(mu) = sum_s exp({cells} V(s) - ln 2cosh(p sum s) + p sum mu s), "
                "V = sum_k K_k f_k"
            ),
            "arrays": (
                f"V [{states}] over classes of states of a cell; f "
                f"{list(self.space.functions.shape)}; weights of the block map "
                f"{list(self.kernels.weight.shape)} [p, mu, s]"
            ),
        }

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        return self.moved(couplings, step)[0]

    def moved(self, couplings: Floats, step: int) -> tuple[Moved, Floats]:
        """The step, and for each block state the share of every fine state in the sum
        [states, states].

        dV'/dV = 2^d share.
        """
        value, share = self._summed(couplings, step)
        read = self.space.inverse @ value
        after = keep_symmetry(self.space.projector, couplings, read[1:])
        return Moved(after, -float(read[0]) / self.sites), share

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        return self.derivatives(couplings, step)[0][1:]

    def derivatives(self, couplings: Floats, step: int = 0) -> tuple[Floats, Floats]:
        """The derivatives of (g, K') by K [1 + n, n] and by p [1 + n], with g the constant of the
        step.
        """
        _, share = self._summed(couplings, step)
        read = self.space.inverse * np.array([-1 / self.sites] + [1.0] * len(couplings))[:, None]
        by_potential = self.sites * share @ self.space.functions.T
        return read @ by_potential, read @ np.sum(
            share * self._at(self.kernels.slope, step), axis=1
        )

    def pulled_back(self, share: Floats, step: int, covector: Floats) -> tuple[Floats, float]:
        """The derivatives by K [n] and by p of covector[0] g + covector[1:] K' for a step with
        these shares.
        """
        on_value = (
            covector[1:] @ self.space.inverse[1:] - covector[0] / self.sites * self.space.inverse[0]
        )
        by_p = on_value @ np.sum(share * self._at(self.kernels.slope, step), axis=1)
        return self.sites * (self.space.functions @ (on_value @ share)), float(by_p)

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        value, share = self._summed(couplings, 0)
        read = self.space.inverse[1:]
        slope = read @ (self.sites * share @ self.space.functions.T)
        return read @ value - couplings, slope - np.eye(len(couplings))

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """The values between which the bound itself lies.

        A step changes V by the factor 2^d and adds at most `most`. At equal spins it adds at least
        `aligned`. F is at most that of free spins plus <H> in them.
        """
        potential, rest = self.space.potential(couplings), self.sites - 1
        free = log(2) + float(self.space.weights @ potential) / float(self.space.weights.sum())
        equal = float(max(potential[0], potential[-1])) + self.kernels.aligned / rest
        return float(-potential.max() - self.kernels.most / rest), -max(free, equal)

    def _at(self, kernels: Floats, step: int) -> Floats:
        return np.asarray(kernels[step % len(kernels)])

    def _summed(self, couplings: Floats, step: int) -> tuple[Floats, Floats]:
        """V' [states] and the shares."""
        with self.backend.arrays() as xp:
            potential = xp.asarray(self.space.potential(couplings))
            exponent = self.sites * potential + xp.asarray(self._at(self.kernels.weight, step))
            top = xp.max(exponent, axis=1, keepdims=True)
            share = xp.exp(exponent - top)
            total = xp.sum(share, axis=1, keepdims=True)
            value = xp.squeeze(top + xp.log(total), axis=1)
            return np.asarray(value, dtype=np.float64), np.asarray(share / total, dtype=np.float64)


def cell_recursion(backend: Backend, space: CellSpace, p: Iterable[float]) -> CellRecursion:
    """The recursion with these p, in turn."""
    return CellRecursion(backend, space, kernels(backend, space, np.array([*p], dtype=np.float64)))
