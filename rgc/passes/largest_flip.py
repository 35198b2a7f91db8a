"""How much moving one spin can cost at most, from the terms alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import comb

from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Complete, Geometry
from rgc.model.operators import Product

LIMIT = 2047
"""A site whose weights could sum to this many kT is refused: sums of them are int32."""


def largest_flip(
    hamiltonian: Hamiltonian, lattice: Geometry | None, sizes: Mapping[str, float]
) -> float:
    """A bound on |dE| where one spin moves, in kT: the sum over the products that it stands in of
    2 |c w J|, and over the tables of |c J| times the range of their energies. `sizes` holds the
    largest |J| of each coupling that differs from place to place.
    """
    most = defaultdict[tuple[int, int], float](float)
    for term in hamiltonian.terms:
        size = abs(term.coefficient)
        if term.inhomogeneous is not None:
            size *= sizes[term.inhomogeneous]
        for spins, change in _changes(term):
            for place, times in _places(spins, term, lattice):
                most[place] += size * change * times
    return max(most.values(), default=0.0)


def _changes(term: Term) -> list[tuple[Product, float]]:
    """The spins of each product and table, and the most by which it changes."""
    products = [(spins, 2 * abs(weight)) for weight, spins in term.products]
    tables = [(each.spins, max(each.energies) - min(each.energies)) for each in term.tables]
    return products + tables


def _places(
    spins: Product, term: Term, lattice: Geometry | None
) -> Iterator[tuple[tuple[int, int], int]]:
    """The species and letter of each spin of a product, with how often it stands there. On a
    complete graph all sites are alike, and each is one of the sites of so many sets.
    """
    if isinstance(lattice, Complete):
        sets = comb(lattice.sites - 1, max(term.sites - 1, 0))
        yield from (((species, 0), sets) for species in {spin.species for spin in spins})
    else:
        yield from (((spin.species, spin.letter), 1) for spin in spins)
