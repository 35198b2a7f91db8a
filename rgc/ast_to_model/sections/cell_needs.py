"""What an expansion around independent cells asks of the block map and the Hamiltonian."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.ast_to_model.context import Context
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model.spec import Spec
from rgc.model.tiling import whole_cells
from rgc.passes.dependent_terms import dependent_term, equal_terms
from rgc.schemes.table import Scheme
from rgc.text import Span

MOST_CELL_SPINS = 16
"""Spins of a cell whose states are summed."""


def check_cells(spec: Spec, scheme: Scheme, span: Span | None, context: Context) -> None:
    """Report lists of block maps, cells that are too large or do not hold every site, and terms that cannot be told apart. `span` is the
    place of the block map."""
    if not context.failed & {"block", "lattice", "spins"} and isinstance(spec.lattice, Lattice):
        _check_block(spec.blocks, spec.lattice, len(spec.species), scheme, span, context)
    if spec.hamiltonian is not None and "hamiltonian" not in context.failed:
        term = dependent_term(spec.hamiltonian)
        if term is not None:
            context.problems.extend([equal_terms(term.name, term.span)])


def _check_block(
    blocks: Sequence[Block],
    lattice: Lattice,
    species: int,
    scheme: Scheme,
    span: Span | None,
    context: Context,
) -> None:
    error = context.problems.error
    if len(blocks) > 1:
        message = f"'{scheme.name}' expands around the cells of one block map, and here are {len(blocks)}"
        error("wrong-block", message, span, hint="run one spec for each of them")
    for block in blocks[:1]:
        if block.rule == "decimate" and len(lattice.basis) > 1:
            message = f"where a unit cell holds {len(lattice.basis)} sites, those that decimation sums over belong to no kept one"
            error("wrong-block", message, span, hint="take majority or kadanoff with cells")
        elif block.rule in scheme.rules and block.cells:
            spins = species * max(map(len, whole_cells(block, lattice).cells))
            if spins > MOST_CELL_SPINS:
                message = f"a cell of this block map has {spins} spins, and the scheme sums over the states of at most {MOST_CELL_SPINS}"
                error("cell-too-large", message, span, hint="take smaller cells")
