"""A Hamiltonian as energies of the joint states of a few spins of any alphabet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import product as cartesian
from math import prod

from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species


def local_energies(
    hamiltonian: Hamiltonian, species: Sequence[Species], zero: Collection[str] = ()
) -> tuple[Table, ...]:
    """The tables whose sum over unit cells is H in kT: one for each set of spins, the constant
    being the table of no spin.

    The terms named in `zero` and tables that vanish are left out. Raises `ValueError` for
    real-valued spins.
    """
    total: dict[Product, tuple[float, ...]] = {}
    for term in hamiltonian.terms:
        for table in tables_of(term, species) if term.name not in zero else ():
            before = total.get(table.spins, (0.0,) * len(table.energies))
            total[table.spins] = tuple(a + b for a, b in zip(before, table.energies, strict=True))
    return tuple(
        Table(spins, energies) for spins, energies in sorted(total.items()) if any(energies)
    )


def tables_of(term: Term, species: Sequence[Species]) -> Iterator[Table]:
    """The tables of one term, its sign and coupling included."""
    return _tables(term, species, term.coefficient)


def unit_tables(term: Term, species: Sequence[Species]) -> Iterator[Table]:
    """The tables of one term, those of the coefficient 1."""
    return _tables(term, species, 1.0)


def _tables(term: Term, species: Sequence[Species], coefficient: float) -> Iterator[Table]:
    for table in term.tables:
        yield Table(table.spins, tuple(coefficient * e + 0.0 for e in table.energies))
    for weight, spins in term.products:
        states = cartesian(*(species[spin.species].values for spin in spins))
        yield Table(spins, tuple(coefficient * weight * prod(values) + 0.0 for values in states))


def placed(table: Table, cell: Cell, lattice: Lattice, species: Sequence[Species]) -> Table | None:
    """The table of one unit cell with its spins at their places in the box, each spin once and in
    order.

    Cells along an infinite vector stay as they are. The result is None where the table reaches over
    an open edge. An Ising spin that is reached across an antiperiodic edge has the opposite sign.
    """
    at: list[Spin] = []
    turned: list[bool] = []
    for spin in table.spins:
        place, odd = [], False
        for x, by, size, edge in zip(cell, spin.cell, lattice.shape, lattice.boundary, strict=True):
            turns, rest = divmod(x + by, size) if size is not None else (0, x + by)
            if turns and edge == "open":
                return None
            odd ^= edge == "antiperiodic" and turns % 2 == 1
            place.append(rest)
        at.append(Spin(tuple(place), spin.letter, spin.species))
        turned.append(odd)
    spins = tuple(sorted(set(at)))
    counts = [_states(species, spin) for spin in spins]
    energies = []
    for states in cartesian(*map(range, counts)):
        of = dict(zip(spins, states, strict=True))
        index = 0
        for spin, odd in zip(at, turned, strict=True):
            count = _states(species, spin)
            index = index * count + (count - 1 - of[spin] if odd else of[spin])
        energies.append(table.energies[index])
    return Table(spins, tuple(energies))


def _states(species: Sequence[Species], spin: Spin) -> int:
    count = species[spin.species].states
    if count is None:
        raise ValueError("real-valued spins have no list of states")
    return count
