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

PLATEAU = 0.1
"""The largest error of a dimension or of the central charge at a level that counts as a fixed
point.
"""

RULE = (
    "of the levels with a central charge above 1/4 the one where the errors of the leading "
    "dimensions and of the central charge are least: the largest of the changes from the two "
    "levels before and of the difference from half of chi"
)


def plateau(leading: Floats, smaller: Floats) -> int | None:
    """The level n that `RULE` chooses, or None.

    `leading` and `smaller` hold c and the leading dimensions [n, 1 + k] of the flow and of one with
    half of its chi, NaN where a level was not analysed. The result is None where no three
    consecutive levels are critical, or where none of them is stationary.
    """
    best, at, c = PLATEAU, None, leading[:, 0]
    looked = np.flatnonzero(np.isfinite(c))
    for first, second, third in zip(looked, looked[1:], looked[2:], strict=False):
        if min(c[[first, second, third]]) > TRIVIAL:
            others = np.stack([leading[first], leading[second], smaller[third]])
            change = float(np.nanmax(np.abs(leading[third] - others)))
            if change < best:
                best, at = change, int(third)
    return at
