"""The complete graph as a crystal of one cell with a basis site for each of its sites, so that
whatever works on cells works on it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import comb

from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattice import Complete, Lattice
from rgc.model.operators import Product, Spin

COMPLETE = "complete"
"""The name of such a lattice."""


def cell_of(lattice: Complete) -> Lattice:
    """The lattice, with a basis site for each site of the graph."""
    return Lattice(
        name=COMPLETE,
        vectors=((float(lattice.sites),),),
        basis=tuple((float(k),) for k in range(lattice.sites)),
        shape=(1,),
        boundary=("open",),
    )


def one_cell(lattice: Complete, hamiltonian: Hamiltonian) -> tuple[Lattice, Hamiltonian]:
    """The lattice and the Hamiltonian, in which every term has a product for each set of sites that
    its sum binds.
    """
    terms = tuple(_everywhere(term, lattice.sites) for term in hamiltonian.terms)
    return cell_of(lattice), Hamiltonian(terms)


def _everywhere(term: Term, sites: int) -> Term:
    products: list[tuple[float, Product]] = []
    tables: list[Table] = []
    for weight, spins in term.products:
        if not spins:
            products.append((weight * comb(sites, term.sites), ()))
    for chosen in combinations(range(sites), term.sites):
        products += [(weight, _at(spins, chosen)) for weight, spins in term.products if spins]
        tables += [Table(_at(table.spins, chosen), table.energies) for table in term.tables]
    return replace(term, products=tuple(products), tables=tuple(tables))


def _at(spins: Product, chosen: tuple[int, ...]) -> Product:
    return tuple(Spin((0,), chosen[spin.letter], spin.species) for spin in spins)
