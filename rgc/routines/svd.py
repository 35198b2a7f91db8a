"""Truncated singular value decomposition, by random projections where that saves work and their
residual is small, and otherwise in full.
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
"""The largest |M v - s u| of a triplet that is kept, in units of the smallest kept s. The relative
error of a singular value is then at most the square of this.
"""
ROUNDING = 1e-14
"""Values below this fraction of the largest singular value are rounding."""


def svd(matrix: Any, rank: int, draws: Draws) -> tuple[Any, Any, Any]:
    """u [m, k], s [k] falling and vt [k, n] with matrix = u diag(s) vt up to what lies beyond the
    leading `rank` triplets.

    k >= rank where the matrix has so many singular values. `draws(rows, columns)` gives the random
    matrix of the projection, whose entries are independent with zero mean.

    The method is that of Halko, Martinsson and Tropp, SIAM Review 53, 217 (2011), with ceil(1.5
    rank) columns and two power iterations, orthonormalised after every product. The decomposition
    is done in full where the projection is not smaller than half the matrix, or where the residual
    is still too large after two more iterations.
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
