"""Hamiltonians of bonds: one species with the same nearest-neighbour energy on every bond along an
axis, and single-site energies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product as cartesian
from math import exp

from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Diamond, Geometry, Lattice, Site
from rgc.model.operators import Spin
from rgc.model.shells import Pair, shell
from rgc.model.spins import Species
from rgc.text import Span

_ALIKE = 1e-9
_ROUNDED = 1e-14

Table = tuple[float, ...]

MOST_LISTED_PAIRS = 12
"""Up to so many states of a spin the functions of a bond are those of every pair of states."""


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
    the state of a site. `axes` are the numbers of the axes whose bonds it counts, of a term of
    sites all.
    """

    name: str
    coupling: float
    values: Table
    site: bool
    axes: tuple[int, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BondModel:
    """-H of one species with q = `states` on bonds and sites.

    Bonds lie along so many `axes`, each with two of them at every site; there are no axes on a
    diamond lattice. `constant` is the spin-independent part of H per site.
    """

    species: Species
    states: int
    axes: int
    terms: tuple[BondTerm, ...]
    constant: float = 0.0

    @property
    def neighbours(self) -> int:
        """The number of bonds of a site."""
        return 2 * self.axes

    @property
    def isotropic(self) -> bool:
        """Whether every term counts the bonds along all axes alike."""
        return all(len(term.axes) == self.axes for term in self.terms)


def bond_model(
    hamiltonian: Hamiltonian, lattice: Geometry, species: Sequence[Species]
) -> BondModel:
    """The Hamiltonian as bonds and sites.

    Raises `NotBonds` for anything else: several species, unequal bonds, further neighbours,
    products of more spins, or couplings that differ from place to place. Bonds along different axes
    may differ.
    """
    if len(species) != 1:
        raise NotBonds("bonds join spins of one species")
    bonds = _bonds(lattice)
    terms = [_term(term, species[0], bonds) for term in hamiltonian.terms]
    return BondModel(
        species[0],
        species[0].states or 0,
        len(bonds),
        tuple(term for term in terms if term is not None),
        hamiltonian.constant,
    )


def _bonds(lattice: Geometry) -> tuple[Pair, ...]:
    """The nearest-neighbour pairs of a cell, one for each axis in turn. There are none on a diamond
    lattice, where every pair that a term joins is a bond.
    """
    if isinstance(lattice, Diamond):
        return ()
    if not isinstance(lattice, Lattice) or len(lattice.basis) != 1:
        raise NotBonds("bonds can be moved on lattices with one site in a cell")
    return tuple(sorted(map(_sorted, shell(lattice, 1)), reverse=True))


def dependent_bonds(model: BondModel) -> BondTerm | None:
    """The first term that is a combination of those before it, up to a constant, or None.

    A function of a bond is compared by what it adds to each site and, along each axis, by what is
    left of it when that is taken away.
    """
    rows: list[tuple[int, list[float]]] = []
    for term in model.terms:
        row = _parts_of(model, term)
        size = max(map(abs, row), default=0.0)
        for pivot, other in rows:
            factor = row[pivot] / other[pivot]
            row = [x - factor * y for x, y in zip(row, other, strict=True)]
        pivot = max(range(len(row)), key=lambda k: abs(row[k]), default=0)
        if size and abs(row[pivot]) <= _ALIKE * size:
            return term
        if size:
            rows.append((pivot, row))
    return None


def _parts_of(model: BondModel, term: BondTerm) -> list[float]:
    """The function of a site, then those of pairs along each axis, relative to state 0."""
    q, number = model.states, max(model.axes, 1)
    if term.site:
        site = [term.values[a] - term.values[0] for a in range(1, q)]
        return site + [0.0] * (number * (q * (q - 1) // 2))
    at = [term.values[a * q : (a + 1) * q] for a in range(q)]
    axes = term.axes or (0,)
    single = [2 * len(axes) * (at[a][0] - at[0][0]) for a in range(1, q)]
    pairs = [at[a][b] - at[a][0] - at[0][b] + at[0][0] for a in range(1, q) for b in range(a, q)]
    return single + [x if axis in axes else 0.0 for axis in range(number) for x in pairs]


def has_real_powers(model: BondModel) -> bool:
    """Whether W(a, b) = exp(u(a, b)) of the bonds along every axis has no negative eigenvalue.

    Fields on sites change W(a, b) to f(a) W(a, b) f(b) with positive f, and leave the signs of its
    eigenvalues as they are.
    """
    return all(_positive(_weight(model, axis)) for axis in range(model.axes))


def _weight(model: BondModel, axis: int) -> list[list[float]]:
    """W of the bonds along one axis, without fields, relative to the largest."""
    q = model.states
    pairs = [term for term in model.terms if not term.site and axis in term.axes]
    u = [sum(term.coupling * term.values[k] for term in pairs) for k in range(q * q)]
    return [[exp(u[a * q + b] - max(u)) for b in range(q)] for a in range(q)]


def _positive(weight: list[list[float]]) -> bool:
    """Whether a symmetric matrix is positive semidefinite, by elimination with the largest diagonal
    entries first.
    """
    left = list(range(len(weight)))
    while left:
        pivot = max(left, key=lambda a: weight[a][a])
        if weight[pivot][pivot] <= _ROUNDED:
            return all(abs(weight[a][b]) <= _ROUNDED for a in left for b in left)
        left.remove(pivot)
        for a in left:
            factor = weight[a][pivot] / weight[pivot][pivot]
            for b in left:
                weight[a][b] -= factor * weight[pivot][b]
    return True


def _sorted(pair: Pair) -> Pair:
    first, second = sorted(pair)
    return first, second


def _term(term: Term, species: Species, bonds: Sequence[Pair]) -> BondTerm | None:
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
    axes = tuple(range(len(bonds))) if site else _axes(term, supports, bonds)
    return BondTerm(term.name, term.coupling, values, site, axes, term.span)


def _axes(
    term: Term, supports: Sequence[tuple[Spin, ...]], bonds: Sequence[Pair]
) -> tuple[int, ...]:
    """The axes along which a term joins neighbours, none on a diamond lattice."""
    if not bonds:
        return ()
    joined = [_sorted((Site(a.cell, a.letter), Site(b.cell, b.letter))) for a, b in supports]
    if not set(joined) <= set(bonds):
        raise NotBonds("it joins spins that are no nearest neighbours", term)
    if len(set(joined)) != len(joined):
        raise NotBonds("it counts a bond twice", term)
    return tuple(sorted(map(bonds.index, joined)))


def _parts(term: Term, species: Species) -> list[tuple[tuple[Spin, ...], Table]]:
    """The spins of each summand and its values in -H for coupling 1, row-major over
    `Species.values`, without constants.
    """
    if term.tables:
        tables = [
            (table.spins, tuple(-term.sign * e for e in table.energies))
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
