"""Operators on a small torus: which of them wrap onto another and leave the basis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Operator, Product, Spin
from rgc.model.patterns import Pattern, StateOperator, image, spins_of

O = TypeVar("O", Operator, StateOperator, Operator | StateOperator)


@dataclass(frozen=True, slots=True)
class Folded(Generic[O]):
    """An operator on a given lattice. `flag` says why it leaves the basis there, and is empty where
    it stays.
    """

    operator: O
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


def fold_pattern(pattern: Pattern, lattice: Lattice) -> Pattern:
    """The same of a pattern. Where spins coincide it is empty."""
    origin, spins = (0,) * lattice.dimension, spins_of(pattern)
    if len({_wrapped(spin, origin, lattice) for spin in spins}) < len(spins):
        return ()
    shifts = [tuple(-x for x in spin.cell) for spin in spins]
    return min(image(pattern, partial(_wrapped, by=by, lattice=lattice)) for by in shifts)


def fold_operators(operators: Sequence[O], lattice: Lattice) -> tuple[Folded[O], ...]:
    """Each operator, with a flag where it leaves the basis.

    It leaves where spins of one of its products coincide, or where one of its products also belongs
    to an earlier operator that stays. An operator that meets only itself stays (k2_20 on a length
    of 4 counts each pair twice).
    """
    owner: dict[Product | Pattern, str] = {}
    folded = []
    for operator in operators:
        images = _images(operator, lattice)
        flag = _flag(images, owner)
        if not flag:
            owner |= dict.fromkeys(images, operator.name)
        folded.append(Folded(operator, flag))
    return tuple(folded)


def _images(operator: Operator | StateOperator, lattice: Lattice) -> set[Product | Pattern]:
    """Its products or patterns on the torus, empty where spins coincide."""
    if isinstance(operator, StateOperator):
        return {fold_pattern(pattern, lattice) for pattern in operator.patterns}
    folded = {spins: fold_product(spins, lattice) for spins in operator.products}
    return {image if len(image) == len(spins) else () for spins, image in folded.items()}


def holds_range(lattice: Lattice, reach: float) -> bool:
    """Whether no operator of this range wraps, by the rule of the headline: L' > 2 * range on every
    periodic axis.
    """
    return all(
        edge == "open" or size is None or size > 2 * reach
        for size, edge in zip(lattice.shape, lattice.boundary, strict=True)
    )


def _flag(images: set[Product | Pattern], owner: Mapping[Product | Pattern, str]) -> str:
    if () in images:
        return "spins coincide"
    met = sorted({owner[image] for image in images if image in owner})
    return f"wraps onto {met[0]}" if met else ""


def _wrapped(spin: Spin, by: Cell, lattice: Lattice) -> Spin:
    axes = zip(spin.cell, by, lattice.shape, lattice.boundary, strict=True)
    cell = tuple(
        x + y if size is None or edge == "open" else (x + y) % size for x, y, size, edge in axes
    )
    return Spin(cell, spin.letter, spin.species)
