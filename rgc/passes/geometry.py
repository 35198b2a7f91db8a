"""Lengths on a crystal, computed in lattice coordinates."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.model.lattice import Cell, Lattice, Vector
from rgc.model.shells import cells_near

Rows = list[list[float]]


def gram_matrix(vectors: Sequence[Vector]) -> Rows:
    """vectors[i] . vectors[j]."""
    return [[_dot(a, b) for b in vectors] for a in vectors]


def coordinates(lattice: Lattice, position: Sequence[float]) -> list[float]:
    """The coefficients x of a Cartesian position = sum_k x_k * vectors[k]."""
    return times(
        inverse(gram_matrix(lattice.vectors)),
        [_dot(vector, position) for vector in lattice.vectors],
    )


def cells_within(lattice: Lattice, radius: float) -> list[Cell]:
    """The cells n with |sum_k n_k * vectors[k]| <= radius, in row-major order.

    Raises `ValueError` for too many of them.
    """
    return sorted(cells_near(lattice.vectors, (0.0,) * lattice.dimension, radius))


def inner(gram: Rows, a: Sequence[float], b: Sequence[float]) -> float:
    """The scalar product of two vectors given in lattice coordinates."""
    return _dot(a, times(gram, b))


def times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    """matrix * vector."""
    return [_dot(row, vector) for row in matrix]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def inverse(matrix: Rows) -> Rows:
    """The inverse of a positive definite matrix by Gauss-Jordan elimination."""
    size = len(matrix)
    rows = [[*row, *(float(i == k) for i in range(size))] for k, row in enumerate(matrix)]
    for k in range(size):
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(size):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[size:] for row in rows]
