"""Truncated singular value decomposition: by random projections where that saves work, its residual
checked, else in full.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Draws = Callable[[int, int], NDArray[np.float64]]


OVERSAMPLING = 1.5
POWER_ITERATIONS = 2
RESIDUAL = 0.05
"""Largest |M v - s u| of a triplet that is kept, in units of the smallest kept s: a singular value
is then wrong by the square of this at most, in parts of itself.
"""
ROUNDING = 1e-14
"""Of the largest singular value: what lies below it is rounding."""


def svd(matrix: Any, rank: int, draws: Draws) -> tuple[Any, Any, Any]:
    """u [m, k], s [k] falling, vt [k, n] with matrix = u diag(s) vt up to what lies beyond the
    leading `rank` triplets, k >= rank where the matrix has so many.

    `draws(rows, columns)` gives the random matrix of the projection, independent numbers of zero
    mean. Halko, Martinsson and Tropp, SIAM Review 53, 217 (2011): ceil(1.5 rank) columns, two power
    iterations, orthonormalised after every product. In full where that is no smaller than half the
    matrix, or where the residual is too large after two more iterations.
    """
    columns, xp = ceil(OVERSAMPLING * rank), matrix.__array_namespace__()
    if 2 * columns >= min(matrix.shape):
        return full(matrix)
    transposed = xp.permute_dims(matrix, (1, 0))
    basis = _orthonormal(xp, matrix @ xp.asarray(draws(matrix.shape[1], columns)))
    for _ in range(2):
        for _ in range(POWER_ITERATIONS):
            basis = _orthonormal(xp, matrix @ _orthonormal(xp, transposed @ basis))
        inner, s, vt = full(xp.permute_dims(basis, (1, 0)) @ matrix)
        u = basis @ inner
        rest = matrix @ xp.permute_dims(vt[:rank, :], (1, 0)) - u[:, :rank] * s[:rank]
        allowed = RESIDUAL * float(s[rank - 1]) + ROUNDING * float(s[0])
        if float(xp.max(xp.sum(rest * rest, axis=0))) <= allowed**2:
            return u, s, vt
    return full(matrix)


def full(matrix: Any) -> tuple[Any, Any, Any]:
    """All singular triplets."""
    u, s, vt = matrix.__array_namespace__().linalg.svd(matrix, full_matrices=False)
    return u, s, vt


def _orthonormal(xp: Any, columns: Any) -> Any:
    return xp.linalg.qr(columns)[0]
