"""The linearised map of Monte Carlo RG from 4x4 to 2x2 spins under the majority, by summing over
all states of both lattices: what `mcrg` comes to in a run without end.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rgc.analysis.eigenvalues import spectrum
from tests.physics.enumeration import states

FIXED_POINT = {"K": 0.299761, "K2": 0.087094, "K4": -0.001259}
"""Of the exact majority map from 4x4 to 2x2 spins, ties with probability 1/2; there y_t = 0.92921
and y_h = 1.82187.
"""


def exact_exponent(couplings: Mapping[str, float], odd: bool, n: int) -> float:
    """The leading exponent with n operators, at couplings K of nearest neighbours, K2 of diagonals
    and K4 of plaquettes; what is not there is 0.
    """
    fine, coarse = states(16).reshape(-1, 4, 4), states(4).reshape(-1, 2, 2)
    before, after = (
        np.stack(_operators(each.astype(float), odd), axis=-1) for each in (fine, coarse)
    )
    even = zip(("K", "K2", "K4"), _operators(fine.astype(float), False), strict=True)
    weight = np.exp(sum(couplings.get(name, 0.0) * each for name, each in even))
    weight /= weight.sum()
    blocks = fine.reshape(-1, 2, 2, 2, 2).sum(axis=(2, 4)).reshape(-1, 4)
    up = np.where(blocks > 0, 1.0, np.where(blocks < 0, 0.0, 0.5))
    chance = np.prod(
        np.where(coarse.reshape(-1, 4)[None] > 0, up[:, None], 1 - up[:, None]), axis=2
    )
    joint = weight[:, None] * chance
    of_coarse = joint.sum(axis=0)
    mean_after, mean_before = of_coarse @ after, weight @ before
    within = np.einsum("t,ta,tb->ab", of_coarse, after, after) - np.outer(mean_after, mean_after)
    across = np.einsum("st,ta,sb->ab", joint, after, before) - np.outer(mean_after, mean_before)
    matrix = np.linalg.solve(within[:n, :n], across[:n, :n])
    return float(np.log2(abs(spectrum(matrix[None])[0, 0])))


def _operators(s: np.ndarray, odd: bool) -> list[np.ndarray]:
    """Sums over cells: pairs, diagonals, plaquettes; or single spins and three corners of a
    plaquette.
    """
    x, y = np.roll(s, -1, axis=1), np.roll(s, -1, axis=2)
    xy = np.roll(x, -1, axis=2)
    square = s * x * y * xy
    terms = [s, square * (s + x + y + xy)] if odd else [s * x + s * y, s * xy + x * y, square]
    return [each.sum(axis=(1, 2)) for each in terms]
