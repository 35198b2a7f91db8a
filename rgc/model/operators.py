"""Products of spins and the operators summed from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rgc.model.lattice import Cell


@dataclass(frozen=True, slots=True, order=True)
class Spin:
    """One spin in a product: its `cell` relative to the running unit cell, its basis site `letter`
    and its `species` by index.
    """

    cell: Cell
    letter: int = 0
    species: int = 0

    def shifted(self, cell: Cell) -> Spin:
        return Spin(
            tuple(a + b for a, b in zip(self.cell, cell, strict=True)), self.letter, self.species
        )


Product = tuple[Spin, ...]
"""A product of distinct spins, sorted. The empty product is the constant 1."""


def product(spins: Iterable[Spin]) -> Product:
    """The canonical product of Ising spins up to translation.

    Equal spins cancel in pairs (s*s = 1). The rest is sorted and moved so that its first spin
    stands in the cell at the origin.
    """
    odd: set[Spin] = set()
    for spin in spins:
        odd ^= {spin}
    if not odd:
        return ()
    back = tuple(-x for x in min(odd).cell)
    return tuple(sorted(spin.shifted(back) for spin in odd))


@dataclass(frozen=True, slots=True)
class Operator:
    """S = sum over unit cells R, sum over `products`, of the product of spins at R + offset.

    `name` is the name of its coupling (section 7 of docs/language.md). The products of a class are
    inequivalent by translation.
    """

    name: str
    products: tuple[Product, ...]

    @property
    def bodies(self) -> int:
        return max((len(product) for product in self.products), default=0)
