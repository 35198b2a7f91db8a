"""From terms of spins of any alphabet to groups of signs, those of one term and weight together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import product as cartesian
from math import prod

from rgc.errors import Problem, SpecError
from rgc.model.groups import Group, Merged, Reach, Sign, Signs
from rgc.model.hamiltonian import Hamiltonian, Table
from rgc.model.lattice import Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species
from rgc.passes.local_energies import unit_tables
from rgc.passes.split_tables import split_table

DIGITS = 12
"""Significant digits of weights that are told apart: what remains is rounding."""


def merge_tables(
    hamiltonian: Hamiltonian,
    lattice: Lattice,
    species: Sequence[Species],
    zero: Collection[str] = (),
    first: int | None = None,
) -> Merged[Signs]:
    """The Hamiltonian as groups of signs of equal weight, one term after the other, and what signs
    leave over as constants.

    Spins of species `first` and beyond are random numbers, which multiply the signs of a table, and
    its constant. Terms named in `zero`, whose coupling is exactly 0 at every point of the run, are
    left out. The result depends on the structure of the terms, never on the values of their
    couplings. Raises `SpecError` for couplings that vary from place to place.
    """
    signs: dict[tuple[str, float], list[tuple[Sign, Reach]]] = defaultdict(list)
    constants: dict[tuple[str, float], list[tuple[Product, Reach]]] = defaultdict(list)
    weights: dict[tuple[str, str], float] = {}
    for term in hamiltonian.terms:
        if term.name in zero:
            continue
        if term.inhomogeneous is not None:
            message = f"couplings that vary from place to place ('{term.inhomogeneous}')"
            raise SpecError([Problem("not-yet", f"{message} cannot be sampled yet", term.span)])
        for table in unit_tables(term, species):
            function, numbers = apart(table, species, first)
            reach, own = reach_of(function.spins, lattice), depending(function, species)
            split = split_table(own.spins, own.energies, species)
            for weight, sign in split.parts:
                same = weights.setdefault((term.name, f"{weight:.{DIGITS}g}"), weight)
                signs[term.name, same].append((replace(sign, numbers=numbers), reach))
            if split.constant:
                constants[term.name, split.constant].append((numbers, reach))
    return Merged(
        tuple(
            Signs((key,), tuple(sign for sign, _ in placed), tuple(reach for _, reach in placed))
            for key, placed in signs.items()
        ),
        tuple(
            Group((key,), tuple(each for each, _ in placed), tuple(reach for _, reach in placed))
            for key, placed in constants.items()
        ),
    )


def apart(table: Table, species: Sequence[Species], first: int | None) -> tuple[Table, Product]:
    """A function of spins alone, and the random numbers that multiply it, those of species `first`
    and beyond: in the table they stand for both of their signs.
    """
    numbers = tuple(s for s in table.spins if first is not None and s.species >= first)
    states = cartesian(*(species[spin.species].values for spin in table.spins))
    at_one = [
        energy
        for energy, values in zip(table.energies, states, strict=True)
        if all(v > 0 for v, s in zip(values, table.spins, strict=True) if s in numbers)
    ]
    spins = tuple(spin for spin in table.spins if spin not in numbers)
    return Table(spins, tuple(at_one)), numbers


def depending(table: Table, species: Sequence[Species]) -> Table:
    """A table of only those of its spins that its energies depend on."""
    spins, energies = list(table.spins), list(table.energies)
    for spin in table.spins:
        first = spins.index(spin)
        count = len(species[spin.species].values)
        stride = prod(len(species[each.species].values) for each in spins[first + 1 :])
        alike = [
            [energies[n + k * stride] for k in range(count)]
            for n in range(len(energies))
            if n // stride % count == 0
        ]
        if all(len(set(each)) == 1 for each in alike):
            del spins[first]
            energies = [each[0] for each in alike]
    return Table(tuple(spins), tuple(energies))


def reach_of(spins: Sequence[Spin], lattice: Lattice) -> Reach:
    """The lowest and the highest cell of some spins on each open axis, and (0, 0) elsewhere."""
    return tuple(
        (min(spin.cell[axis] for spin in spins), max(spin.cell[axis] for spin in spins))
        if edge == "open" and spins
        else (0, 0)
        for axis, edge in enumerate(lattice.boundary)
    )
