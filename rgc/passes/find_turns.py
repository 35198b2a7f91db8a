"""The symmetries of lattice, block maps and Hamiltonian, with exchanges of species."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from itertools import product as cartesian
from math import factorial, prod
from typing import Any

from rgc.model.block import Block
from rgc.model.block_rule import BlockRule
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Product, Spin, product
from rgc.model.spins import Species
from rgc.model.symmetry import Symmetry
from rgc.passes.find_symmetries import find_symmetries

_MOST_ORDERS = 720
"""Orders of species that are tried at most; beyond them species stay what they are."""


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
    return turns_of(lattice, species, kinds, blocks)


def turns_of(
    lattice: Lattice,
    species: Sequence[Species],
    couplings: Sequence[Collection[Any]],
    blocks: Sequence[Block],
    image: Callable[[Turn, Any], Any] = Turn.product,
) -> tuple[Turn, ...]:
    """The group of all symmetries, up to translation, sorted. `couplings` and `image` are those of
    `find_symmetries`: what shares a coefficient, and what a turn makes of it.

    An exchange of species may be a symmetry by itself, or only together with one of the lattice
    (two species with the same couplings along different axes).
    """
    found = []
    for order in _orders(species, couplings):

        def turned(symmetry: Symmetry, what: Any, order: tuple[int, ...] = order) -> Any:
            return image(Turn(symmetry, order), what)

        exchanged = partial(BlockRule.exchanged, order=order) if moves(order) else None
        symmetries = find_symmetries(lattice, blocks, couplings, turned, exchanged)
        found += [Turn(symmetry, order) for symmetry in symmetries]
    return tuple(sorted(found))


def moves(order: Sequence[int]) -> bool:
    """Whether some species becomes another."""
    return any(image != k for k, image in enumerate(order))


def unmoving(turns: Sequence[Turn]) -> list[Turn]:
    """Those that leave species what they are."""
    return [turn for turn in turns if not moves(turn.species)]


def firsts(turns: Sequence[Turn]) -> tuple[int, ...]:
    """The first of the species that each one may become by a group of turns."""
    return tuple(min(turn.species[k] for turn in turns) for k in range(len(turns[0].species)))


def _orders(
    species: Sequence[Species], couplings: Sequence[Collection[Any]]
) -> Iterator[tuple[int, ...]]:
    """The orders of species that may be symmetries: a species becomes one of the same states, which
    as many products of each kind hold. The one that changes nothing comes first.
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    for k, kind in enumerate(species):
        counts = (tuple(sorted(map(partial(_spins, k), each))) for each in couplings)
        alike.setdefault((kind.alphabet, kind.states, *counts), []).append(k)
    if prod(factorial(len(kinds)) for kinds in alike.values()) > _MOST_ORDERS:
        yield tuple(range(len(species)))
        return
    for images in cartesian(*(permutations(kinds) for kinds in alike.values())):
        of = dict(zip((k for kinds in alike.values() for k in kinds), sum(images, ()), strict=True))
        yield tuple(of[k] for k in range(len(species)))


def _spins(kind: int, what: Any) -> int:
    """How many spins of a species a product or a function of some spins has."""
    spins = what if isinstance(what, tuple) else what.spins
    return sum(spin.species == kind for spin in spins)
