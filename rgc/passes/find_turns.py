"""The symmetries of a spec that name its couplings: of lattice, block maps and Hamiltonian, with
exchanges of species.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from itertools import product as cartesian

from rgc.model.block import Block
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Product, Spin, product
from rgc.model.spins import Species
from rgc.model.symmetry import Symmetry
from rgc.passes.find_symmetries import find_symmetries


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """A symmetry of the lattice, and species k becoming species[k]."""

    symmetry: Symmetry
    species: tuple[int, ...]

    def spin(self, spin: Spin) -> Spin:
        site = self.symmetry.site(Site(spin.cell, spin.letter))
        return Spin(site.cell, site.letter, self.species[spin.species])

    def product(self, spins: Product) -> Product:
        """The image of a product, canonical up to translation."""
        return product(map(self.spin, spins))


def find_turns(
    lattice: Lattice, species: Sequence[Species], hamiltonian: Hamiltonian, blocks: Sequence[Block]
) -> tuple[Turn, ...]:
    """The symmetries of lattice, block maps and Hamiltonian (terms whose coefficient is not 0).

    For random couplings they are the symmetries of their distribution. Species are exchanged where
    the laws of the block maps treat them alike.
    """
    kinds = [
        frozenset(spins for weight, spins in term.products if weight == kind_weight and spins)
        for term in hamiltonian.terms
        if term.coefficient
        for kind_weight in {weight for weight, _ in term.products}
    ]
    symmetries = find_symmetries(lattice, blocks, kinds)
    still = tuple(range(len(species)))
    rules = [rule for block in blocks for rule in block.rules]
    exchanged = [
        order
        for order in permutations(still)
        if _kept(order, species, kinds) and all(rule.exchanged(order).same(rule) for rule in rules)
    ]
    return tuple(Turn(symmetry, order) for symmetry, order in cartesian(symmetries, exchanged))


def _kept(
    order: Sequence[int], species: Sequence[Species], kinds: Iterable[frozenset[Product]]
) -> bool:
    if any(species[k].alphabet != species[image].alphabet for k, image in enumerate(order)):
        return False
    return all(products == {_renamed(spins, order) for spins in products} for products in kinds)


def _renamed(spins: Product, order: Sequence[int]) -> Product:
    return product(Spin(spin.cell, spin.letter, order[spin.species]) for spin in spins)
