"""Sets of spins of a small lattice, in classes of those that symmetries carry into one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from itertools import product as cartesian

import numpy as np

from rgc.flows.enumeration.cluster import Cluster
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


def spin_classes(
    cluster: Cluster, turns: Sequence[Turn]
) -> Iterator[tuple[int, tuple[Product, ...]]]:
    """For each class a set of spins (spin k is bit n-1-k) and the images under the symmetries of a
    product that is this set, its offsets as short as the lattice allows. A product may be that of
    several classes: sets of spins that the lattice alone tells apart."""
    for mask in _representatives(cluster, turns):
        if mask:
            shortest = _shortest(cluster, mask)
            yield mask, tuple(sorted({turn.product(shortest) for turn in turns}))


def _representatives(cluster: Cluster, turns: Sequence[Turn]) -> list[int]:
    """The smallest mask of each orbit under the symmetries and translations along axes that close,
    by number of spins."""
    size = len(cluster.spins)
    masks = np.arange(1 << size)
    least = masks.copy()
    for permutation in _permutations(cluster, turns):
        moved = np.zeros_like(masks)
        for k, image in enumerate(permutation):
            moved |= (masks >> (size - 1 - k) & 1) << (size - 1 - image)
        np.minimum(least, moved, out=least)
    return sorted(
        map(int, np.flatnonzero(least == masks)), key=lambda mask: (mask.bit_count(), mask)
    )


def _permutations(cluster: Cluster, turns: Sequence[Turn]) -> Iterator[list[int]]:
    lattice = cluster.lattice
    steps = [
        range(size) if edge != "open" else range(1)
        for size, edge in zip(lattice.cells, lattice.boundary, strict=True)
    ]
    for turn, shift in cartesian(turns, cartesian(*steps)):
        images = [_wrapped(turn.spin(spin).shifted(shift), lattice) for spin in cluster.spins]
        if len(set(images)) == len(images) and all(image in cluster.number for image in images):
            yield [cluster.number[image] for image in images]


def _shortest(cluster: Cluster, mask: int) -> Product:
    """A product of the set of spins on the infinite lattice whose offsets from one of them are as
    short as the torus allows."""
    last = len(cluster.spins) - 1
    spins = [spin for k, spin in enumerate(cluster.spins) if mask >> (last - k) & 1]
    readings = []
    for origin in spins:
        back = tuple(-x for x in origin.cell)
        readings.append(tuple(_nearest(spin.shifted(back), cluster.lattice) for spin in spins))
    return product(min(readings, key=_length))


def _nearest(spin: Spin, lattice: Lattice) -> Spin:
    cell = tuple(
        (x + (size - 1) // 2) % size - (size - 1) // 2 if edge != "open" else x
        for x, size, edge in zip(spin.cell, lattice.cells, lattice.boundary, strict=True)
    )
    return Spin(cell, spin.letter, spin.species)


def _length(reading: Iterable[Spin]) -> list[tuple[int, ...]]:
    keys = [
        (sum(x * x for x in s.cell), *(-abs(x) for x in s.cell), *(x < 0 for x in s.cell))
        for s in reading
    ]
    return sorted(keys)


def _wrapped(spin: Spin, lattice: Lattice) -> Spin:
    cell = tuple(x % size for x, size in zip(spin.cell, lattice.cells, strict=True))
    return Spin(cell, spin.letter, spin.species)
