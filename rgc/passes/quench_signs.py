"""From random couplings of one size and either sign to quenched spins, which are their signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rgc.errors import Problem, SpecError
from rgc.model.draw import Distribution
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Product, Spin
from rgc.model.quenched import Quenched

BIMODAL = "bimodal"
"""The distribution whose numbers differ in sign alone."""


def quench_signs(
    hamiltonian: Hamiltonian, draws: Mapping[str, Distribution], lattice: Lattice, species: int
) -> tuple[Hamiltonian, tuple[Quenched, ...]]:
    """The Hamiltonian with the sign of every coupling `J ~ bimodal` as a factor of its products,
    and the fields that hold these signs, numbered after those of so many `species`.

    A sign stands in the cell and at the letter of the first site of its bond. Bonds with the same
    sites have the same sign, in whatever term. Couplings of other kinds stay as they are. Raises
    `SpecError` for a random number that stands at no site.
    """
    bonds = _Bonds(species, len(lattice.basis))
    terms = tuple(
        _signed(term, draws[term.inhomogeneous].arguments[0], bonds)
        if term.inhomogeneous in draws and draws[term.inhomogeneous].distribution == BIMODAL
        else term
        for term in hamiltonian.terms
    )
    return Hamiltonian(terms), bonds.fields()


def _signed(term: Term, size: float, bonds: _Bonds) -> Term:
    name = str(term.inhomogeneous)
    if not all(product for _, product in term.products):
        message = f"'{name}' multiplies a summand without spins here"
        hint = "subtract from the summand what does not depend on its spins"
        raise SpecError([Problem("not-yet", message, term.span, hint=hint)])
    products = tuple(
        (abs(size) * weight, tuple(sorted((*product, bonds.sign(name, product)))))
        for weight, product in term.products
    )
    return replace(term, products=products, inhomogeneous=None)


@dataclass(slots=True)
class _Bonds:
    """Places of signs: the k-th bond of a letter has its sign in field k of its name."""

    species: int
    letters: int
    known: dict[tuple[str, tuple[Site, ...]], Spin] = field(default_factory=dict)
    found: list[tuple[str, list[tuple[Site, ...]]]] = field(default_factory=list)

    def sign(self, name: str, product: Product) -> Spin:
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
        return Spin((0,) * len(bond[0].cell), letter, self.species + number)

    def fields(self) -> tuple[Quenched, ...]:
        return tuple(Quenched(name, tuple(bonds)) for name, bonds in self.found)


def _order(site: Site) -> tuple[tuple[int, ...], int]:
    return site.cell, site.letter
