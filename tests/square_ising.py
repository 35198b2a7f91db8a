"""F/N of the square Ising model with one coupling and no field, in closed form."""

from __future__ import annotations

from rgc.analysis import square_ising


def onsager(coupling: float) -> float:
    """Of the infinite lattice."""
    return square_ising.onsager(coupling, coupling)[0]


def kaufman(coupling: float, size: int) -> float:
    """Of the size x size torus."""
    return -square_ising.kaufman(coupling, coupling, size, size)[0] / size**2
