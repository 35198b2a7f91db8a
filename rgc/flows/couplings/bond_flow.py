"""The limit b -> 1 of moving and decimating bonds: an ordinary differential equation in l =
ln b.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import e
from typing import TYPE_CHECKING

import numpy as np

from rgc.analysis.rates import integrate
from rgc.analysis.recursion import Floats, Moved, keep_symmetry
from rgc.flows.couplings.axis_space import AxisSpace
from rgc.flows.couplings.bond_recursion import TINY, BondStep, bounds, matrix_function
from rgc.flows.couplings.bond_space import BondSpace
from rgc.flows.couplings.in_space import InSpace

if TYPE_CHECKING:
    from rgc.backend import Backend

COLDEST = 12.0
"""In kT. A bond is frozen when its weights differ by more than this."""

NOISE = 1e-12
"""The accuracy of rates. Rounding of the largest weight is exp(COLDEST) times larger relative to
the smallest.
"""

COLD_PHASE = 4.0
"""In kT between equal and unequal neighbours. Beyond this value bonds grow at every length: d
gap/dl >= (d - 1) gap - 1.
"""


def infinitesimal(dimension: int, entropy: float) -> BondStep:
    """A step of l = 1, in which lengths change by the factor e. No site is stripped to first order
    in b - 1.
    """
    return BondStep(
        length=1.0,
        copies=1.0,
        order="move",
        bonds=dimension,
        ratio=e**dimension,
        stripped=0.0,
        entropy=entropy,
        scale=e,
    )


class Integrated(InSpace, ABC):
    """A recursion whose step integrates dK/dl = `rate(K)` over l = 1 in `dimension` dimensions."""

    __slots__ = ()

    space: BondSpace | AxisSpace

    @property
    @abstractmethod
    def dimension(self) -> float:
        """That of the lattice."""

    @abstractmethod
    def rate(self, couplings: Floats, *, tangent: bool = True) -> tuple[Floats, Floats]:
        """The rates of minus the constant and of the couplings [1 + n], and d(dK/dl)/dK [n, n] if
        asked for (`tangent`).
        """

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        del step
        end = self._integrated(couplings, tangent=False)
        moved = keep_symmetry(self.space.projector, couplings, end[: len(couplings)])
        return Moved(moved, float(end[-1]))

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        del step
        n = len(couplings)
        return self._integrated(couplings, tangent=True)[n:-1].reshape(n, n)

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        """dK/dl and its Jacobian."""
        rate, slope = self.rate(couplings)
        return rate[1:], slope

    def _integrated(self, couplings: Floats, *, tangent: bool) -> Floats:
        """The couplings, dK(1)/dK(0) if asked for (`tangent`), and the constant after l = 1.

        They are NaN where the couplings go to zero temperature.
        """

        def rates(at: Floats) -> tuple[Floats, Floats | None, float] | None:
            if not warm(self.space.functions, at):
                return None
            rate, slope = self.rate(at, tangent=tangent)
            return rate[1:], slope if tangent else None, -float(rate[0])

        return integrate(rates, couplings, tangent=tangent, shrink=self.dimension, absolute=NOISE)


@dataclass(frozen=True, slots=True, eq=False)
class BondFlow(Integrated):
    """du/dl = (d - 1) u + (W ln W)(a, b)/W(a, b) with W = exp(u).

    For Ising spins this is dK/dl = (d - 1) K + sinh(2K) ln(tanh K)/2. A step of the recursion
    (`rgc.analysis.recursion.Recursion`) integrates it over l = 1.
    """

    backend: Backend
    space: BondSpace
    geometry: BondStep

    @property
    def scale(self) -> float:
        return self.geometry.scale

    @property
    def sites(self) -> float:
        return self.geometry.ratio

    @property
    def dimension(self) -> float:
        return self.geometry.bonds

    @property
    def account(self) -> Mapping[str, str]:
        return {
            "a step": "integrates over l = ln b from 0 to 1, by scipy's solve_ivp (DOP853)",
            "formula": f"du/dl = {self.geometry.bonds - 1:g} u + (W ln W)(a, b)/W(a, b), "
            "W = exp(u)",
            "arrays": self.space.account,
        }

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """The bounds of any moved bonds.

        From `COLD_PHASE` on the gap of a bond grows for good. What is still to be added to -F,
        beyond the ground state d max u, is then at most what decimation adds to the largest u(a, a)
        now.
        """
        low, high = bounds(self.space, self.geometry, couplings)
        u = np.tensordot(couplings, self.space.functions, 1)
        return max(low, least(u, self.geometry.bonds)), high

    def rate(self, couplings: Floats, *, tangent: bool = True) -> tuple[Floats, Floats]:
        functions, inverse = self.space.functions, self.space.inverse
        along = functions if tangent else functions[:0]
        u = np.sum(couplings[:, None, None] * functions, axis=0)
        value, slopes = decimation(self.backend, u, along)
        read = inverse @ value.ravel()
        slope = (slopes.reshape(len(along), value.size) @ inverse[1:].T).T
        moving = self.dimension - 1
        read[0] *= self.dimension
        read[1:] += moving * couplings
        return read, slope + moving * np.eye(len(couplings))[:, : len(along)]


def least(u: Floats, dimension: float) -> float:
    """The lower bound of F in the cold phase, -inf outside it."""
    state = int(np.diag(u).argmax())
    gap = u[state, state] - u[~np.eye(len(u), dtype=bool)].max()
    if dimension <= 1 or not COLD_PHASE < gap < COLDEST:
        return -np.inf
    values, vectors = np.linalg.eigh(np.exp(u - u[state, state]))
    added = float(vectors[state] ** 2 @ (values * np.log(np.maximum(values, TINY))))
    return float(-dimension * (u[state, state] + max(added, 0.0)) - 1e-15)


def decimation(backend: Backend, u: Floats, slopes: Floats) -> tuple[Floats, Floats]:
    """The rate (W ln W)/W [..., q, q] at which decimation changes u = ln W, and its derivatives
    along `slopes` [n, ..., q, q].
    """
    with backend.arrays() as xp:
        top, functions = u.max(axis=(-2, -1), keepdims=True), xp.asarray(slopes)
        weight, one = xp.exp(xp.asarray(u - top)), xp.eye(u.shape[-1])
        raised, derivative = matrix_function(
            xp,
            weight - one,
            weight * functions,
            lambda x: (1 + x) * xp.log1p(x),
            lambda x: 1 + xp.log1p(x),
            least=TINY - 1,
        )
        value = raised / weight
        change = np.asarray(derivative / weight - value * functions, dtype=np.float64)
        return np.asarray(value, dtype=np.float64) + top, change


def warm(functions: Floats, couplings: Floats) -> bool:
    """Whether no weight of a bond is lost in the rounding of another one."""
    if not np.isfinite(couplings).all():
        return False
    u = np.tensordot(couplings, functions, 1)
    return bool(np.ptp(u, axis=(-2, -1)).max() < COLDEST)
