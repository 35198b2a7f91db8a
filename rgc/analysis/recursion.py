"""Recursions: maps of couplings to couplings, which real-space schemes define by summing over the
spins of blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate
from math import fsum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNIT = 2.0**-53
HUGE = 1e100
_RECENT = 8

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
    - Either is NaN where the map has none. Without `sites` the constants are not accumulated, and
      without `scale` there are no exponents.
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
        free spins. They are infinite where there is no lattice.
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


class Diverges(Exception):
    """A sum of constants does not converge. `sums` are its partial sums."""

    def __init__(self, sums: tuple[float, ...]) -> None:
        shown = ", ".join(f"{x:.6g}" for x in sums[:4])
        super().__init__(
            f"the sum of constants does not converge: its partial sums are {shown}, ..."
        )
        self.sums = sums


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
    the contradiction no longer matters. If it matters to the end, the error contains it. Without
    bounds the sum is that of `without_bounds`.
    """
    couplings, total, share, largest = np.asarray(start, dtype=np.float64), 0.0, 1.0, 0.0
    low, high = recursion.bounds(couplings)
    if not np.isfinite([low, high]).all():
        return without_bounds(recursion, couplings)
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


class Summable(Protocol):
    """What has a sum of constants: the part of a `Recursion` that it takes."""

    @property
    def sites(self) -> float: ...

    def __call__(self, couplings: Floats, step: int = 0) -> Moved: ...


def without_bounds(recursion: Summable, start: Floats) -> AccumulatedConstant:
    """The sum of constants of a map without bounds.

    The error contains what the sum changes by when the start moves by its last bit, which a map
    that stretches makes large. Raises `Diverges` where the terms do not shrink.
    """
    start = np.asarray(start, dtype=np.float64)
    found = _sum_of_constants(recursion, start)
    changes = []
    for towards in (np.inf, -np.inf):
        with suppress(Diverges):
            moved = _sum_of_constants(recursion, np.nextafter(start, towards))
            changes.append(abs(moved.value - found.value))
    return replace(found, error=found.error + max(changes, default=0.0))


def _sum_of_constants(recursion: Summable, start: Floats) -> AccumulatedConstant:
    """The sum with the error of where it ends.

    Where the flow stands still, what is left is a geometric series. Elsewhere the sum ends when its
    last terms are rounding, and the error is what they would leave if they shrank on as they have
    done since half as many steps. Raises `Diverges` where the terms do not shrink.
    """
    couplings, share, terms = start, 1.0, [0.0]
    for step in range(MOST_STEPS):
        moved = recursion(couplings, step)
        if not np.isfinite(moved.constant):
            break
        terms.append(share * moved.constant)
        share /= recursion.sites
        if np.array_equal(moved.couplings, couplings) and recursion.sites > 1:
            rest = share * moved.constant / (1 - 1 / recursion.sites)
            return _summed([*terms, rest], 0.0, step + 1)
        recent = max(map(abs, terms[-_RECENT:]))
        if step > 2 * _RECENT and recent <= UNIT * abs(fsum(terms)):
            ratio = (recent / max(map(abs, terms))) ** (1 / step) if recent else 0.0
            return _summed(terms, recent / (1 - ratio), step + 1)
        if not np.isfinite(moved.couplings).all() or not abs(terms[-1]) < HUGE:
            break
        couplings = moved.couplings
    raise Diverges(tuple(accumulate(terms[1:])))


def _summed(terms: Sequence[float], left: float, steps: int) -> AccumulatedConstant:
    value = fsum(terms)
    rounding = 4 * UNIT * fsum(map(abs, terms))
    return AccumulatedConstant(value, left + rounding, steps)
