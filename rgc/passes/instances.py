"""Small instances of a spec for checks of free energies: other sizes, and two copies side by
side.
"""

from __future__ import annotations

from dataclasses import replace

from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Product
from rgc.model.spec import Spec
from rgc.passes.local_energies import local_energies


def resized(spec: Spec, shape: Cell) -> Spec:
    """The spec on a lattice of that many cells."""
    lattice = spec.lattice
    if not isinstance(lattice, Lattice):
        raise ValueError("only a lattice with cells has other sizes")
    return replace(spec, lattice=replace(lattice, shape=shape))


def two_copies(spec: Spec) -> Spec:
    """Two copies of the system on the same sites, which do not interact, so that F is twice that of
    one.
    """
    kinds, hamiltonian = len(spec.species), spec.hamiltonian
    if hamiltonian is None:
        raise ValueError("without a hamiltonian there is nothing to copy")
    copies = tuple(replace(spin, name=f"{spin.name}_2") for spin in spec.species)
    terms = tuple(_moved(term, kinds) for term in hamiltonian.terms)
    return replace(
        spec,
        species=(*spec.species, *copies),
        hamiltonian=Hamiltonian((*hamiltonian.terms, *terms)),
    )


def _moved(term: Term, kinds: int) -> Term:
    """The term of the second copy. Its name cannot be that of a term of the language."""
    products = tuple((weight, _of_copy(product, kinds)) for weight, product in term.products)
    tables = tuple(Table(_of_copy(table.spins, kinds), table.energies) for table in term.tables)
    return replace(term, name=f"{term.name} (2)", products=products, tables=tables)


def _of_copy(product: Product, kinds: int) -> Product:
    return tuple(replace(spin, species=spin.species + kinds) for spin in product)


def seam(spec: Spec, axis: int) -> float:
    """How much F of a lattice that is twice as long along an axis can differ from twice F.

    It is the sum, over the terms that are cut there in one case and joined in the other, of the
    difference of their highest and lowest energy: F changes by no more than H does
    (Peierls-Bogoliubov inequality).
    """
    lattice, hamiltonian = spec.lattice, spec.hamiltonian
    if not isinstance(lattice, Lattice) or hamiltonian is None:
        raise ValueError("a seam needs a lattice with cells and a hamiltonian")
    across = lattice.sites // (lattice.cells[axis] * len(lattice.basis))
    total = 0.0
    for table in local_energies(hamiltonian, spec.species):
        along = [spin.cell[axis] for spin in table.spins]
        reach = max(along) - min(along) if along else 0
        total += 2 * across * reach * (max(table.energies) - min(table.energies))
    return total
