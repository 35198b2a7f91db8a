"""The linearised block-spin map from correlations of operators, and its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import jackknife

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """Averages of the operators S' of a level and S of the level before it.

    All are resampled along the first axis (1 + group): `coarse` is <S'> [r, a], `fine` is <S> [r,
    b], `coarse_coarse` is <S' S'> [r, a, a] and `coarse_fine` is <S' S> [r, a, b].
    """

    coarse: Floats
    fine: Floats
    coarse_coarse: Floats
    coarse_fine: Floats

    @property
    def connected(self) -> tuple[Floats, Floats]:
        """The connected correlations <S' S'>_c [r, a, a] and <S' S>_c [r, a, b]."""
        left = self.coarse[:, :, None]
        return (
            self.coarse_coarse - left * self.coarse[:, None, :],
            self.coarse_fine - left * self.fine[:, None, :],
        )


def linearised(correlations: Correlations, operators: Sequence[int]) -> Floats:
    """T[r, a, b] = dK'_a/dK_b for the chosen operators.

    It solves <S' S'>_c T = <S' S>_c (Swendsen 1979), and is NaN where an operator does not
    fluctuate.
    """
    kept = np.ix_(range(len(correlations.coarse)), operators, operators)
    left, right = (sums[kept] for sums in correlations.connected)
    return solved(left, right)


def solved(covariance: Floats, right: Floats) -> Floats:
    """C^-1 B of matrices [r, a, a] and [r, a, b], NaN where an operator does not fluctuate."""
    spread = np.sqrt(np.einsum("raa->ra", covariance).clip(min=0))
    if not (spread > 0).all():
        return np.full(right.shape, np.nan)
    scaled = covariance / (spread[:, :, None] * spread[:, None, :])
    try:
        found = np.linalg.solve(scaled, right / spread[:, :, None])
    except np.linalg.LinAlgError:
        return np.full(right.shape, np.nan)
    return np.asarray(found / spread[:, :, None])


def spectrum(matrices: Floats) -> Complex:
    """The eigenvalues [r, n] of matrices [r, n, n]: those of the first by falling modulus, of a
    conjugate pair the one with the positive imaginary part first, and those of the others in the
    order that follows the eigenvectors of the first.

    Two eigenvalues of nearly one modulus change places from resample to resample. Sorted one by
    one, each would scatter less than it does.
    """
    if not np.isfinite(matrices).all():
        return np.full(matrices.shape[:-1], np.nan + 0j)
    values, right = np.linalg.eig(matrices)
    first = _falling(values[0])
    left = np.linalg.pinv(right)
    kept_left, kept_right = left[0][first], right[0][:, first]
    followed = [values[0][first]]
    for r in range(1, len(matrices)):
        overlap = np.abs((kept_left @ right[r]) * (left[r] @ kept_right).T)
        followed.append(values[r][_matched(overlap)])
    return np.array(followed, dtype=np.complex128)


def _falling(values: Complex) -> NDArray[np.int64]:
    """The order of eigenvalues by falling modulus."""
    return np.lexsort((-values.imag, -np.round(np.abs(values), 12)))


def _matched(overlap: Floats) -> NDArray[np.int64]:
    """For each row the column of its own that makes the sum of overlaps the largest."""
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(overlap, maximize=True)[1])


def estimated(resampled: Floats) -> tuple[Floats, Floats]:
    """Values and errors of resampled eigenvalues, or of functions of them, [1 + group, n].

    They are those of the jackknife. A bias of order 1/groups is small next to the error. Where two
    eigenvalues nearly meet, what would be subtracted as bias is noise, and is left in where it
    exceeds the error.
    """
    values, errors = jackknife(resampled)
    with np.errstate(invalid="ignore"):
        steady = np.abs(values - resampled[0]) <= errors
    return np.where(steady, values, resampled[0]), errors


def exponents(values: Complex, scale: float) -> Floats:
    """y = ln|lambda| / ln b, which is -inf for a vanishing eigenvalue."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.abs(values)) / log(scale))


def eigenvectors(matrix: Floats) -> tuple[Complex, Complex, Complex]:
    """Eigenvalues and both kinds of eigenvectors of a matrix [n, n].

    The eigenvalues [n] fall in modulus. Right eigenvectors [:, k] are directions in coupling space,
    left ones [k, :] are scaling fields, and left @ right = 1. All are NaN where the matrix is not
    diagonalisable.
    """
    values, right = np.linalg.eig(matrix)
    order = _falling(values)
    right = right[:, order].astype(np.complex128)
    try:
        left = np.linalg.inv(right)
    except np.linalg.LinAlgError:
        left = np.full_like(right, np.nan)
    return values[order].astype(np.complex128), right, left


def scaling_fields(matrices: Floats) -> tuple[Floats, Floats]:
    """The leading eigenvalue [r] of matrices T [r, n, n] and phi [r, n], its left eigenvector:
    phi T = lambda phi, so that phi dK is the change of the leading scaling field.

    The length and the sign of phi are arbitrary. Both are NaN where the eigenvalue is not real.
    """
    values = np.full(len(matrices), np.nan)
    vectors = np.full(matrices.shape[:-1], np.nan)
    for r, matrix in enumerate(matrices):
        if not np.isfinite(matrix).all():
            continue
        found, left = np.linalg.eig(matrix.T)
        first = int(np.argmax(np.abs(found)))
        if abs(found[first].imag) < 1e-12 * abs(found[first]):
            values[r], vectors[r] = found[first].real, left[:, first].real
    return values, vectors


def leading_spectra(
    correlations: Correlations, operators: Sequence[int], sizes: Sequence[int]
) -> dict[int, Complex]:
    """The spectra [r, n] of the map with the first n of the operators, for each n in `sizes`."""
    return {n: spectrum(linearised(correlations, operators[:n])) for n in sizes}
