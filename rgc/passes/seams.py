"""Antiperiodic boundaries as spins that never move: the sign that spins change around them.

For every antiperiodic axis there is one such spin in each cell, -1 in the last cells of the axis
and 1 in all others. Between two spins that lie d cells apart along the axis it stands d times, so
that their product has the sign with which it goes around the boundary. What works on periodic
lattices works on the rest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rgc.model.expressions import Expression, replaced
from rgc.model.groups import Group
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Cell, Lattice
from rgc.model.observables import Average, Linear, Profile, Tally
from rgc.model.operators import Operator, Product, Spin
from rgc.model.spins import Species

NAME = "seam"


def seams(lattice: Lattice) -> tuple[Species, ...]:
    """A species for each antiperiodic axis, in the order of the axes."""
    return tuple(Species(f"{NAME} {axis + 1}") for axis in _axes(lattice))


def seam_fields(lattice: Lattice, words: int) -> tuple[Any, ...]:
    """Their canonical fields u64[1, *cells, letter, word], of which the first letter is used."""
    import numpy as np

    shape, fields = (1, *lattice.cells, len(lattice.basis), words), []
    for axis in _axes(lattice):
        field = np.zeros(shape, dtype=np.uint64)
        np.moveaxis(field, 1 + axis, 0)[-1] = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
        fields.append(field)
    return tuple(fields)


def across(product: Product, lattice: Lattice, first: int) -> Product:
    """A product with the signs of its spins around antiperiodic boundaries, seen from the running
    cell. The seams are species `first` and those after it; others of these have no such sign.
    A product that holds seams has its signs.
    """
    axes = _axes(lattice)
    if any(first <= spin.species < first + len(axes) for spin in product):
        return product
    odd: set[Spin] = set()
    for number, axis in enumerate(axes):
        for spin in (spin for spin in product if spin.species < first):
            for x in _between(0, spin.cell[axis]):
                odd ^= {Spin(_moved(product[0].cell, axis, x), 0, first + number)}
    return tuple(sorted((*product, *odd)))


def hamiltonian_across(hamiltonian: Hamiltonian, lattice: Lattice, first: int) -> Hamiltonian:
    """The same of all products of a Hamiltonian."""
    if not _axes(lattice):
        return hamiltonian
    return Hamiltonian(
        tuple(
            replace(
                term,
                products=tuple(
                    (weight, across(product, lattice, first)) for weight, product in term.products
                ),
            )
            for term in hamiltonian.terms
        )
    )


def measured_across(expression: Expression, lattice: Lattice, first: int) -> Expression:
    """The same of all sums of products in an expression, inside averages too."""
    if not _axes(lattice):
        return expression
    known: dict[Operator | Group, Operator | Group] = {}

    def of(tally: Tally) -> Tally:
        operator = tally.operator
        if not isinstance(operator, Operator | Group):
            return tally
        if operator not in known:
            products = (across(product, lattice, first) for product in operator.products)
            known[operator] = replace(operator, products=tuple(products))
        return replace(tally, operator=known[operator])

    def meant(leaf: Expression) -> Expression:
        match leaf:
            case Average(inner):
                return Average(replaced(inner, meant))
            case Linear(terms):
                return replace(leaf, terms=tuple((weight, of(tally)) for weight, tally in terms))
            case Profile(tally):
                return replace(leaf, tally=of(tally))
        return leaf

    return replaced(expression, meant)


def _axes(lattice: Lattice) -> tuple[int, ...]:
    return tuple(k for k, edge in enumerate(lattice.boundary) if edge == "antiperiodic")


def _between(start: int, end: int) -> range:
    """The cells whose seams lie between two cells of an axis."""
    return range(min(start, end), max(start, end))


def _moved(cell: Cell, axis: int, to: int) -> Cell:
    return (*cell[:axis], to, *cell[axis + 1 :])
