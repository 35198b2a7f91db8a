"""What potential moving asks: a Hamiltonian of cells, blocks of two sites in every direction, and one map where one is studied."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product as cartesian

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import listing
from rgc.ast_to_model.expressions.options import Reading
from rgc.model.block import Block
from rgc.model.lattice import Lattice, Site
from rgc.model.spec import Spec
from rgc.passes.cells import HYPERCUBIC, MOST_CELL_DIMENSIONS, MOST_P, NotInACell, cell_model
from rgc.schemes.table import Scheme
from rgc.text import Span

OF_ONE_MAP = ("find", "linearise", "plane")


def check_hypercube(
    spec: Spec, scheme: Scheme, reading: Reading, context: Context, lattice: Span | None, block: Span | None
) -> None:
    """Report lattices, Hamiltonians, block maps and options that potential moving cannot work with; `lattice` and `block` are the places
    of these sections."""
    if isinstance(spec.lattice, Lattice) and "lattice" not in context.failed:
        if not _check_lattice(spec.lattice, scheme, context, lattice):
            return
        if spec.hamiltonian is not None and "hamiltonian" not in context.failed and not _wrong_spins(spec):
            _check_terms(spec, scheme, context)
        if "block" not in context.failed:
            _check_blocks(spec.blocks, spec.lattice.dimension, scheme, context, block)
    _check_one_map(spec.blocks, reading, context)


def _wrong_spins(spec: Spec) -> bool:
    return not all(species.two_states for species in spec.species)


def _check_lattice(lattice: Lattice, scheme: Scheme, context: Context, span: Span | None) -> bool:
    if lattice.name not in HYPERCUBIC:
        message = f"'{scheme.name}' moves potentials between the cells of a hypercubic lattice, not of '{lattice.name}'"
        hint = f"it takes {listing(HYPERCUBIC, 'or')}"
    elif lattice.dimension > MOST_CELL_DIMENSIONS:
        message = f"a cell in {lattice.dimension} dimensions has 2^{2**lattice.dimension} states"
        hint = f"'{scheme.name}' goes up to {MOST_CELL_DIMENSIONS} dimensions"
    else:
        return True
    context.problems.error("wrong-lattice", message, span, hint=hint)
    return False


def _check_terms(spec: Spec, scheme: Scheme, context: Context) -> None:
    assert spec.hamiltonian is not None  # noqa: S101  (the caller has looked)
    assert spec.lattice is not None  # noqa: S101
    try:
        cell_model(spec.hamiltonian, spec.lattice, spec.species)
    except NotInACell as error:
        section = context.section("hamiltonian")
        place = section.name_span if section is not None else None
        message = f"'{scheme.name}' works on products of the spins of a unit hypercube, the same in every direction: {error}"
        hint = "enumerate and mcrg take any Hamiltonian"
        context.problems.error("not-in-a-cell", message, error.term.span if error.term else place, hint=hint)


def _check_blocks(
    blocks: Iterable[Block], dimension: int, scheme: Scheme, context: Context, span: Span | None
) -> None:
    """Each kind of mistake once."""
    cube = {Site(cell) for cell in cartesian((0, 1), repeat=dimension)}
    maps = [block for block in blocks if block.rule in scheme.rules]
    error = context.problems.error
    if any(block.scale != 2 or set(block.cells[0]) != cube for block in maps):
        message = f"'{scheme.name}' makes blocks of two sites in every direction, so that the corners of a cell belong to different blocks"
        error("wrong-block", message, span, hint="write kadanoff(2, p=...)")
    if any(block.free == "block" for block in maps):
        message = f"'{scheme.name}' moves potentials between equal cells: p is one for all blocks of a step"
        error("wrong-block", message, span, hint="write p=free, or p=free(each=flow) for one p at all steps")
    if len(maps) > 1 and any(block.free for block in maps):
        message = "a list of block maps has numbers for p: p=free stands alone"
        error("wrong-block", message, span, hint="write block kadanoff(2, p=free)")
    if any(block.p is not None and abs(block.p) > MOST_P for block in maps):
        message = f"p goes up to {MOST_P:g}: beyond it the block spin is that of the majority"
        error("out-of-range", message, span)


def _check_one_map(blocks: tuple[Block, ...], reading: Reading, context: Context) -> None:
    """Fixed points and flow diagrams belong to one map."""
    sequence = len({block.p for block in blocks}) > 1
    free = any(block.free == "step" for block in blocks) and "find" not in reading.places
    for name in OF_ONE_MAP:
        if name in reading.places and (sequence or (free and name == "plane")):
            message = f"'{name}' asks about one map, and here p differs from step to step"
            hint = "give one p, p=free(each=flow), or find=fixed_point with p=free"
            context.problems.error("needs-one-map", message, reading.places[name].span, hint=hint)
