"""Operators on a small torus: which of them wrap onto another and leave the basis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Operator, Product, Spin


@dataclass(frozen=True, slots=True)
class Folded:
    """An operator on a given lattice. `flag` says why it leaves the basis there, and is empty where
    it stays.
    """

    operator: Operator
    flag: str = ""


def fold_product(product: Product, lattice: Lattice) -> Product:
    """The product with its cells taken modulo the periods, where coinciding spins cancel.

    Two products give the same sum over all cells of the torus exactly when their folded forms are
    equal.
    """
    odd: set[Spin] = set()
    for spin in product:
        odd ^= {_wrapped(spin, (0,) * lattice.dimension, lattice)}
    shifts = [tuple(-x for x in spin.cell) for spin in odd]
    return min(
        (tuple(sorted(_wrapped(spin, by, lattice) for spin in odd)) for by in shifts), default=()
    )


def fold_operators(operators: Sequence[Operator], lattice: Lattice) -> tuple[Folded, ...]:
    """Each operator, with a flag where it leaves the basis.

    It leaves where spins of one of its products coincide, or where one of its products also belongs
    to an earlier operator that stays. An operator that meets only itself stays (k2_20 on a length
    of 4 counts each pair twice).
    """
    owner: dict[Product, str] = {}
    folded = []
    for operator in operators:
        images = {fold_product(spins, lattice) for spins in operator.products}
        flag = _flag(operator, images, owner)
        if not flag:
            owner |= dict.fromkeys(images, operator.name)
        folded.append(Folded(operator, flag))
    return tuple(folded)


def holds_range(lattice: Lattice, reach: float) -> bool:
    """Whether no operator of this range wraps, by the rule of the headline: L' > 2 * range on every
    periodic axis.
    """
    return all(
        edge == "open" or size is None or size > 2 * reach
        for size, edge in zip(lattice.shape, lattice.boundary, strict=True)
    )


def _flag(operator: Operator, images: set[Product], owner: dict[Product, str]) -> str:
    if any(len(image) < operator.bodies for image in images):
        return "spins coincide"
    met = sorted({owner[image] for image in images if image in owner})
    return f"wraps onto {met[0]}" if met else ""


def _wrapped(spin: Spin, by: Cell, lattice: Lattice) -> Spin:
    axes = zip(spin.cell, by, lattice.shape, lattice.boundary, strict=True)
    cell = tuple(
        x + y if size is None or edge == "open" else (x + y) % size for x, y, size, edge in axes
    )
    return Spin(cell, spin.letter, spin.species)
