"""A Hamiltonian ready for lowering: products of Ising spins, or signs of the states of other
spins, grouped by the combination of couplings that multiplies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Generic, TypeVar

from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Boundary, Cell
from rgc.model.operators import Product

Reach = tuple[tuple[int, int], ...]
"""For each axis the lowest and the highest cell that must exist for a product to exist."""


@dataclass(frozen=True, slots=True)
class Combination:
    """c = sum_t weight_t * coefficient_t. `coefficients` holds (term name, weight) in the order of
    the terms.
    """

    coefficients: tuple[tuple[str, float], ...]

    def coefficient(self, of_term: Mapping[str, float]) -> Fraction:
        """c, exactly, from the coefficient (sign * coupling) of each term."""
        return sum(
            (Fraction(weight) * Fraction(of_term[name]) for name, weight in self.coefficients),
            Fraction(0),
        )


@dataclass(frozen=True, slots=True)
class Group(Combination):
    """Products that share one combination of coefficients: c * sum_R sum_k products[k](R).

    `reaches[k]` says where
    products[k] exists: at R where R + reach lies inside every open edge. The reach of a product
    made from binary spins is that of the product it came from, so that it may exceed its own spins.
    """

    products: tuple[Product, ...]
    reaches: tuple[Reach, ...]

    @property
    def spins(self) -> frozenset[int]:
        """The species that occur."""
        return frozenset(spin.species for spins in self.products for spin in spins)


@dataclass(frozen=True, slots=True, order=True)
class Sign:
    """A function of the states of a few spins of any alphabet that is 1 or -1, as words of programs
    are: -1 in the joint states that `negative` marks, in row-major order of `Species.codes`.

    `numbers` are the random numbers that multiply it, spins of species beyond those that move.
    """

    spins: Product
    negative: tuple[bool, ...]
    numbers: Product = ()

    def shifted(self, cell: Cell) -> Sign:
        return replace(
            self,
            spins=tuple(spin.shifted(cell) for spin in self.spins),
            numbers=tuple(number.shifted(cell) for number in self.numbers),
        )


@dataclass(frozen=True, slots=True)
class Signs(Combination):
    """Signs that share one combination of coefficients: c * sum_R sum_k signs[k](R).

    `reaches` and `where` are as in `Group` and `Local`.
    """

    signs: tuple[Sign, ...]
    reaches: tuple[Reach, ...]
    where: tuple[Cell, tuple[Cell, ...]] | None = None

    @property
    def products(self) -> tuple[Product, ...]:
        """The spins of each sign."""
        return tuple(sign.spins for sign in self.signs)


G = TypeVar("G", Group, Signs)


@dataclass(frozen=True, slots=True)
class Local:
    """sum_R sum_k f_k, where f_k is a function of the spins products[k] at R.

    Its values[k] are row-major over `Species.values`, and it exists where the product of a `Group`
    would. With `where` = (modulus, residues) the sum takes only cells R with R mod modulus in
    residues.
    """

    products: tuple[Product, ...]
    values: tuple[tuple[float, ...], ...]
    reaches: tuple[Reach, ...]
    where: tuple[Cell, tuple[Cell, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Merged(Generic[G]):
    """H = sum of `groups` + sum of `constants`.

    The groups are products where every spin has two states, else signs.

    The products of the constants are empty, or random numbers alone: a number for every place where
    they exist.
    """

    groups: tuple[G, ...]
    constants: tuple[Group, ...] = ()

    def coefficients(self, hamiltonian: Hamiltonian) -> tuple[Fraction, ...]:
        """What multiplies the sum of each group, exactly."""
        of_term = {term.name: term.coefficient for term in hamiltonian.terms}
        return tuple(group.coefficient(of_term) for group in self.groups)


def present(
    reach: Reach, cell: Cell, shape: tuple[int | None, ...], boundary: tuple[Boundary, ...]
) -> bool:
    """Whether a product with this reach exists at `cell`, as it does everywhere except across an
    open edge.
    """
    return all(
        edge != "open" or (x + low >= 0 and (size is None or x + high < size))
        for (low, high), x, size, edge in zip(reach, cell, shape, boundary, strict=True)
    )
