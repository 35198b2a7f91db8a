"""Hamiltonians of bonds: one species with the same nearest-neighbour energy on every bond, and
single-site energies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product as cartesian

from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Diamond, Geometry, Lattice, Site
from rgc.model.operators import Spin
from rgc.model.shells import shell
from rgc.model.spins import Species
from rgc.text import Span

Table = tuple[float, ...]


class NotBonds(ValueError):
    """The Hamiltonian, or one `term` of it, contains more than bonds and sites."""

    def __init__(self, reason: str, term: Term | None = None) -> None:
        super().__init__(reason)
        self.term = term


@dataclass(frozen=True, slots=True)
class BondTerm:
    """A part of -H: `coupling` times the sum of `values` over the bonds, or over the sites if
    `site` is set.

    The values are row-major over the states (a, b) of a bond and symmetric in them, or listed by
    the state of a site.
    """

    name: str
    coupling: float
    values: Table
    site: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BondModel:
    """-H of one species with q = `states` on bonds and sites.

    Every site has `neighbours` bonds. `constant` is the spin-independent part of H per site.
    """

    species: Species
    states: int
    neighbours: int
    terms: tuple[BondTerm, ...]
    constant: float = 0.0


def bond_model(
    hamiltonian: Hamiltonian, lattice: Geometry, species: Sequence[Species]
) -> BondModel:
    """The Hamiltonian as bonds and sites.

    Raises `NotBonds` for anything else: several species, unequal bonds, further neighbours,
    products of more spins, or couplings that differ from place to place.
    """
    if len(species) != 1:
        raise NotBonds("bonds join spins of one species")
    bonds = _bonds(lattice)
    terms = [_term(term, lattice, species[0], bonds) for term in hamiltonian.terms]
    return BondModel(
        species[0],
        species[0].states or 0,
        2 * len(bonds) if bonds else 0,
        tuple(term for term in terms if term is not None),
        hamiltonian.constant,
    )


def _bonds(lattice: Geometry) -> frozenset[tuple[Site, Site]]:
    """The nearest-neighbour pairs of a cell. It is empty on a diamond lattice, where every pair
    that a term joins is a bond.
    """
    if isinstance(lattice, Diamond):
        return frozenset()
    if not isinstance(lattice, Lattice) or len(lattice.basis) != 1:
        raise NotBonds("bonds can be moved on lattices with one site in a cell")
    return frozenset(shell(lattice, 1))


def _term(
    term: Term, lattice: Geometry, species: Species, bonds: frozenset[tuple[Site, Site]]
) -> BondTerm | None:
    """One term, or None for a constant."""
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
    joined = {tuple(sorted((Site(a.cell, a.letter), Site(b.cell, b.letter)))) for a, b in supports}
    whole = {tuple(sorted(pair)) for pair in bonds}
    if joined - whole:
        raise NotBonds("it joins spins that are no nearest neighbours", term)
    if joined != whole or len(joined) != len(supports):
        raise NotBonds("it is not the same in every direction", term)


def _parts(term: Term, species: Species) -> list[tuple[tuple[Spin, ...], Table]]:
    """The spins of each summand and its values in -H for coupling 1, row-major over
    `Species.values`, without constants.
    """
    if term.tables:
        unit = -1.0 / term.coupling if term.coupling else 0.0
        tables = [
            (table.spins, tuple(unit * e for e in table.energies))
            for table in term.tables
            if table.spins
        ]
        return [(spins, _symmetric(term, values, spins, species)) for spins, values in tables]
    parts = []
    for weight, product in term.products:
        if product:
            states = cartesian(species.values, repeat=len(product))
            parts.append(
                (product, tuple(-term.sign * weight * _product(values) for values in states))
            )
    return parts


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
