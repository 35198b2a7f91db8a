"""Maps of couplings to couplings: what a real-space scheme is once the spins of its blocks are
summed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS = 4000
"""Steps after which a ledger, or the way to a sink, is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """One step: the renormalised `couplings` [n], and the `constant` g of F(K)/N = g + F(K')/N."""

    couplings: Floats
    constant: float


class Recursion(Protocol):
    """K' = R(K) for couplings with `names`; F(K)/N = g(K) + F(K')/N, with N/N' = `sites` of the
    fine spins to a block spin.

    `scale` is b, the ratio of lattice constants. `sectors`: for each sector of the symmetry of the
    couplings it starts from the directions float64[n, m] that span it; the first sector is the
    invariant one, and R maps each to itself.
    """

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def sectors(self) -> Mapping[str, Floats]: ...

    @property
    def scale(self) -> float: ...

    @property
    def sites(self) -> float: ...

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        """The couplings after step number `step`, which counts from 0 (maps may take turns). NaN
        where they leave for infinity, and after NaN.
        """
        ...

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        """dK'_a/dK_b [a, b], analytic."""
        ...

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        """A function of the couplings that vanishes at fixed points, and its Jacobian; R(K) - K
        where nothing better is known.
        """
        ...

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """Between which values F(K)/N lies for any lattice: from ground states and the number of
        states. The upper one at K = 0 is F/N of free spins.
        """
        ...


def invariant_projector(sectors: Mapping[str, Floats]) -> Floats:
    """The projector [n, n] on the first sector along the others."""
    invariant, *others = sectors.values()
    whole = np.concatenate([invariant, *others], axis=1)
    kept = np.arange(whole.shape[1]) < invariant.shape[1]
    return np.asarray((whole * kept) @ np.linalg.inv(whole))


def keep_symmetry(projector: Floats, before: Floats, after: Floats) -> Floats:
    """`after`, without the rounding that breaks a symmetry which `before` has: broken directions
    are relevant, so that it would grow.
    """
    rest = np.abs(before - projector @ before).max(initial=0.0)
    whole = rest <= 1e-13 * (1 + np.abs(before).max(initial=0.0)) and bool(np.isfinite(after).all())
    return np.asarray(projector @ after) if whole else after


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """F/N at the couplings a flow starts from: `value` +- `error`, after `steps` steps."""

    value: float
    error: float
    steps: int


def trajectory(recursion: Recursion, start: Floats, steps: int) -> tuple[Floats, Floats]:
    """Couplings [1 + steps, n] and accumulated constants [1 + steps]: F/N = constant[k] + F_k/N, N
    the sites of level 0. NaN after a step that left for infinity.
    """
    couplings, constants, share = [np.asarray(start, dtype=np.float64)], [0.0], 1.0
    for step in range(steps):
        if not np.isfinite(couplings[-1]).all():
            break
        moved = recursion(couplings[-1], step)
        couplings.append(moved.couplings)
        constants.append(constants[-1] + share * moved.constant)
        share /= recursion.sites
    missing = 1 + steps - len(couplings)
    return np.array(couplings + missing * [np.full(len(start), np.nan)]), np.array(
        constants + missing * [np.nan]
    )


def free_energy(recursion: Recursion, start: Floats, tolerance: float = 1e-17) -> Ledger:
    """The sum of constants until what is left is known within `tolerance`; the error is half the
    width of the last bounds and the rounding of the sum.

    A truncated map may contradict the bounds of its lattice, in a strong field above all: then the
    sum goes on until that no longer matters, and where it does to the end the error holds it.
    """
    couplings, total, share, largest = np.asarray(start, dtype=np.float64), 0.0, 1.0, 0.0
    low, high = recursion.bounds(couplings)
    for step in range(MOST_STEPS):
        moved, left = recursion(couplings, step), share * (high - low)
        if not np.isfinite([moved.constant, *moved.couplings]).all():
            break
        below, above = recursion.bounds(moved.couplings)
        excess = (
            low - moved.constant - above / recursion.sites,
            moved.constant + below / recursion.sites - high,
        )
        left += share * max(*excess, 0.0)
        if left <= tolerance:
            break
        total += share * moved.constant
        largest = max(largest, abs(total))
        couplings, low, high, share = moved.couplings, below, above, share / recursion.sites
    value = total + share * (low + high) / 2
    rounding = 4 * np.finfo(np.float64).eps * max(largest, abs(value))
    return Ledger(float(value), float(left / 2 + rounding), step)
