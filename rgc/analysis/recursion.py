"""Recursions: maps of couplings to couplings, which real-space schemes define by summing over the
spins of blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS = 4000
"""The number of steps after which the sum of constants, or the search for a sink, is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """One step: the renormalised `couplings` [n], and the `constant` g of F(K)/N = g + F(K')/N."""

    couplings: Floats
    constant: float


class Recursion(Protocol):
    """The map K' = R(K) of the couplings `names`, with F(K)/N = g(K) + F(K')/N.

    - N/N' = `sites` is the number of fine spins for each block spin.
    - `scale` is b, the ratio of lattice constants.
    - `sectors` gives for each symmetry sector of the couplings at the start the directions
      float64[n, m] that span it. The first one is the invariant sector. R maps each sector to
      itself.
    """

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def sectors(self) -> Mapping[str, Floats]: ...

    @property
    def scale(self) -> float: ...

    @property
    def sites(self) -> float: ...

    @property
    def account(self) -> Mapping[str, str]:
        """What a step computes, in words and symbols, with the sizes of its arrays: a text for
        each label.
        """
        ...

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        """One step from `couplings`.

        `step` is its number, counted from 0, since some schemes alternate between maps. The result
        is NaN where the couplings go to infinity, and NaN for couplings that are NaN.
        """
        ...

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        """dK'_a/dK_b [a, b], analytic."""
        ...

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        """A function of the couplings that vanishes at fixed points, and its Jacobian.

        It is R(K) - K where nothing better is known.
        """
        ...

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """A lower and an upper bound of F(K)/N that hold for any lattice.

        They follow from ground states and the number of states. The upper one at K = 0 is F/N of
        free spins.
        """
        ...


def invariant_projector(sectors: Mapping[str, Floats]) -> Floats:
    """The projector [n, n] on the first sector along the others."""
    invariant, *others = sectors.values()
    whole = np.concatenate([invariant, *others], axis=1)
    kept = np.arange(whole.shape[1]) < invariant.shape[1]
    return np.asarray((whole * kept) @ np.linalg.inv(whole))


def is_invariant(recursion: Recursion, couplings: Floats) -> bool:
    """Whether the couplings lie in the invariant sector, up to rounding."""
    basis = next(iter(recursion.sectors.values()))
    rest = couplings - basis @ np.linalg.lstsq(basis, couplings, rcond=None)[0]
    size = 1 + np.abs(couplings).max(initial=0.0)
    return bool(np.abs(rest).max(initial=0.0) <= 1e-14 * size)


def keep_symmetry(projector: Floats, before: Floats, after: Floats) -> Floats:
    """`after`, without rounding that breaks a symmetry of `before`. Broken directions are relevant,
    so that such rounding would grow.
    """
    rest = np.abs(before - projector @ before).max(initial=0.0)
    whole = rest <= 1e-13 * (1 + np.abs(before).max(initial=0.0)) and bool(np.isfinite(after).all())
    return np.asarray(projector @ after) if whole else after


@dataclass(frozen=True, slots=True, eq=False)
class AccumulatedConstant:
    """The free energy per site as the accumulated constant of a flow: F/N = `value` +- `error` at
    its start, after `steps` steps.
    """

    value: float
    error: float
    steps: int


def trajectory(recursion: Recursion, start: Floats, steps: int) -> tuple[Floats, Floats]:
    """Couplings [1 + steps, n] and accumulated constants [1 + steps] of a flow.

    F/N = constant[k] + F_k/N, with N the number of sites of level 0. Both are NaN after a step to
    infinity.
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


def free_energy(
    recursion: Recursion, start: Floats, tolerance: float = 1e-17
) -> AccumulatedConstant:
    """The sum of constants until what is left is known within `tolerance`.

    The error is half the width of the last bounds plus the rounding of the sum. A truncated map may
    contradict the bounds of its lattice, above all in a strong field. The sum then continues until
    the contradiction no longer matters. If it matters to the end, the error contains it.
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
    return AccumulatedConstant(float(value), float(left / 2 + rounding), step)
