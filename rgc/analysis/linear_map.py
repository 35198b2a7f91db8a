"""What iterating a matrix does: its spectrum, and the projector that it converges to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

LARGE = 2.0
"""With a spectral radius beyond this the powers diverge, whatever happens at 1."""

ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""An eigenvalue this small beside the matrix has no digit, and is 0."""

TOLERANCE = 1e-9
"""An eigenvalue this near to the unit circle lies on it, and this near to 1 is 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Iterated:
    """The iterates C^n x of a square matrix.

    - `eigenvalues` complex128[n] by falling modulus.
    - `radius` is the largest modulus, `multiplicity` the number of eigenvalues that are 1.
    - `limit` is the projector lim C^n, on the eigenvectors of 1 along all others, None where the
      powers do not converge, and `why` then says why.
    - `idempotence` is the largest entry of |C^2 - C|: it vanishes where one step is enough.
    """

    eigenvalues: Complexes
    radius: float
    multiplicity: int
    limit: Floats | None
    why: str
    idempotence: float


def iterated(matrix: Floats) -> Iterated:
    """What iterating a square matrix does.

    Its powers converge if and only if every eigenvalue is inside the unit circle or is 1, with as
    many eigenvectors as its multiplicity.
    """
    values = np.linalg.eigvals(matrix).astype(np.complex128)
    values[np.abs(values) <= ROUNDING * np.linalg.norm(matrix)] = 0.0
    radius = float(np.abs(values).max(initial=0.0))
    modulus = (np.abs(values) / max(radius, 1.0)).round(12)
    values = values[np.lexsort((-values.imag, -values.real, -modulus))]
    right, left = _fixed(matrix), _fixed(matrix.T)
    twice = _fixed_in_two_steps(matrix) if radius < LARGE else right.shape[1]
    why = _obstacle(values, radius, right.shape[1], twice)
    limit = None if why else right @ np.linalg.solve(left.T @ right, left.T)
    with np.errstate(over="ignore", invalid="ignore"):
        idempotence = float(np.abs(matrix @ matrix - matrix).max(initial=0.0))
    return Iterated(values, radius, twice, limit, why, idempotence)


def _fixed(matrix: Floats) -> Floats:
    """An orthonormal basis of the vectors x = C x, as columns."""
    _, sizes, rows = np.linalg.svd(matrix - np.eye(len(matrix)))
    return np.asarray(rows[sizes <= TOLERANCE * max(1.0, float(sizes.max(initial=0.0)))].T)


def _fixed_in_two_steps(matrix: Floats) -> int:
    """The dimension of the vectors with (C - 1)^2 x = 0: above that of C x = x where 1 has fewer
    eigenvectors than its multiplicity.
    """
    moved = matrix - np.eye(len(matrix))
    return int(_fixed(moved @ moved + np.eye(len(matrix))).shape[1])


def _obstacle(values: Complexes, radius: float, vectors: int, multiplicity: int) -> str:
    """Why the powers do not converge, the empty string if they do."""
    if radius > 1 + (TOLERANCE if multiplicity == vectors else np.sqrt(TOLERANCE)):
        return f"iterating this diverges: its spectral radius is {radius:.6g}"
    if multiplicity > vectors:
        return (
            f"iterating this diverges: 1 is an eigenvalue {multiplicity} times and has {vectors} "
            f"eigenvector{'s' * (vectors != 1)}"
        )
    turning = values[(np.abs(values) >= 1 - TOLERANCE) & (np.abs(values - 1) > TOLERANCE)]
    if len(turning):
        told = f"{turning[0].real:.6g}" + f"{turning[0].imag:+.6g}i" * bool(turning[0].imag)
        return f"iterating this does not settle: {told} on the unit circle is an eigenvalue"
    return ""
