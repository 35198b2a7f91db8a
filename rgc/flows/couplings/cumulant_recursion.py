"""The renormalised couplings of a cumulant expansion, with their derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.recursion import Floats, Moved, keep_symmetry
from rgc.flows.couplings.coupling_space import CouplingSpace
from rgc.flows.couplings.in_space import InSpace
from rgc.flows.enumeration.cell_averages import CellAverages, CellTables, cell_averages
from rgc.model.block import Block
from rgc.model.cumulants import Expansion
from rgc.model.tiling import tiling

if TYPE_CHECKING:
    from rgc.backend import Backend

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Polynomial:
    """-H' per coarse cell [1 + n], with the constant first.

    It is `weights` [1 + n, k] times products of `couplings` and `moments` [k, f], plus `shares`
    [1 + n, l] times ln Z_0. The factors are numbered among the couplings, the moments, and ln Z_0
    of all kinds of cells, each in the order of its block spins. A factor 1 follows the last one.
    """

    weights: Floats
    couplings: Integers
    moments: Integers
    shares: Floats

    def first_order(self) -> Polynomial:
        """The polynomial without products of two couplings."""
        constant = len(self.weights) - 1
        products = (self.couplings < constant).sum(axis=1) > 1
        return replace(self, weights=self.weights * ~products)


def polynomial(expansion: Expansion, cells: Sequence[CellTables]) -> Polynomial:
    """The contributions of an expansion as arrays."""
    n, k = len(expansion.classes), len(expansion.contributions)
    sizes = [tables.kernel.shape[0] * len(tables.spins) for tables in cells]
    starts = [0, *accumulate(sizes)]
    columns = [{spins: a for a, spins in enumerate(tables.spins.tolist())} for tables in cells]
    places = [
        starts[m.letter] + m.blocks * len(cells[m.letter].spins) + columns[m.letter][m.spins]
        for m in expansion.moments
    ]
    moments = [[places[m] for m in one.moments] for one in expansion.contributions]
    weights = np.zeros((1 + n, k))
    for column, contribution in enumerate(expansion.contributions):
        weights[1 + contribution.target, column] += contribution.weight
    logs = [0, *accumulate(tables.kernel.shape[0] for tables in cells)]
    shares = np.zeros((1 + n, logs[-1]))
    for share in expansion.shares:
        shares[1 + share.target, logs[share.letter] + share.blocks] += 1
    couplings = [contribution.couplings for contribution in expansion.contributions]
    return Polynomial(weights, _padded(couplings, n), _padded(moments, starts[-1]), shares)


def _padded(rows: Sequence[Sequence[int]], filling: int) -> Integers:
    width = max(map(len, rows), default=0)
    padded = [[*row, *(filling,) * (width - len(row))] for row in rows]
    return np.array(padded, dtype=np.int64).reshape(len(rows), width)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CumulantRecursion(InSpace):
    """K' = R(K) to an order in V (see `rgc.analysis.recursion.Recursion`).

    `products[c]` is the number of products of class c for each site, `letters` the number of sites
    of a unit cell, and `entropy` is ln 2 for each spin of a site.
    """

    backend: Backend
    space: CouplingSpace
    cells: tuple[CellTables, ...]
    polynomial: Polynomial
    products: Floats
    scale: float
    sites: float
    letters: int
    entropy: float

    @property
    def account(self) -> Mapping[str, str]:
        count, factors = self.polynomial.weights.shape[1], self.polynomial.moments.shape[1]
        kernels = ", ".join(str(list(cell.kernel.shape)) for cell in self.cells)
        return {
            "a step": "averages products of spins in independent cells, and adds up cumulants",
            "formula": (
                "-H' = ln Z_0 + <V>_0 + (<V^2>_0 - <V>_0^2)/2 + ... in the block spins h, "
                "<s_A>_0(h) = sum_s P(h|s) exp(-H_0(s)) s_A / Z_0(h)"
            ),
            "arrays": (
                f"P(h|s) {kernels} for each kind of cell; {count} products of up to {factors} "
                f"moments, each for {len(self.polynomial.weights) - 1} classes of products"
            ),
        }

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        del step
        value, _ = self._moved(couplings)
        moved = keep_symmetry(self.space.projector, couplings, self.space.inverse @ value[1:])
        return Moved(moved, float(-value[0] / (self.sites * self.letters)))

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        del step
        return np.asarray(self.space.inverse @ self._moved(couplings)[1][1:] @ self.space.basis)

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        value, slope = self._moved(couplings)
        space = self.space
        moved, jacobian = space.inverse @ value[1:], space.inverse @ slope[1:] @ space.basis
        return moved - couplings, jacobian - np.eye(len(couplings))

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """-sum |K| over all products - entropy <= F/N, with F/N <= -entropy (random spins) and F/N
        <= -sum K (all spins up).
        """
        classes = self.space.basis @ couplings
        low = -float(np.abs(classes) @ self.products) - self.entropy
        return low, min(-self.entropy, -float(classes @ self.products))

    def beyond(self, couplings: Floats) -> str:
        """Why the expansion does not hold at these couplings, or nothing where it does.

        The parts of second order in V must not exceed the others, summed over the products of a
        site. At first order nothing tells.
        """
        whole = self._moved(couplings)[0][1:]
        lower = replace(self, polynomial=self.polynomial.first_order())._moved(couplings)[0][1:]
        first, second = (float(self.products @ np.abs(part)) for part in (lower, whole - lower))
        if second <= first:
            return ""
        named = zip(self.names, couplings, strict=True)
        at = ", ".join(f"{name} = {value:.4g}" for name, value in named if value)
        times = second / first if first else np.inf
        return (
            f"the expansion does not hold at {at}: its terms of second order are {times:.2g} times "
            "those of first order"
        )

    def _moved(self, couplings: Floats) -> tuple[Floats, Floats]:
        """-H' per coarse cell, the constant and the couplings of the classes [1 + n], and its
        derivatives by those of the fine lattice [1 + n, n].
        """
        with self.backend.arrays() as xp:
            classes = xp.asarray(self.space.basis @ couplings)
            cells = [cell_averages(tables, classes, self.backend, xp) for tables in self.cells]
            value, slope = _cumulants(self.polynomial, classes, cells, xp)
            return np.asarray(value, dtype=np.float64), np.asarray(slope, dtype=np.float64)


def cumulant_recursion(
    backend: Backend,
    block: Block,
    expansion: Expansion,
    space: CouplingSpace,
    cells: tuple[CellTables, ...],
    *,
    species: int,
) -> CumulantRecursion:
    """The recursion of an expansion for a block map whose cells hold every site."""
    letters = len(block.cells)
    return CumulantRecursion(
        backend=backend,
        space=space,
        cells=cells,
        polynomial=polynomial(expansion, cells),
        products=np.array([len(products) / letters for products in expansion.classes]),
        scale=block.scale,
        sites=float(tiling(block).volume),
        letters=letters,
        entropy=species * log(2),
    )


def _cumulants(
    many: Polynomial, classes: Any, cells: Sequence[CellAverages], xp: Any
) -> tuple[Any, Any]:
    """The sum of contributions, and its derivatives by the classes, by the product rule."""
    n = classes.shape[0]
    moments = xp.concat([*(xp.reshape(cell.moments, (-1,)) for cell in cells), xp.ones(1)])
    moment_slopes = xp.concat(
        [*(xp.reshape(cell.moments_slope, (-1, n)) for cell in cells), xp.zeros((1, n))]
    )
    couplings = xp.concat([classes, xp.ones(1)])
    coupling_slopes = xp.concat([xp.eye(n), xp.zeros((1, n))])
    columns = [(moments, moment_slopes, column) for column in many.moments.T]
    columns += [(couplings, coupling_slopes, column) for column in many.couplings.T]
    factors = [xp.take(values, xp.asarray(column)) for values, _, column in columns]
    weights, shares = xp.asarray(many.weights), xp.asarray(many.shares)
    before = [xp.ones(many.weights.shape[1])]
    for factor in factors:
        before.append(before[-1] * factor)
    value = weights @ before[-1] + shares @ xp.concat([cell.log_z for cell in cells])
    slope = shares @ xp.concat([cell.log_z_slope for cell in cells])
    behind = before[0]
    for (_, slopes, column), factor, others in reversed(
        list(zip(columns, factors, before, strict=False))
    ):
        slope = slope + (weights * (others * behind)) @ xp.take(slopes, xp.asarray(column), axis=0)
        behind = behind * factor
    return value, slope
