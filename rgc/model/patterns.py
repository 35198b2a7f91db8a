"""Operators of spins with more than two states: products of functions of few states.

A function is 1 where some spins are alike, times a mark, which is a function of their common state.
A factor of one spin is its mark alone: s or s^2 of a spin-1, a component of the unit vector of a
Potts spin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rgc.model.groups import Local
from rgc.model.operators import Product, Spin


@dataclass(frozen=True, slots=True, order=True)
class Factor:
    """1 where `spins`, of one species, are alike, times mark number `mark` of the species at their
    state.
    """

    spins: Product
    mark: int


Pattern = tuple[Factor, ...]
"""A product of factors of different spins, sorted."""


@dataclass(frozen=True, slots=True)
class StateOperator:
    """S = sum over unit cells R, sum over `patterns`, of the pattern at R, in one `sector`.

    `values[k]` are those of patterns[k], row-major over `Species.values` of its spins. A `field` is
    a sum over single spins that tells their states apart.
    """

    name: str
    sector: str
    patterns: tuple[Pattern, ...]
    values: tuple[tuple[float, ...], ...]
    field: bool

    @property
    def products(self) -> tuple[Product, ...]:
        """The spins of each pattern."""
        return tuple(map(spins_of, self.patterns))

    @property
    def bodies(self) -> int:
        return max((len(spins) for spins in self.products), default=0)

    @property
    def summed(self) -> Local:
        """The sum over the lattice that is measured."""
        axes = range(len(self.products[0][0].cell))
        reaches = tuple(
            tuple((min(s.cell[k] for s in spins), max(s.cell[k] for s in spins)) for k in axes)
            for spins in self.products
        )
        return Local(self.products, self.values, reaches)


def spins_of(pattern: Pattern) -> Product:
    """The spins of a pattern, sorted."""
    return tuple(sorted(spin for factor in pattern for spin in factor.spins))


def image(pattern: Pattern, move: Callable[[Spin], Spin]) -> Pattern:
    """The pattern of the images of its spins."""
    return tuple(
        sorted(Factor(tuple(sorted(map(move, each.spins))), each.mark) for each in pattern)
    )


def canonical(pattern: Pattern) -> Pattern:
    """The same up to translation, with the first of its spins in the cell at the origin."""
    back = tuple(-x for x in spins_of(pattern)[0].cell)
    return image(pattern, lambda spin: spin.shifted(back))


def orbit(pattern: Pattern, moves: Iterable[Callable[[Spin], Spin]]) -> tuple[Pattern, ...]:
    """Its images up to translation, sorted."""
    return tuple(sorted({canonical(image(pattern, move)) for move in moves}))
