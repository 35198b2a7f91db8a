"""Hamiltonians of bonds between neighbours on a square lattice and energies of single sites, as a
site tensor holds them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import prod

from rgc.errors import Problem, SpecError
from rgc.model.hamiltonian import Hamiltonian, Table
from rgc.model.lattice import Geometry, Lattice
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.passes.alike_cells import differing_cells
from rgc.passes.local_energies import tables_of
from rgc.text import Span

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class SquareBonds:
    """H = sum_i [site[a_i] + x[a_i][a_(i+x)] + y[a_i][a_(i+y)]] in kT, with a the joint state of
    all species of a site, row-major. `species` are their numbers of states.
    """

    site: tuple[float, ...]
    x: Matrix
    y: Matrix
    species: tuple[int, ...]

    @property
    def states(self) -> int:
        return len(self.site)


def find_bonds(
    lattice: Geometry,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    zero: Collection[str] = (),
    place: Span | None = None,
) -> SquareBonds:
    """The bonds of a Hamiltonian without the terms named in `zero`.

    Raises `SpecError` with every obstacle. The lattice (at `place`) must be two-dimensional with
    one site in a cell, must not be finite along one vector only, and its extents must be periodic
    and powers of 2. A term must not reach further than the next site along a vector.
    """
    differing = differing_cells("tensor renormalisation", lattice, place)
    if differing is not None:
        raise SpecError([differing])
    if not isinstance(lattice, Lattice) or lattice.dimension != 2 or len(lattice.basis) > 1:
        message = (
            "tensor renormalisation works on two vectors with one site a cell: the square lattice"
        )
        raise SpecError(
            [Problem("wrong-lattice", message, place, hint="transfer takes strips of any lattice")]
        )
    holds = "a tensor of one site holds bonds along the vectors and single sites"
    bonds, problems = gather_bonds(species, hamiltonian, zero, holds)
    problems = (*_lattice_obstacles(lattice, place), *problems)
    if problems:
        raise SpecError(problems)
    return bonds


def gather_bonds(
    species: Sequence[Species], hamiltonian: Hamiltonian, zero: Collection[str], holds: str
) -> tuple[SquareBonds, tuple[Problem, ...]]:
    """The bonds along two vectors and the sites of a Hamiltonian without the terms named in `zero`,
    and a problem for each term that is neither. `holds` says in a message what is asked for.
    """
    problems: list[Problem] = []
    size = prod(spin.states or 0 for spin in species)
    site = [0.0] * size
    bonds = {step: [[0.0] * size for _ in range(size)] for step in ((1, 0), (0, 1))}
    for term in hamiltonian.terms:
        for table in tables_of(term, species) if term.name not in zero else ():
            reach = _reach(table)
            if not any(table.energies):
                continue
            if reach is None:
                site = [e + table.energies[_index(table, species, a)] for a, e in enumerate(site)]
            elif reach in bonds:
                for a, b in cartesian(range(size), repeat=2):
                    bonds[reach][a][b] += table.energies[_index(table, species, a, b)]
            else:
                problems.append(_too_far(term.name, table, term.span, holds))
                break
    x, y = (tuple(map(tuple, bonds[step])) for step in ((1, 0), (0, 1)))
    of_species = tuple(spin.states or 0 for spin in species)
    return SquareBonds(tuple(site), x, y, of_species), tuple(problems)


def _lattice_obstacles(lattice: Lattice, place: Span | None) -> Iterator[Problem]:
    if None in lattice.shape and lattice.shape != (None, None):
        message = (
            "tensor renormalisation works on the infinite lattice or on a torus, not on a strip"
        )
        yield Problem("wrong-lattice", message, place, hint="transfer takes strips")
    for size, edge in zip(lattice.shape, lattice.boundary, strict=True):
        if size is not None and size & (size - 1):
            above = 1 << size.bit_length()
            message = (
                f"tensor renormalisation halves the lattice at each step: {size} is no power of 2"
            )
            yield Problem("bad-division", message, place, hint=f"take {above // 2} or {above}")
            return
        if edge != "periodic" and size is not None:
            yield Problem(
                "wrong-lattice", f"tensor renormalisation of {edge} boundaries comes later", place
            )
            return


def _reach(table: Table) -> tuple[int, ...] | None:
    """The displacement from the first cell of the table to its other one. It is None where there is
    one cell only, and zero where there are more than two.
    """
    cells = sorted({spin.cell for spin in table.spins})
    if len(cells) < 2:
        return None
    back = tuple(b - a for a, b in zip(*cells[:2], strict=True))
    return back if len(cells) == 2 else (0,) * len(back)


def _index(table: Table, species: Sequence[Species], *sites: int) -> int:
    """The number of the entry at these joint states of the cells of the table, in order."""
    cells = sorted({spin.cell for spin in table.spins})
    states = {cell: _digits(joint, species) for cell, joint in zip(cells, sites, strict=False)}
    index = 0
    for spin in table.spins:
        index = index * (species[spin.species].states or 1) + states[spin.cell][spin.species]
    return index


def _digits(joint: int, species: Sequence[Species]) -> list[int]:
    digits = []
    for spin in reversed(species):
        joint, digit = divmod(joint, spin.states or 1)
        digits.append(digit)
    return digits[::-1]


def _too_far(name: str, table: Table, span: Span | None, holds: str) -> Problem:
    def shown(spin: Spin) -> str:
        return f"({','.join(map(str, spin.cell))})"

    message = f"{holds}; '{name}' joins {', '.join(map(shown, table.spins))}"
    return Problem("not-bonds", message, span, hint="transfer and enumerate take any term")
