"""Central charge and scaling dimensions from the spectra of transfer matrices on circles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
Integers = NDArray[np.int64]

DENSE = 96
"""The largest matrix whose eigenvalues are all computed. Of a larger one, Arnoldi's method finds
the leading ones.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """The leading eigenvalues of a transfer matrix around a circle of `width`, by falling modulus,
    and the charge of each.
    """

    width: int
    values: Complex
    charges: Integers

    @property
    def log_leading(self) -> float:
        return float(np.log(np.abs(self.values[0])))

    @property
    def gaps(self) -> Floats:
        """ln |lambda_0 / lambda_n|, rising from 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(self.log_leading - np.log(np.abs(self.values)))


def leading(
    matrix: Floats, charges: Integers, width: int, count: int, start: Callable[[int], Floats]
) -> Spectrum:
    """The spectrum of a matrix that conserves the charges: up to `count` leading eigenvalues of
    each charge.

    `start(n)` gives the starting vector of length n for Arnoldi's method.
    """
    values, of = [], []
    for charge in np.unique(charges):
        members = np.flatnonzero(charges == charge)
        eigenvalues = _eigenvalues(matrix[np.ix_(members, members)], count, start)
        values.append(eigenvalues)
        of.append(np.full(len(eigenvalues), charge))
    every, owner = np.concatenate(values), np.concatenate(of)
    order = np.argsort(-np.abs(every), kind="stable")
    return Spectrum(width, every[order], owner[order])


def _eigenvalues(block: Floats, count: int, start: Callable[[int], Floats]) -> Complex:
    n = len(block)
    if n <= max(DENSE, 4 * count):
        eigenvalues = np.linalg.eigvals(block)
    else:
        from scipy.sparse.linalg import ArpackNoConvergence, eigs

        try:
            eigenvalues = eigs(block, k=count, v0=start(n), return_eigenvectors=False)
        except ArpackNoConvergence:
            eigenvalues = np.linalg.eigvals(block)
    return np.asarray(
        eigenvalues[np.argsort(-np.abs(eigenvalues), kind="stable")][:count], dtype=np.complex128
    )


@dataclass(frozen=True, slots=True, eq=False)
class Conformal:
    """The central charge c and the scaling dimensions x_n, with the charge of each.

    The dimensions rise from that of the identity, which is 0.
    """

    central_charge: float
    dimensions: Floats
    charges: Integers


def conformal(pairs: Sequence[tuple[Spectrum, Spectrum]]) -> Conformal:
    """c and x_n from the spectra of a narrow and a wide circle, in one direction or in both.

    For one row of a circle of w sites ln lambda_n = -f w + (2 pi / w) a (c/12 - x_n), where a is
    the aspect ratio that anisotropic bonds give a site (Cardy 1986; Gu and Wen, Phys. Rev. B 80,
    155131, 2009). The x_n come from the wide circle. c comes from both, which eliminates f. Two
    directions have the aspect ratios a and 1/a, and the geometric mean of their results eliminates
    a. With one direction a = 1 is assumed.
    """
    c = [max(6 / pi * _casimir(narrow, wide), 0.0) for narrow, wide in pairs]
    x, charges = [], []
    for charge in np.unique(pairs[0][1].charges):
        gaps = [wide.gaps[wide.charges == charge] * wide.width / (2 * pi) for _, wide in pairs]
        count = min(map(len, gaps))
        x.append(np.prod([rising[:count] for rising in gaps], axis=0) ** (1 / len(pairs)))
        charges.append(np.full(count, charge))
    every, owner = np.concatenate(x), np.concatenate(charges)
    order = np.argsort(every, kind="stable")
    return Conformal(float(np.prod(c)) ** (1 / len(pairs)), every[order], owner[order])


def _casimir(narrow: Spectrum, wide: Spectrum) -> float:
    """pi c / 6 from ln lambda_0 = -f w + pi c / (6 w) at two widths."""
    v, w = narrow.width, wide.width
    return (narrow.log_leading / v - wide.log_leading / w) / (1 / v**2 - 1 / w**2)


# -- along a flow ----------------------------------------------------------------------------------

TRIVIAL = 0.25
"""A fixed point of positive weights has c = 0 or c >= 1/2. Below this value a flow has left the
critical fixed point.
"""

PLATEAU = 0.25
"""The largest error of a dimension or of the central charge at a level that counts as a fixed
point.
"""

FIRST = 3
"""The level at which the drift begins. Before it a tensor holds so few sites that the corrections
to the fixed point say nothing of those that follow.
"""

SLOW = 2.0
"""What is missing after a doubling of length, in units of the change by it, for corrections that
fall as the 0.6th power of the length. Those of a marginal operator fall as 1/ln L (Cardy,
Nauenberg and Scalapino, Phys. Rev. B 22, 2560, 1980): there (1 + r)/(1 - r) times the change is
missing, r the ratio of the last two changes, which is less than the number of doublings and rises
with it.
"""

ALIKE = 0.1
"""Central charges of a flow and of its companions differ by less where all of them leave the fixed
point together: not because of chi, but because the correlation length is finite.
"""

SOON = 4
"""Levels, each half a doubling of length, after which a flow that leaves was never at the fixed
point.
"""

RULE = (
    "of the levels with a central charge above 1/4 the one where the largest error of the leading "
    "dimensions and of the central charge is least; errors are the largest of the drift since "
    f"level {FIRST}, {SLOW:g} times the change since the length was half (more where the last two "
    "fall as those of logarithms), and the differences from 3/4 and 1/2 of chi"
)

TRIVIAL_END = "the flow passes no critical fixed point but runs to a trivial one"
NO_REST = "the flow comes to no rest: no level has errors below 1/4"


def plateau(flows: Sequence[Floats]) -> int | str:
    """The level n that `RULE` chooses, or the reason why there is none.

    `flows` hold c and the leading dimensions [n, 1 + k] of the flow and of those with less of chi,
    NaN where a level was not analysed. There is no level where no three consecutive levels are
    critical, where none of them is stationary, or where all flows leave the level together and
    soon.
    """
    c = flows[0][:, 0]
    looked = np.flatnonzero(np.isfinite(c))
    critical = [
        int(third)
        for first, second, third in zip(looked, looked[1:], looked[2:], strict=False)
        if min(c[[first, second, third]]) > TRIVIAL
    ]
    wrong = {level: float(np.nanmax(errors(flows, level))) for level in critical}
    best = min(wrong, key=lambda level: wrong[level], default=None)
    if best is None or wrong[best] > PLATEAU:
        return NO_REST if len(looked) and c[looked[-1]] > TRIVIAL else TRIVIAL_END
    gone = next((int(n) for n in looked if n > best and c[n] < TRIVIAL), None)
    if gone is not None and gone - best <= SOON:
        differences = [np.abs(flow[: gone + 1, 0] - c[: gone + 1]) for flow in flows[1:]]
        if differences and float(np.nanmax(differences)) < ALIKE:
            return TRIVIAL_END
    return best


def errors(flows: Sequence[Floats], level: int) -> Floats:
    """The errors [k] of the columns of the first flow at a level, as `RULE` has them.

    They are infinite where there is nothing to compare with.
    """
    here, looked = flows[0][level], np.flatnonzero(np.isfinite(flows[0][:, 0]))
    drift = [here - flows[0][n] for n in looked if FIRST <= n < level]
    if not drift or not all(np.isfinite(flow[level, 0]) for flow in flows):
        return np.full(len(here), np.inf)
    doubling = [_missing(flows[0], level)] if level - 2 in looked else []
    others = [here - flow[level] for flow in flows[1:]]
    found = np.abs(np.array([*drift, *doubling, *others]))
    return np.asarray(np.where(np.isfinite(found), found, -1.0).max(axis=0))


def _missing(flow: Floats, level: int) -> Floats:
    """What is missing at a level, by the changes [k] in the last two doublings of length."""
    change = flow[level] - flow[level - 2]
    before = flow[level - 2] - flow[level - 4]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = change / before
        marginal = np.where(ratio < 1, (1 + ratio) / (1 - ratio), np.inf)
    slow = np.minimum(marginal, level / 2)
    return np.asarray(np.where(ratio > 0, np.maximum(slow, SLOW), SLOW) * change)
