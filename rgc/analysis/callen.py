"""Couplings from configurations by Callen's equations, which are those of the pseudo-likelihood.

Given all others, a spin s_l is 1 or -1 with weights exp(+-h_l), h_l = sum_a K_a S_al, where S_al is
what multiplies s_l in S_a. So

    sum_l <s_l S_al> = sum_l <S_al tanh(sum_b K_b S_bl)>    for every a

(Callen 1963; Swendsen 1984), and these equations say that the mean of sum_l ln P(s_l | the others)
is stationary: the K that solve them maximise the pseudo-likelihood (Besag 1975). It is concave, so
that Newton's method finds the only solution.

The equations are exact for the couplings of all operators. An operator that is left out is partly
carried by those that are not, so that the solution moves with the basis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS = 60
"""Steps of Newton's method before it is given up."""

SMALL = 1e-10
"""The change of a coupling below which it has converged."""

LARGEST = 20.0
"""A coupling that grows beyond this has no finite solution: no configuration speaks against it."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What spins were seen among: `fields` int64[u, a] holds the distinct vectors S_al, `up` and
    `down` [group, u] how often a spin was 1 or -1 there in each group of configurations, whole
    numbers or sums of weights.
    """

    fields: NDArray[np.int64]
    up: NDArray[Any]
    down: NDArray[Any]

    def only(self, operators: int) -> Surroundings:
        """The same for the first operators alone."""
        kept, index = np.unique(self.fields[:, :operators], axis=0, return_inverse=True)
        up, down = (
            np.stack([np.bincount(index.ravel(), row, len(kept)) for row in counts])
            for counts in (self.up, self.down)
        )
        return Surroundings(kept, up.astype(self.up.dtype), down.astype(self.up.dtype))


def callen_couplings(seen: Surroundings) -> Floats:
    """The couplings K [1 + group, a] of all groups together, and of all but one.

    They are NaN where the equations have no solution that configurations tell.
    """
    whole = _solved(seen.fields, seen.up.sum(axis=0), seen.down.sum(axis=0), None)
    others = [
        _solved(seen.fields, seen.up.sum(axis=0) - up, seen.down.sum(axis=0) - down, whole)
        for up, down in zip(seen.up, seen.down, strict=True)
    ]
    return np.stack([whole, *others])


def _solved(
    fields: NDArray[np.int64],
    up: NDArray[Any],
    down: NDArray[Any],
    start: Floats | None,
) -> Floats:
    """The maximum of sum_u up ln P(1) + down ln P(-1), by damped steps of Newton's method."""
    nothing = np.full(fields.shape[1], np.nan)
    if start is not None and not np.isfinite(start).all():
        return nothing
    K = np.zeros(fields.shape[1]) if start is None else start.copy()
    counts, apart = up + down, (up - down).astype(np.float64)
    for _ in range(MOST_STEPS):
        mean = np.tanh(fields @ K)
        slope = (apart - counts * mean) @ fields
        curvature = fields.T @ (fields * (counts * (1 - mean**2))[:, None])
        try:
            step = np.linalg.solve(curvature, slope)
        except np.linalg.LinAlgError:
            return nothing
        step *= min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-300))
        K += step
        if not np.isfinite(K).all() or np.abs(K).max() > LARGEST:
            return nothing
        if np.abs(step).max() < SMALL:
            return K
    return nothing
