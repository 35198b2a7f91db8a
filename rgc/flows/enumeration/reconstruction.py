"""The free parameters of Kadanoff's kernel, found by how well the spins can be rebuilt from the
block spins.

The map h|v is exp(p h m - ln 2cosh(p m)), where m is the sum of the spins of a block. It is
normalised, so that dF and the kl of the exact map vanish whatever p is; they cannot choose p. What
p decides is how much of v a block spin tells. q(v) = sum_h P'(h) prod_B exp(p_B h_B m_B)/(2 cosh
p_B)^n, where P' is the exact distribution of the block spins, is the distribution of spins rebuilt
from block spins, and KL(P||q) is minimised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.block_step import Step

Floats = NDArray[np.float64]
Moments = tuple[Floats, int]

GRID = np.linspace(0.1, 2.9, 9)
"""Values of p among which the best uniform one is looked for first."""


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """The parameters of all blocks, KL(P||q) with them, and KL(P||q) with the best p that is the
    same for all blocks.
    """

    p: Floats
    kl: float
    uniform: float


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """KL(P||q) as a function of p, one for each block.

    `log_share` is ln P(v), and `sums` [B] holds h m of every state and image of block B, [Q, q].
    """

    step: Step
    log_share: Floats
    xp: Any

    def value(self, p: Floats) -> float:
        """KL(P||q) in nats."""
        xp, moments = self.xp, [self._moments(k) for k in range(len(p))]
        coarse = contraction.coarse(
            xp.asarray(self.log_share), list(map(xp.asarray, _map(p, moments))), xp
        )
        back = [xp.asarray(kernel.T) for kernel in _back(p, moments)]
        rebuilt = contraction.coarse(coarse, back, xp)
        share = xp.asarray(self.log_share)
        return float(xp.sum(xp.exp(share) * (share - rebuilt)))

    def __call__(self, p: Floats) -> tuple[float, Floats]:
        """KL(P||q) in nats, and its derivatives by every p_B."""
        xp, moments = self.xp, [self._moments(k) for k in range(len(p))]
        kernels, back = _map(p, moments), _back(p, moments)
        tilts = [
            (hm - np.abs(hm) * np.tanh(x * np.abs(hm))).sum(axis=-1)
            for x, (hm, _) in zip(p, moments, strict=True)
        ]
        still = xp.zeros((len(p), len(self.log_share)))
        coarse, slopes = contraction.coarse_slopes(
            xp.asarray(self.log_share),
            still,
            list(map(xp.asarray, kernels)),
            xp,
            self._along(tilts),
        )
        turned = [hm.sum(axis=-1) - n * np.tanh(x) for x, (hm, n) in zip(p, moments, strict=True)]
        rebuilt, slopes = contraction.coarse_slopes(
            coarse,
            slopes,
            [xp.asarray(kernel.T) for kernel in back],
            xp,
            self._along([kernel.T for kernel in turned]),
        )
        share = xp.exp(xp.asarray(self.log_share))
        kl = float(xp.sum(share * (xp.asarray(self.log_share) - rebuilt)))
        return kl, -np.asarray(xp.sum(share * slopes, axis=1))

    def _moments(self, block: int) -> Moments:
        """h m [Q, q, species], and how many spins the block has."""
        cluster = self.step.blocked.fine
        kinds, size = len(cluster.species), self.step.blocked.sizes[block]
        digits = np.indices((2,) * size).reshape(kinds, size // kinds, -1)
        m = (1 - 2 * digits).sum(axis=1)
        h = 1 - 2 * np.indices((2,) * kinds).reshape(kinds, -1)
        return np.einsum("kv,kh->vhk", m, h).astype(np.float64), size

    def _along(self, tilts: list[Floats]) -> list[Any]:
        """For each block how its kernel changes with each parameter: with its own alone."""
        every = []
        for k, tilt in enumerate(tilts):
            grown = np.zeros((len(tilts), *tilt.shape))
            grown[k] = tilt
            every.append(self.xp.asarray(grown))
        return every


def _map(p: Floats, moments: Sequence[Moments]) -> list[Floats]:
    """ln P(h|v) of each block."""
    return [
        -np.logaddexp(0.0, -2 * x * hm).sum(axis=-1) for x, (hm, _) in zip(p, moments, strict=True)
    ]


def _back(p: Floats, moments: Sequence[Moments]) -> list[Floats]:
    """p h m - n ln 2cosh p of each block."""
    return [
        x * hm.sum(axis=-1) - n * np.logaddexp(x, -x) for x, (hm, n) in zip(p, moments, strict=True)
    ]


def learn(reconstruction: Reconstruction, each_block: bool) -> Learned:
    """The p that minimise KL(P||q): the same for all blocks, or, starting from there, one for each
    block.

    -p with -h is the same map, so that p >= 0 is reported.
    """
    from scipy.optimize import minimize, minimize_scalar

    blocks = len(reconstruction.step.blocked.groups)

    def uniform(x: float) -> float:
        return reconstruction.value(np.full(blocks, x))

    best = int(np.argmin([uniform(x) for x in GRID]))
    low, high = GRID[max(best - 1, 0)], GRID[min(best + 1, len(GRID) - 1)]
    common = minimize_scalar(
        uniform, bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )
    p = np.full(blocks, float(common.x))
    if not each_block:
        return Learned(p, float(common.fun), float(common.fun))
    own = minimize(reconstruction, p, jac=True, method="BFGS", options={"gtol": 1e-9})
    return Learned(np.abs(own.x), float(own.fun), float(common.fun))
