"""Moving and decimating bonds that differ from axis to axis.

Decimating the chains along one axis, with the bonds along all others moved onto the chains that
stay, is the elementary operation T_x: u_x' = ln W_x^b, u_y' = b u_y (Kadanoff 1976). A step along
all axes has each once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log
from typing import TYPE_CHECKING, Literal

import numpy as np

from rgc.analysis.recursion import Floats, Moved, keep_symmetry
from rgc.flows.couplings.axis_space import AxisSpace
from rgc.flows.couplings.bond_recursion import chain
from rgc.flows.couplings.in_space import InSpace

if TYPE_CHECKING:
    from rgc.backend import Backend

Order = Literal["move", "decimate", "axes"]


@dataclass(frozen=True, slots=True)
class Chains:
    """What happens to the bonds along one axis: `before` of them are moved onto one, chains of
    `length` are decimated, and `after` of the new bonds are moved onto one.
    """

    before: float
    length: float
    after: float


def step_of(order: Order, dimension: int, b: float) -> tuple[Chains, ...]:
    """A step along all axes: all bonds are moved first, or last, or the axes are decimated one
    after the other, and the bonds along each are moved whenever another one is decimated.
    """
    last = dimension - 1
    moved = {"move": [last] * dimension, "decimate": [0] * dimension, "axes": range(dimension)}
    return tuple(Chains(b**before, b, b ** (last - before)) for before in moved[order])


def weights_of(order: Order, dimension: int, b: float) -> Floats:
    """The shares of the axes in a field, in proportion to the couplings of isotropic bonds: K_x = K
    b^-n for the n-th axis that is decimated, and equal where all are decimated at once.
    """
    powers = np.arange(dimension) if order == "axes" else np.zeros(dimension)
    return np.asarray(b**-powers / np.sum(b**-powers))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AxisRecursion(InSpace):
    """The step `chains` for the bonds along each axis (`rgc.analysis.recursion.Recursion`).

    `sites` fine sites make a coarse one, and `stripped` sites of each coarse one lose all their
    bonds.
    """

    backend: Backend
    space: AxisSpace
    chains: tuple[Chains, ...]
    scale: float
    sites: float
    stripped: float

    @property
    def account(self) -> Mapping[str, str]:
        told = {}
        for letter, c in zip("xyzw", self.chains, strict=False):
            told[f"along {letter}"] = (
                f"u'(a, b) = {c.after:g} ln (W^{c.length:g})(a, b), W = exp({c.before:g} u)"
            )
        return {**told, "arrays": self.space.account}

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        del step
        u = self.space.bonds(couplings)
        value = np.stack([self._chain(axis, u, u[:0])[0] for axis in range(self.space.axes)])
        added, *moved = self.space.inverse @ value.ravel()
        constant = -(float(added) + self.stripped * log(self.space.states)) / self.sites
        return Moved(keep_symmetry(self.space.projector, couplings, np.array(moved)), constant)

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        del step
        return self._linearised(couplings)[1]

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        moved, slope = self._linearised(couplings)
        return moved - couplings, slope - np.eye(len(couplings))

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        return bounds(self.space, couplings)

    def _linearised(self, couplings: Floats) -> tuple[Floats, Floats]:
        """The couplings after a step, and dK'/dK [n, n]."""
        u, functions = self.space.bonds(couplings), self.space.functions
        each = [self._chain(axis, u, functions[:, axis]) for axis in range(self.space.axes)]
        value, slope = np.stack([v for v, _ in each]), np.stack([s for _, s in each], axis=1)
        return self.space.read(value), self.space.read(slope).T

    def _chain(self, axis: int, u: Floats, slopes: Floats) -> tuple[Floats, Floats]:
        """u' along one axis [q, q], and its derivatives along `slopes` [n, q, q]."""
        step = self.chains[axis]
        value, slope = step.before * u[axis], step.before * slopes
        if step.length != 1:
            with self.backend.arrays() as xp:
                joined = chain(xp, xp.asarray(value), xp.asarray(slope), step.length)
                value, slope = map(np.asarray, joined)
        return step.after * value, step.after * slope


def bounds(space: AxisSpace, couplings: Floats) -> tuple[float, float]:
    """Bounds of F per site: -sum_x max u_x - ln q <= F <= -max_a sum_x u_x(a, a), and F <= -sum_x
    mean u_x - ln q, as for bonds that are the same along all axes.
    """
    u, entropy = space.bonds(couplings), log(space.states)
    ordered = -np.einsum("xaa->a", u).max()
    return float(-u.max(axis=(1, 2)).sum() - entropy), float(
        min(ordered, -u.mean(axis=(1, 2)).sum() - entropy)
    )


@dataclass(frozen=True, slots=True, eq=False)
class StrongestFirst:
    """T_x of the strongest axis, after which the axes are sorted again, strongest first.

    Which axis is decimated next is a choice that leaves the lattice the same. This one keeps the
    axes alike, where the given order lets the stronger axis grow and the weaker one decay, so that
    the flow has two phases only (`rgc.analysis.recursion.Recursion`).
    """

    first: AxisRecursion

    @property
    def names(self) -> tuple[str, ...]:
        return self.first.names

    @property
    def sectors(self) -> Mapping[str, Floats]:
        return self.first.sectors

    @property
    def scale(self) -> float:
        return self.first.scale

    @property
    def sites(self) -> float:
        return self.first.sites

    @property
    def account(self) -> Mapping[str, str]:
        return self.first.account

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        return self.first(self._sorting(couplings) @ couplings, step)

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        sorting = self._sorting(couplings)
        return np.asarray(self.first.jacobian(sorting @ couplings, step) @ sorting)

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        sorting = self._sorting(couplings)
        moved, slope = self.first(sorting @ couplings), self.first.jacobian(sorting @ couplings)
        return moved.couplings - couplings, slope @ sorting - np.eye(len(couplings))

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        return self.first.bounds(couplings)

    def _sorting(self, couplings: Floats) -> Floats:
        """The map [n, n] of couplings that sorts the axes."""
        space = self.first.space
        return space.read(space.functions[:, by_strength(space, couplings)]).T


def strongest_first(recursion: AxisRecursion, b: float) -> StrongestFirst:
    """The flow by which the phases of a recursion are told. Fields are shared evenly."""
    d = recursion.space.axes
    chains = (Chains(1.0, b, 1.0), *(d - 1) * (Chains(b, 1.0, 1.0),))
    return StrongestFirst(
        replace(recursion, chains=chains, scale=b ** (1 / d), sites=b, stripped=0.0)
    )


def by_strength(space: AxisSpace, couplings: Floats) -> tuple[int, ...]:
    """The axes, that of the strongest bonds first."""
    spread = np.ptp(space.bonds(couplings), axis=(1, 2))
    return tuple(map(int, np.argsort(-spread, kind="stable")))
