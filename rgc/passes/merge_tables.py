"""From terms of spins of any alphabet to groups of signs, those of one term and weight together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from math import prod

from rgc.errors import Problem, SpecError
from rgc.model.groups import Group, Merged, Reach, Sign, Signs
from rgc.model.hamiltonian import Hamiltonian, Table
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin
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
) -> Merged[Signs]:
    """The Hamiltonian as groups of signs of equal weight, one term after the other, and what signs
    leave over as constants.

    Terms named in `zero`, whose coupling is exactly 0 at every point of the run, are left out. The
    result depends on the structure of the terms, never on the values of their couplings. Raises
    `SpecError` for couplings that vary from place to place.
    """
    signs: dict[tuple[str, float], list[tuple[Sign, Reach]]] = defaultdict(list)
    constants: dict[tuple[str, float], list[Reach]] = defaultdict(list)
    weights: dict[tuple[str, str], float] = {}
    for term in hamiltonian.terms:
        if term.name in zero:
            continue
        if term.inhomogeneous is not None:
            message = f"couplings that vary from place to place ('{term.inhomogeneous}')"
            raise SpecError([Problem("not-yet", f"{message} cannot be sampled yet", term.span)])
        for table in unit_tables(term, species):
            reach, own = reach_of(table.spins, lattice), depending(table, species)
            split = split_table(own.spins, own.energies, species)
            for weight, sign in split.parts:
                first = weights.setdefault((term.name, f"{weight:.{DIGITS}g}"), weight)
                signs[term.name, first].append((sign, reach))
            if split.constant:
                constants[term.name, split.constant].append(reach)
    return Merged(
        tuple(
            Signs((key,), tuple(sign for sign, _ in placed), tuple(reach for _, reach in placed))
            for key, placed in signs.items()
        ),
        tuple(
            Group((key,), ((),) * len(reaches), tuple(reaches))
            for key, reaches in constants.items()
        ),
    )


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
