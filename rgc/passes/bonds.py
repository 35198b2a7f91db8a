"""Hamiltonians of bonds: nearest-neighbour pairs of one species, the same on every bond, and single
sites.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product as cartesian

from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Diamond, Geometry, Lattice, Site
from rgc.model.lattices import shell
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.text import Span

Table = tuple[float, ...]


class NotBonds(ValueError):
    """The Hamiltonian, or one `term` of it, is more than bonds and sites."""

    def __init__(self, reason: str, term: Term | None = None) -> None:
        super().__init__(reason)
        self.term = term


@dataclass(frozen=True, slots=True)
class BondTerm:
    """A part of -H: `coupling` times the sum of `values` over the bonds, row-major over the states
    (a, b) and symmetric, or with `site` over the sites, by state.
    """

    name: str
    coupling: float
    values: Table
    site: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BondModel:
    """-H of one species with q = `states` on bonds and sites; every site has `neighbours` bonds.
    `constant`: the part of H without spins, per site.
    """

    species: Species
    states: int
    neighbours: int
    terms: tuple[BondTerm, ...]
    constant: float = 0.0


def bond_model(
    hamiltonian: Hamiltonian, lattice: Geometry, species: Sequence[Species]
) -> BondModel:
    """The Hamiltonian as bonds and sites. Raises `NotBonds` for anything else: several species,
    unequal bonds, further neighbours, products of more spins, couplings that differ from place to
    place.
    """
    if len(species) != 1:
        raise NotBonds("bonds join spins of one species")
    bonds = _bonds(lattice)
    terms = [_term(term, lattice, species[0], bonds) for term in hamiltonian.terms]
    return BondModel(
        species[0],
        species[0].states or 0,
        2 * len(bonds) if bonds else 0,
        tuple(each for each in terms if each is not None),
        hamiltonian.constant,
    )


def _bonds(lattice: Geometry) -> frozenset[tuple[Site, Site]]:
    """The nearest-neighbour pairs of a cell; none on a diamond lattice, where a bond is a bond."""
    if isinstance(lattice, Diamond):
        return frozenset()
    if not isinstance(lattice, Lattice) or len(lattice.basis) != 1:
        raise NotBonds("bonds can be moved on lattices with one site in a cell")
    return frozenset(shell(lattice, 1))


def _term(
    term: Term, lattice: Geometry, species: Species, bonds: frozenset[tuple[Site, Site]]
) -> BondTerm | None:
    """One term; None for a constant."""
    if term.inhomogeneous is not None:
        raise NotBonds("its coupling differs from place to place", term)
    parts = _parts(term, species)
    supports = [spins for spins, _ in parts]
    if not supports:
        return None
    site = len(supports[0]) == 1
    if any((len(spins) == 1) != site for spins in supports) or max(map(len, supports)) > 2:
        raise NotBonds("it is neither a pair of neighbours nor a single site", term)
    values = parts[0][1]
    if any(other != values for _, other in parts):
        raise NotBonds("it is not the same on every bond", term)
    if not site:
        _check_pairs(term, supports, bonds, isinstance(lattice, Diamond))
    return BondTerm(term.name, term.coupling, values, site, term.span)


def _check_pairs(
    term: Term,
    supports: Sequence[tuple[Spin, ...]],
    bonds: frozenset[tuple[Site, Site]],
    diamond: bool,
) -> None:
    if diamond:
        return
    found = {tuple(sorted((Site(a.cell, a.letter), Site(b.cell, b.letter)))) for a, b in supports}
    whole = {tuple(sorted(pair)) for pair in bonds}
    if found - whole:
        raise NotBonds("it joins spins that are no nearest neighbours", term)
    if found != whole or len(found) != len(supports):
        raise NotBonds("it is not the same in every direction", term)


def _parts(term: Term, species: Species) -> list[tuple[tuple[Spin, ...], Table]]:
    """The spins of each summand and its values in -H for coupling 1, row-major over
    `Species.values`; constants are left out.
    """
    if term.tables:
        unit = -1.0 / term.coupling if term.coupling else 0.0
        tables = [
            (each.spins, tuple(unit * e for e in each.energies))
            for each in term.tables
            if each.spins
        ]
        return [(spins, _symmetric(term, values, spins, species)) for spins, values in tables]
    found = []
    for weight, product in term.products:
        if product:
            states = cartesian(species.values, repeat=len(product))
            found.append((product, tuple(-term.sign * weight * _product(each) for each in states)))
    return found


def _product(values: Sequence[int]) -> float:
    total = 1.0
    for value in values:
        total *= value
    return total


def _symmetric(term: Term, values: Table, spins: tuple[Spin, ...], species: Species) -> Table:
    q = species.states or 0
    if len(spins) == 2 and any(
        abs(values[a * q + b] - values[b * q + a]) > 1e-12 * (1 + abs(values[a * q + b]))
        for a in range(q)
        for b in range(a)
    ):
        raise NotBonds("its weight changes when the two spins are exchanged", term)
    return values
