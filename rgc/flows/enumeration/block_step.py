"""One exact step: the kernels of all blocks, what they make of a log-weight, and how exact and how
informative they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from math import log1p, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration import contraction
from rgc.flows.enumeration.block_kernel import (
    Blocked,
    cut_into_blocks,
    entropy,
    group_kernels,
    log_kernel,
    log_tau,
)
from rgc.flows.enumeration.rounding import without_rounding
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model.spins import Species

Floats = NDArray[np.float64]

FREE = 1 << 8
"""States of spins of no block that are summed over at once, at most, unless one spin has more."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The map of one step.

    - `kernels` holds T of each block in turn, float64[states, images], or of each group of blocks
      whose cells overlap. Spins of no block come first, in groups with one image.
    - `ends[k]` is the number of spins that lie before kernel k.
    """

    block: Block
    blocked: Blocked
    kernels: tuple[Floats, ...]
    ends: tuple[int, ...]

    @property
    def images(self) -> int:
        """States of the coarse lattice."""
        return prod(kernel.shape[1] for kernel in self.kernels)

    def coarse(self, log_weights: Any, xp: Any, first: int = 0, last: int | None = None) -> Any:
        """The log-weights after blocks `first` to `last` are summed over. Blocks behind them stay
        as they are; those before them are absent.
        """
        kernels = [xp.asarray(kernel) for kernel in self.kernels[first:last]]
        return contraction.coarse(log_weights, kernels, xp)

    def extras(self, first: int, digits: Sequence[int]) -> list[Floats]:
        """ln tau - c, tau e^-c - 1, and tau e^-c times the entropy of P(h|v), where c is `shift`.

        They cover all states of the blocks from `first` on, where the blocks before are in the
        states `digits`. Their averages give the triple and the information.
        """
        tau = self._spread(self._log_taus, first, digits) - self.shift
        excess = np.expm1(tau)
        entropies = self._spread([entropy(kernel) for kernel in self.kernels], first, digits)
        return [tau, excess, (1 + excess) * entropies]

    @property
    def shift(self) -> float:
        """The mean of ln tau over all states: 0 for normalised kernels."""
        return float(sum(table.mean() for table in self._log_taus))

    @property
    def _log_taus(self) -> list[Floats]:
        return [log_tau(kernel) for kernel in self.kernels]

    def _spread(self, tables: Sequence[Floats], first: int, digits: Sequence[int]) -> Floats:
        before = sum(float(table[digit]) for table, digit in zip(tables, digits, strict=False))
        return np.asarray(contraction.spread([*tables[first:]], np)) + before

    def exactness(self, extras: Floats) -> Exactness:
        """From the averages of `extras` over the fine states."""
        mean, excess, noise = map(float, extras)
        whole, scale = self.shift + log1p(excess), 1 + abs(self.shift)
        low = sum(float(table.min()) for table in self._log_taus) - self.shift - mean
        high = sum(float(table.max()) for table in self._log_taus) - self.shift - mean
        return Exactness(
            without_rounding(-whole, scale),
            without_rounding(log1p(excess) - mean, scale),
            without_rounding(max(abs(low), abs(high)), scale),
            noise / (1 + excess),
        )


@dataclass(frozen=True, slots=True)
class Exactness:
    """dF = F^h - F^v = -ln <tau>, kl = ln <tau> - <ln tau>, tau_defect = max |ln tau - <ln tau>|,
    and `noise` = H(h|v).

    All are in nats of the whole system. I(v;h) = H(h) - H(h|v).
    """

    dF: float
    kl: float
    tau_defect: float
    noise: float


def _cuts(radices: Sequence[int]) -> list[int]:
    """Where spins of so many states are cut into groups of at most `FREE` states."""
    cuts, size = [0], 1
    for k, states in enumerate(radices):
        if size > 1 and size * states > FREE:
            cuts.append(k)
            size = 1
        size *= states
    return cuts if not radices else [*cuts, len(radices)]


def make_step(
    lattice: Lattice, species: Sequence[Species], block: Block, p: Sequence[float] | None = None
) -> Step:
    """The step of a block map.

    `p` replaces the parameter of the map, group by group. Raises `ValueError` for blocks that do
    not divide the lattice, and `SpecError` for maps without a law.
    """
    blocked = cut_into_blocks(lattice, species, block)
    radices = blocked.fine.radices
    cuts = _cuts(radices[: blocked.free])
    groups = [prod(radices[a:b]) for a, b in pairwise(cuts) if b > a]
    free = [np.zeros((size, 1)) for size in groups]
    shared = [log_kernel(block, number) for number in range(len(block.rules))] if p is None else []
    tables = [
        [
            shared[placed.rule] if p is None else log_kernel(block, placed.rule, p[k])
            for placed in group
        ]
        for k, group in enumerate(blocked.groups)
    ]
    starts = (*cuts[:-1], *_running(blocked.free, blocked.sizes))
    return Step(block, blocked, (*free, *group_kernels(blocked, tables)), starts)


def _running(start: int, sizes: Sequence[int]) -> list[int]:
    return reduce(lambda ends, size: [*ends, ends[-1] + size], sizes[:-1], [start])


def information(log_weights: Floats, log_z: float, noise: float) -> float:
    """I(v;h) = H(h) - H(h|v), from the log-weights of the coarse states and ln of their sum."""
    share = np.exp(log_weights - log_z)
    entropy = float(-(share * np.where(share > 0, log_weights - log_z, 0.0)).sum())
    return without_rounding(entropy - noise, entropy + abs(log_z))
