"""From random couplings to quenched spins, which are their signs or stand for their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rgc.model.draw import Distribution
from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Product, Spin
from rgc.model.quenched import Quenched
from rgc.model.spins import Species

MOST_PLACED = 1 << 12
"""Sites of couplings that are no signs: a rule for each site of more takes too long to write."""

BIMODAL = "bimodal"
"""The distribution whose numbers differ in sign alone."""


def signs_alone(hamiltonian: Hamiltonian, draws: Mapping[str, Distribution]) -> bool:
    """Whether random couplings differ from place to place in their signs alone."""
    drawn = [draws.get(term.inhomogeneous) for term in hamiltonian.terms if term.inhomogeneous]
    return all(draw is not None and draw.distribution == BIMODAL for draw in drawn)


def quench(
    hamiltonian: Hamiltonian,
    draws: Mapping[str, Distribution],
    lattice: Lattice,
    first: int,
    *,
    signs: bool | None = None,
) -> tuple[Hamiltonian, tuple[Quenched, ...]]:
    """The Hamiltonian with every random coupling as a factor of its products, a spin of species
    `first` or beyond, and what the fields of these spins hold.

    A spin is the sign of its coupling with `signs`, by default where all couplings are
    `signs_alone`, whose size is then in the weight of the product; else it stands for the number
    itself. It stands in the cell and at the letter of the first site of its bond. Bonds with the
    same sites have the same number, in whatever term. It joins the spins of a table too, whose
    energies are then those with both of its signs. Raises `ValueError` for a number that stands at
    no site.
    """
    bonds = _Bonds(first, len(lattice.basis))
    signs = signs_alone(hamiltonian, draws) if signs is None else signs
    terms = tuple(
        term
        if term.inhomogeneous is None
        else _multiplied(
            term,
            abs(draws[term.inhomogeneous].arguments[0]) if signs else 1.0,
            bonds,
            signs=signs,
        )
        for term in hamiltonian.terms
    )
    return Hamiltonian(terms), bonds.fields()


def _multiplied(term: Term, size: float, bonds: _Bonds, *, signs: bool) -> Term:
    name = str(term.inhomogeneous)
    if not all(term.supports):
        raise ValueError(f"'{name}' multiplies a summand without spins, which stands at no site")
    products = tuple(
        (size * weight, tuple(sorted((*product, bonds.place(name, product)))))
        for weight, product in term.products
    )
    tables = tuple(
        part
        for table in term.tables
        for part in _turned(table, size, bonds.place(name, table.spins), halved=signs)
    )
    return replace(term, products=products, tables=tables, inhomogeneous=None)


def _turned(table: Table, size: float, sign: Spin, *, halved: bool) -> Iterator[Table]:
    """A table times a number of this `size` and `sign`. If `halved`, apart the middle of its
    values, which depends on the sign alone, and what is left, whose two values, if there are two,
    are then a sign too.
    """
    middle = (min(table.energies) + max(table.energies)) / 2 if halved else 0.0
    spins, values = (*table.spins, sign), Species("").values
    for energies in ([middle] * len(table.energies), [e - middle for e in table.energies]):
        if any(energies):
            yield Table(spins, tuple(size * e * value for e in energies for value in values))


@dataclass(slots=True)
class _Bonds:
    """Places of random numbers: that of the k-th bond of a letter is in field k of its name."""

    first: int
    letters: int
    known: dict[tuple[str, tuple[Site, ...]], Spin] = field(default_factory=dict)
    found: list[tuple[str, list[tuple[Site, ...]]]] = field(default_factory=list)

    def place(self, name: str, product: Product) -> Spin:
        """The quenched spin of the bond of a product."""
        sites = sorted({Site(spin.cell, spin.letter) for spin in product}, key=_order)
        base = sites[0].cell
        back = tuple(-x for x in base)
        bond = tuple(site.shifted(back) for site in sites)
        if (name, bond) not in self.known:
            self.known[name, bond] = self._placed(name, bond)
        return self.known[name, bond].shifted(base)

    def _placed(self, name: str, bond: tuple[Site, ...]) -> Spin:
        letter = bond[0].letter
        free = (k for k, (of, bonds) in enumerate(self.found) if of == name and not bonds[letter])
        number = next(free, len(self.found))
        if number == len(self.found):
            self.found.append((name, [() for _ in range(self.letters)]))
        self.found[number][1][letter] = bond
        return Spin((0,) * len(bond[0].cell), letter, self.first + number)

    def fields(self) -> tuple[Quenched, ...]:
        return tuple(Quenched(name, tuple(bonds)) for name, bonds in self.found)


def _order(site: Site) -> tuple[tuple[int, ...], int]:
    return site.cell, site.letter
