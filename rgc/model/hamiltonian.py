"""Hamiltonians as sums of named terms over products of spins."""

from __future__ import annotations

from dataclasses import dataclass, field

from rgc.model.operators import Product, Spin
from rgc.text import Span


@dataclass(frozen=True, slots=True)
class Table:
    """A function of `spins` that is not a product of Ising spins, with its `energies` in row-major
    order of their states. In a term they are those of the coefficient 1.
    """

    spins: tuple[Spin, ...]
    energies: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """H_t = sign * coupling * sum_R sum_(weight, product) weight * product(R), in units of kT.

    `name` and `coupling` are what results report. For `- K * sum(<i,j>) s[i]*s[j]` they are K and
    its value, and sign is -1; for `+ K * sum(...)` it is 1. A term without a parameter's name
    always has sign -1, so that k is 0.1 for `- 0.1 * sum(...)` and -0.1 for `+ 0.1 * sum(...)`.

    Terms of other alphabets carry `tables` instead of products, which the coefficient multiplies
    too. `inhomogeneous` names the site-dependent coupling (`J[i,j]`) of a term that is not
    translation invariant.

    With `every_pair` it is a sum over every pair of a lattice with cells, in which a product that
    the boundaries make the same at two cells has half its weight.

    On a lattice without cells (complete, diamond, graph) the spins of a product have the empty
    cell, and their letters distinguish them, in the order in which the sum binds its `sites` (0 on
    all others).
    """

    name: str
    coupling: float
    sign: int = -1
    products: tuple[tuple[float, Product], ...] = ()
    tables: tuple[Table, ...] = ()
    inhomogeneous: str | None = None
    sites: int = 0
    every_pair: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def coefficient(self) -> float:
        """What multiplies the sum of products, or of tables, in H."""
        return self.sign * self.coupling

    @property
    def supports(self) -> tuple[Product, ...]:
        """The spins of each product and of each table, none for a constant."""
        return (*(spins for _, spins in self.products), *(table.spins for table in self.tables))

    @property
    def of_spins(self) -> bool:
        """Whether it is more than a constant."""
        return any(self.supports)


@dataclass(frozen=True, slots=True)
class Hamiltonian:
    """H, the sum of its terms. The weight of a configuration is exp(-H)."""

    terms: tuple[Term, ...]

    def couplings(self) -> dict[str, float]:
        return {term.name: term.coupling for term in self.terms}

    @property
    def constant(self) -> float:
        """What terms without spins add to H in each unit cell."""
        products = (
            (term, weight)
            for term in self.terms
            for weight, product in term.products
            if not product
        )
        return sum((term.coefficient * weight for term, weight in products), 0.0)

    @property
    def zero(self) -> tuple[str, ...]:
        """The names of the terms whose coefficient is exactly 0."""
        return tuple(term.name for term in self.terms if term.coupling == 0)
