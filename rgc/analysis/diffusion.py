"""Diffusion maps: a random walk on data whose steps have a given length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.linalg import eigsh
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

Floats = NDArray[np.float64]

REACH = float(np.sqrt(-2 * np.log(np.finfo(np.float64).eps)))
"""Points more than this many scales apart are no neighbours: their weight is below the rounding of
1."""

DENSE = 4000
"""The largest number of points whose weights are kept as a full matrix."""

WHOLE = 1000
"""The largest number of points for which all eigenvalues are computed."""

LEADING = 32
"""The number of eigenvalues that are computed otherwise."""

MOST_WEIGHTS = DENSE**2
"""The largest number of weights of a sparse matrix."""

SMALLEST = 1e-12
"""A second eigenvalue below this is rounding."""

ONE = 64 * float(np.finfo(np.float64).eps)
"""An eigenvalue this near to 1 is 1."""


class NoWalk(Exception):
    """The scale does not suit the points: the reason, and what would (`hint`)."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """A random walk on n points.

    - `eigenvalues` float64[k] by falling value; the first is 1.
    - `vectors` [n, k] are right eigenvectors of the transition matrix, with norm 1 in the
      stationary distribution.
    - `stationary` [n] is the probability of each point after very many steps, if they can be
      reached from each other.
    - `matrix` [n, n] are the transition probabilities, None beyond `WHOLE` points.
    """

    eigenvalues: Floats
    vectors: Floats
    stationary: Floats
    matrix: Floats | None

    @property
    def multiplicity(self) -> int:
        """How many eigenvalues are 1."""
        return parts(self.eigenvalues)


def parts(eigenvalues: Floats) -> int:
    """The number of parts into which the points fall: that of the eigenvalues that are 1."""
    return int((eigenvalues > 1 - ONE).sum())


def walk(points: Floats, scale: float) -> Walk:
    """The diffusion map of points [n, d] at the scale s.

    The weights w_ij = exp(-|x_i - x_j|^2 / (2 s^2)) are divided by the densities sum_j w_ij at both
    of their ends, and the rows are made to add up to 1 (Coifman and Lafon 2006, alpha = 1): then
    the walk does not depend on how densely the points lie. Beyond `DENSE` points the weights of
    neighbours alone are kept. Raises `NoWalk` like `check_scale`.
    """
    check_scale(points, scale)
    weights = _dense(points, scale) if len(points) <= DENSE else _near(points, scale)
    density = _sums(weights)
    weights = _divided(weights, density)
    total = _sums(weights)
    values, vectors = _leading(_divided(weights, np.sqrt(total)))
    stationary = total / total.sum()
    right = vectors / np.sqrt(stationary)[:, None]
    matrix = weights / total[:, None] if len(points) <= WHOLE else None
    return Walk(values, right * np.sign(right.sum(axis=0) + SMALLEST), stationary, matrix)


def check_scale(points: Floats, scale: float) -> None:
    """Raise `NoWalk` for a point without a neighbour, for too many pairs of neighbours, and where
    the second eigenvalue is rounding.

    At large scales the eigenvalues are those of the covariance of the points, divided by s^2.
    """
    tree = KDTree(points)
    nearest = tree.query(points, k=2)[0][:, 1]
    alone = np.flatnonzero(nearest > REACH * scale)
    if len(alone):
        more = f", and {len(alone) - 1} others have none" if len(alone) > 1 else ""
        told = f"row {alone[0]} (counted from 0) has no neighbour{more}"
        hint = f"at the scale {_above(nearest.max() / REACH):g} every point has one"
        raise NoWalk(f"the scale {scale:g} is too small: {told}", hint)
    spread = float(np.linalg.eigvalsh(np.atleast_2d(np.cov(points.T, bias=True)))[-1])
    if spread == 0:
        raise NoWalk("all points are the same", "a walk needs points that differ")
    if spread / scale**2 < SMALLEST:
        second = f"the second eigenvalue is {spread / scale**2:.2g}, as if all points were one"
        hint = f"the points are spread over {spread**0.5:.2g}"
        raise NoWalk(f"the scale {scale:g} is too large: {second}", hint)
    if len(points) > DENSE:
        count = int(tree.count_neighbors(tree, REACH * scale))
        if count > MOST_WEIGHTS:
            told = f"{count} pairs of points are neighbours, more than {MOST_WEIGHTS}"
            hint = f"take a smaller scale, or at most {DENSE} points"
            raise NoWalk(f"the scale {scale:g} is too large for {len(points)} points: {told}", hint)


def _above(value: float) -> float:
    """A number of two digits that is at least as large."""
    unit = 10.0 ** (np.floor(np.log10(value)) - 1)
    return float(np.ceil(value / unit) * unit)


def _dense(points: Floats, scale: float) -> Any:
    return np.exp(cdist(points, points, "sqeuclidean") / (-2 * scale**2))


def _near(points: Floats, scale: float) -> Any:
    """The weights of points within reach of each other, as a sparse matrix."""
    tree = KDTree(points)
    pairs = tree.query_pairs(REACH * scale, output_type="ndarray")
    here, there = np.concatenate([pairs, pairs[:, ::-1]]).T
    apart = np.square(points[here] - points[there]).sum(axis=1)
    shape = (len(points), len(points))
    weights = sparse.csr_array((np.exp(-apart / (2 * scale**2)), (here, there)), shape=shape)
    return sparse.csr_array(weights + sparse.eye_array(len(points)))


def _sums(weights: Any) -> Floats:
    return np.asarray(weights.sum(axis=1), dtype=np.float64)


def _divided(weights: Any, by: Floats) -> Any:
    """w_ij / (by_i by_j)."""
    if isinstance(weights, np.ndarray):
        return weights / by[:, None] / by[None, :]
    inverse = sparse.diags_array(1 / by)
    return sparse.csr_array(inverse @ weights @ inverse)


def _leading(symmetric: Any) -> tuple[Floats, Floats]:
    """The largest eigenvalues by falling value, and their eigenvectors as columns."""
    count = symmetric.shape[0]
    if not isinstance(symmetric, np.ndarray):
        start = np.ones(count)  # no random start: the digits are those of the data
        values, vectors = eigsh(symmetric, k=LEADING, which="LA", v0=start, ncv=4 * LEADING)
        order = np.argsort(-values)
        return values[order], vectors[:, order]
    lowest = 0 if count <= WHOLE else count - LEADING
    values, vectors = eigh(symmetric, subset_by_index=(lowest, count - 1))
    return values[::-1], vectors[:, ::-1]
