"""Decimation of chains and moving of bonds: the recursion of a bond weight W(a, b) = exp(u(a, b)).

On a hypercubic lattice in d dimensions b^(d-1) bonds are moved onto one, and chains of b bonds are
decimated (Migdal 1975, Kadanoff 1976). In one dimension this is exact. Decimating first is exact on
the hierarchical (diamond) lattice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rgc.analysis.recursion import Floats, Moved, keep_symmetry
from rgc.flows.couplings.bond_space import BondSpace
from rgc.flows.couplings.in_space import InSpace

if TYPE_CHECKING:
    from rgc.backend import Backend

Order = Literal["move", "decimate"]

TINY = 1e-15
"""An eigenvalue below this, relative to the largest weight of a bond, is rounding."""

FROZEN = 1e-300
"""The least weight of a pair of states, relative to the largest."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BondStep:
    """A step that joins chains of `length` bonds, `copies` of them side by side.

    - Constants count per unit of the free energy (a site or a bond), which has `bonds` bonds.
    - `ratio` fine units make a coarse one, and `stripped` sites of each coarse unit lose all their
      bonds.
    - `entropy` is ln q times the sites of a unit.
    - `scale` is b.
    """

    length: float
    copies: float
    order: Order
    bonds: float
    ratio: float
    stripped: float
    entropy: float
    scale: float


def hypercubic(dimension: int, b: float, order: Order, states: int) -> BondStep:
    """A step per site: of the b^d sites of a cell one stays, d(b-1) are decimated and the others
    are stripped.
    """
    stripped = b**dimension - 1 - dimension * (b - 1)
    return BondStep(
        length=b,
        copies=b ** (dimension - 1),
        order=order,
        bonds=dimension,
        ratio=b**dimension,
        stripped=stripped,
        entropy=log(states),
        scale=b,
    )


def diamond(b: int, branches: int, states: int) -> BondStep:
    """A step per bond of the infinite lattice, which has branches (b - 1)/(b branches - 1) sites
    for each bond.
    """
    sites = branches * (b - 1) / (b * branches - 1)
    return BondStep(
        length=b,
        copies=branches,
        order="decimate",
        bonds=1,
        ratio=b * branches,
        stripped=0,
        entropy=sites * log(states),
        scale=b,
    )


