"""Sets of unit cells that a rule visits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product as cartesian
from math import prod

from rgc.model.lattice import Cell


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells x with lower <= x < upper on every axis and x mod modulus in `residues`, which are
    sorted.
    """

    modulus: Cell
    residues: tuple[Cell, ...]
    lower: Cell
    upper: Cell

    def __iter__(self) -> Iterator[Cell]:
        """The cells, in row-major order."""
        inside = frozenset(self.residues)
        for cell in cartesian(*map(range, self.lower, self.upper)):
            if tuple(x % m for x, m in zip(cell, self.modulus, strict=True)) in inside:
                yield cell

    def __len__(self) -> int:
        return sum(
            prod(
                len(range(low + (r - low) % m, high, m))
                for r, m, low, high in zip(
                    residue, self.modulus, self.lower, self.upper, strict=True
                )
            )
            for residue in self.residues
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """Explicit cells, as increasing row-major numbers on the lattice."""

    cells: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.cells)


SiteSet = Cells | Listed


def enumerate_cells(sites: SiteSet, shape: Cell) -> Iterator[Cell]:
    """The cells of a set on a lattice of `shape` cells, in row-major order."""
    return (
        iter(sites)
        if isinstance(sites, Cells)
        else (unflatten(number, shape) for number in sites.cells)
    )


def flatten(cell: Cell, shape: Cell) -> int:
    """The row-major number of a cell, whose last coordinate runs fastest."""
    number = 0
    for x, size in zip(cell, shape, strict=True):
        number = number * size + x
    return number


def unflatten(number: int, shape: Cell) -> Cell:
    """The cell of a row-major number."""
    cell: list[int] = []
    for size in reversed(shape):
        number, x = divmod(number, size)
        cell.append(x)
    return tuple(reversed(cell))
