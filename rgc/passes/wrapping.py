"""Terms that meet themselves on small periodic lattices."""

from __future__ import annotations

from collections.abc import Iterable

from rgc.model.hamiltonian import Term
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Product, Spin


def meets_itself(term: Term, lattice: Lattice) -> bool:
    """Whether periodic boundaries make two spins of a product, or two places of the term's
    products, coincide.

    On a square lattice of length 2 every bond is met twice. On one of length 1 a bond joins a spin
    to itself.
    """
    return _coincide([spins for spins in term.supports if spins], _periods(lattice))


def spins_meet(term: Term, lattice: Lattice) -> bool:
    """Whether periodic boundaries make two spins of a product one."""
    periods = _periods(lattice)
    return any(
        len(_folded(spins, spins[0], periods)) < len(spins) for spins in term.supports if spins
    )


def _periods(lattice: Lattice) -> Cell:
    """The size along each vector, 0 where there is no period."""
    return tuple(
        0 if size is None or edge == "open" else size
        for size, edge in zip(lattice.shape, lattice.boundary, strict=True)
    )


def _coincide(products: Iterable[Product], periods: Cell) -> bool:
    seen: dict[frozenset[Spin], Product] = {}
    for product in dict.fromkeys(products):
        images = {_folded(product, spin, periods) for spin in product if _alike(spin, product[0])}
        if any(len(image) < len(product) for image in images) or len(images) < _choices(product):
            return True
        if any(image in seen for image in images):
            return True
        seen |= dict.fromkeys(images, product)
    return False


def _alike(spin: Spin, first: Spin) -> bool:
    return (spin.letter, spin.species) == (first.letter, first.species)


def _choices(product: Product) -> int:
    return sum(_alike(spin, product[0]) for spin in product)


def _folded(product: Product, origin: Spin, periods: Cell) -> frozenset[Spin]:
    """The product seen from one of its spins, with cells taken modulo the periods, where 0 means no
    period.
    """
    return frozenset(
        Spin(
            tuple(
                (x - y) % period if period else x - y
                for x, y, period in zip(spin.cell, origin.cell, periods, strict=True)
            ),
            spin.letter,
            spin.species,
        )
        for spin in product
    )
