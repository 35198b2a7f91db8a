"""What an expansion around independent cells asks of the block map and the Hamiltonian."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model.tiling import whole_cells
from rgc.passes.dependent_terms import dependent_term, equal_terms
from rgc.schemes.scheme import Asked

MOST_CELL_SPINS = 16
"""The largest number of spins of a cell whose states are summed."""


def one_map_of_cells(asked: Asked) -> Iterator[Problem]:
    """Report lists of block maps, and cells that are too large or do not hold every site."""
    spec = asked.spec
    if not asked.read("block", "lattice", "spins") or not isinstance(spec.lattice, Lattice):
        return
    if len(spec.blocks) > 1:
        message = (
            f"'{asked.scheme.name}' expands around the cells of one block map, and here are "
            f"{len(spec.blocks)}"
        )
        hint = "run one spec for each of them"
        yield Problem("wrong-block", message, asked.section("block"), hint=hint)
    for block in spec.blocks[:1]:
        yield from _cells(block, spec.lattice, asked)


def _cells(block: Block, lattice: Lattice, asked: Asked) -> Iterator[Problem]:
    place = asked.section("block")
    if block.rules and block.law(0).copied is not None and len(lattice.basis) > 1:
        message = (
            f"where a unit cell holds {len(lattice.basis)} sites, those that decimation sums over "
            "belong to no kept one"
        )
        yield Problem("wrong-block", message, place, hint="take majority or kadanoff with cells")
    elif block.name in asked.scheme.rules and block.cells:
        spins = len(asked.spec.species) * max(map(len, whole_cells(block, lattice).cells))
        if spins > MOST_CELL_SPINS:
            message = (
                f"a cell of this block map has {spins} spins, and the scheme sums over the states "
                f"of at most {MOST_CELL_SPINS}"
            )
            yield Problem("cell-too-large", message, place, hint="take smaller cells")


def independent_terms(asked: Asked) -> Iterator[Problem]:
    """Report terms of the Hamiltonian that cannot be told apart."""
    if asked.spec.hamiltonian is not None and asked.read("hamiltonian"):
        term = dependent_term(asked.spec.hamiltonian)
        if term is not None:
            yield equal_terms(term.name, term.span)
