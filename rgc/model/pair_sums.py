"""Sums over every pair of sites of a large complete graph, which are kept whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rgc.model.groups import Combination
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Complete
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species

MOST_WRITTEN = 64
"""Sites of a complete graph whose products are written out one by one."""

MOST_PAIRED = 2048
"""Sites of the largest complete graph that is sampled."""


@dataclass(frozen=True, slots=True)
class PairSum(Combination):
    """c * sum_(i < j) J_ij s_i s_j over all pairs of `sites`, J the coupling called `name`, or 1
    without one."""

    sites: int
    name: str | None = None

    @property
    def products(self) -> tuple[Product, ...]:
        """The pairs of the first site. A symmetry under flips that keeps these keeps all pairs."""
        return tuple((_spin(0), _spin(k)) for k in range(1, self.sites))


def _spin(site: int) -> Spin:
    return Spin((0,), site)


def kept_whole(lattice: object) -> bool:
    """Whether pairs of this lattice are sums of their own, not written out."""
    return isinstance(lattice, Complete) and lattice.sites > MOST_WRITTEN


def obstacle(hamiltonian: Hamiltonian, species: Sequence[Species]) -> str:
    """Why a Hamiltonian on a large complete graph is not of pairs and fields of ising spins, or
    the empty string."""
    if len(species) != 1 or not species[0].two_states or species[0].offset:
        return "its spins are not one species of ising spins"
    for term in hamiltonian.terms:
        sizes = {len(product) for _, product in term.products if product}
        if term.tables or not sizes <= {1, 2} or len(sizes) > 1:
            return f"the term '{term.name}' is no sum of pairs, nor one of single spins"
    return ""


def split_pairs(
    hamiltonian: Hamiltonian, lattice: Complete, zero: Sequence[str] = ()
) -> tuple[Hamiltonian, tuple[PairSum, ...]]:
    """The Hamiltonian without its sums of pairs, and these, but for terms named in `zero`."""
    pairs = tuple(
        PairSum(((term.name, weight),), lattice.sites, term.inhomogeneous)
        for term in hamiltonian.terms
        if term.name not in zero
        for weight, product in term.products
        if len(product) == 2
    )
    rest = tuple(term for term in hamiltonian.terms if not _of_pairs(term))
    return Hamiltonian(rest), pairs


def _of_pairs(term: Term) -> bool:
    return any(len(product) == 2 for _, product in term.products)