@dataclass(frozen=True, slots=True, eq=False)
class BondRecursion(InSpace):
    """u' = ln W^b of the moved weight W = exp(b^(d-1) u), or the two operations in the other order.

    See `rgc.analysis.recursion.Recursion`.
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
    def account(self) -> Mapping[str, str]:
        g, space = self.geometry, self.space
        chains = f"decimates chains of {g.length:g} bonds"
        if g.order == "move":
            step = f"moves {g.copies:g} bonds onto one, then {chains}"
            formula = f"u'(a, b) = ln (W^{g.length:g})(a, b), W(a, b) = exp({g.copies:g} u(a, b))"
        else:
            step = f"{chains}, then puts {g.copies:g} of them side by side"
            formula = f"u'(a, b) = {g.copies:g} ln (W^{g.length:g})(a, b), W(a, b) = exp(u(a, b))"
        return {"a step": step, "formula": formula, "arrays": space.account}

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        del step
        read, _ = self._moved(couplings, along=0)
        g = self.geometry
        constant = -(g.bonds * float(read[0]) + g.stripped * log(self.space.states)) / g.ratio
        return Moved(keep_symmetry(self.space.projector, couplings, read[1:]), constant)

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        del step
        return self._moved(couplings)[1]

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        read, slope = self._moved(couplings)
        return read[1:] - couplings, slope - np.eye(len(couplings))

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        return bounds(self.space, self.geometry, couplings)

    def _moved(self, couplings: Floats, along: int | None = None) -> tuple[Floats, Floats]:
        """The constant and the couplings after a step [1 + n], and dK'/dK [n, n], or its first
        columns `along` so many couplings.
        """
        g, before = self.geometry, 1.0
        if g.order == "move":
            before = g.copies
        with self.backend.arrays() as xp:
            functions = before * xp.asarray(self.space.functions)
            u = xp.sum(xp.asarray(couplings)[:, None, None] * functions, axis=0)
            value, slope = chain(xp, u, functions[:along], g.length)
            inverse = xp.asarray(self.space.inverse)
            after = g.copies / before
            read = np.asarray(after * (inverse @ xp.reshape(value, (-1,))), dtype=np.float64)
            slopes = xp.reshape(slope, (slope.shape[0], self.space.states**2)) @ inverse[1:].T
            return read, np.asarray(after * slopes, dtype=np.float64).T


def bounds(space: BondSpace, geometry: BondStep, couplings: Floats) -> tuple[float, float]:
    """Bounds of F.

    -bonds max u - entropy <= F, with every bond in its ground state. F <= -bonds max_a u(a, a),
    with all spins equal, and F <= -bonds mean u - entropy, with random spins (Gibbs and
    Bogoliubov). Moving bonds lowers F, but not below the ground states.
    """
    u, number = np.tensordot(couplings, space.functions, 1), geometry.bonds
    low = -number * u.max() - geometry.entropy
    return float(low), float(min(-number * np.diag(u).max(), -number * u.mean() - geometry.entropy))


def chain(xp: Any, u: Any, slopes: Any, length: float) -> tuple[Any, Any]:
    """ln W^b [q, q] of W = exp(u), and its derivatives along `slopes` [n, q, q]."""
    if float(length).is_integer():
        return _whole_chain(xp, u, slopes, int(length))
    return _power(xp, u, slopes, length)


def _whole_chain(xp: Any, u: Any, slopes: Any, length: int) -> tuple[Any, Any]:
    """The chain site by site, with logarithms of sums of exponentials, so that nothing overflows at
    low temperature.
    """
    total, slope = u, slopes
    for _ in range(length - 1):
        joined = xp.expand_dims(total, axis=2) + xp.expand_dims(u, axis=0)
        top = xp.max(joined, axis=1, keepdims=True)
        weight = xp.exp(joined - top)
        whole = xp.sum(weight, axis=1, keepdims=True)
        if len(slopes):
            both = xp.expand_dims(slope, axis=3) + xp.expand_dims(slopes, axis=1)
            slope = xp.sum(weight / whole * both, axis=2)
        total = xp.squeeze(top + xp.log(whole), axis=1)
    return total, slope


def _power(xp: Any, u: Any, slopes: Any, power: float) -> tuple[Any, Any]:
    """The chain by eigenvalues, for a length that is not an integer. W must be positive
    definite.
    """
    top = xp.max(u)
    weight = xp.exp(u - top)
    raised, derivative = matrix_function(
        xp,
        weight,
        weight * slopes,
        lambda x: x**power,
        lambda x: power * x ** (power - 1),
        least=TINY,
    )
    raised = xp.where(raised > FROZEN, raised, xp.full_like(raised, FROZEN))
    return power * top + xp.log(raised), derivative / raised


def matrix_function(
    xp: Any, matrix: Any, directions: Any, function: Any, derivative: Any, *, least: float
) -> tuple[Any, Any]:
    """f(W) of symmetric matrices [..., q, q], and its derivatives along symmetric `directions`
    [n, ..., q, q].

    The derivatives use divided differences (Daleckii and Krein 1965). Eigenvalues that rounding has
    pushed below `least` are replaced by it.
    """
    values, vectors = xp.linalg.eigh(matrix)
    values = xp.where(values > least, values, xp.full_like(values, least))
    raised, back = function(values), xp.matrix_transpose(vectors)
    gap = values[..., :, None] - values[..., None, :]
    middle = (values[..., :, None] + values[..., None, :]) / 2
    close = xp.abs(gap) <= 1e-7 * xp.abs(middle)
    safe = xp.where(close, xp.ones_like(gap), gap)
    change = raised[..., :, None] - raised[..., None, :]
    quotient = xp.where(close, derivative(middle), change / safe)
    inner = back @ directions @ vectors
    return (vectors * raised[..., None, :]) @ back, vectors @ (quotient * inner) @ back
