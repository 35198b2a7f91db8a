"""The time that kernels take to compile, from the terms of a spec and the functions of a basis.

It is that of the numba backend, measured, where no kernel lies in the cache folder yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

from rgc.model.hamiltonian import Table
from rgc.model.lattice import Complete, Lattice
from rgc.model.operators import Product
from rgc.model.spec import Spec

KERNELS = 2.5
"""Seconds until the smallest kernels run, numba among them."""

NODE = 0.017
"""Seconds for a node of the rule of a site: 0.013 to 0.027 for 18 to 2700 nodes."""

BARE, OF_A_SPIN, OF_A_STATE = 10, 2, 9
"""Nodes of a rule without neighbours, of each spin that it sees, and of each state of a spin that
is more than a sign."""

MOST_SEEN = 64
"""Spins beyond which what they do to one is summed by a matrix, in one node."""

TURN = 4.0
"""Seconds for the kernels of a turn of clusters."""

FOLLOWING = 125
"""Nodes of the rule of each spin that a block spin follows."""

SET = 8e-4
"""Seconds for a set of spins of a basis at a level, which is found from each of its spins."""


def sweep(spec: Spec) -> float:
    """Seconds for the kernel of a sweep."""
    return NODE * nodes(spec)


def nodes(spec: Spec) -> float:
    """About how many nodes the rules of all sites of a cell have. Those of a lattice without cells
    have one form, and count once.
    """
    lattice, hamiltonian = spec.lattice, spec.hamiltonian
    if hamiltonian is None or not isinstance(lattice, Lattice | Complete):
        return BARE
    letters = len(lattice.basis) if isinstance(lattice, Lattice) else 1
    rules = letters * len(spec.species)
    products = [spins for term in hamiltonian.terms for _, spins in term.products if spins]
    pairs = [_seen(spins, lattice) for spins in products if len(spins) <= 2]
    larger = [_seen(spins, lattice) for spins in products if len(spins) > 2]
    seen = min(sum(pairs), rules * MOST_SEEN) + sum(larger)
    tables = [table for term in hamiltonian.terms for table in term.tables if table.spins]
    values = sum(len(table.spins) * _values(table, spec) for table in tables)
    whole = rules * BARE + OF_A_SPIN * seen + OF_A_STATE * values
    return whole / letters if isinstance(lattice, Lattice) and lattice.edges else whole


def _seen(spins: Product, lattice: Lattice | Complete) -> float:
    """How many spins those of a product see, in all products that are shifted from it. On a
    complete graph they are any spins, and one of them counts.
    """
    others = len(spins) - 1
    if isinstance(lattice, Lattice):
        return float(len(spins) * others)
    return float(comb(lattice.sites - 1, others) * others)


def _values(table: Table, spec: Spec) -> float:
    """The energies of a table for each state of its first spin."""
    return len(table.energies) / (spec.species[table.spins[0].species].states or 1)


def basis(sets: tuple[int, ...], levels: int) -> float:
    """Seconds for a basis that looks through so many sets of 1, 2, ... spins, and for the programs
    that sum it at so many levels.
    """
    return SET * levels * sum(count / bodies for bodies, count in enumerate(sets, 1))


def following(spec: Spec, cells: Sequence[int], level: int) -> float:
    """Seconds for the sweep of a level whose cells hold all finer spins."""
    spins = sum(cells[: level + 1]) / cells[level] * len(spec.species)
    return NODE * FOLLOWING * spins
