"""What potential moving asks of a spec.

The Hamiltonian is one of cells, the blocks have two sites in every direction, and there is one map
where a map is studied.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as cartesian

from rgc.errors import Problem, listing
from rgc.model.lattice import Lattice, Site
from rgc.passes.alike_cells import differing_cells
from rgc.passes.cells import HYPERCUBIC, MOST_CELL_DIMENSIONS, MOST_P, NotInACell, cell_model
from rgc.schemes.scheme import Asked

OF_ONE_MAP = ("find", "linearise", "plane")


def hypercube(asked: Asked) -> Iterator[Problem]:
    """Report lattices, Hamiltonians and block maps that potential moving cannot work with."""
    lattice = asked.spec.lattice
    if not isinstance(lattice, Lattice) or not asked.read("lattice"):
        return
    wrong = tuple(_lattice(lattice, asked))
    yield from wrong
    if wrong:
        return
    yield from _terms(asked)
    if asked.read("block"):
        yield from _blocks(lattice.dimension, asked)


def _lattice(lattice: Lattice, asked: Asked) -> Iterator[Problem]:
    name, place = asked.scheme.name, asked.section("lattice")
    differing = differing_cells(f"'{name}'", lattice, place)
    if differing is not None:
        yield differing
    elif lattice.name not in HYPERCUBIC:
        message = (
            f"'{name}' moves potentials between the cells of a hypercubic lattice, not of "
            f"'{lattice.name}'"
        )
        yield Problem("wrong-lattice", message, place, hint=f"it takes {listing(HYPERCUBIC, 'or')}")
    elif lattice.dimension > MOST_CELL_DIMENSIONS:
        message = f"a cell in {lattice.dimension} dimensions has 2^{2**lattice.dimension} states"
        hint = f"'{name}' goes up to {MOST_CELL_DIMENSIONS} dimensions"
        yield Problem("wrong-lattice", message, place, hint=hint)


def _terms(asked: Asked) -> Iterator[Problem]:
    spec = asked.spec
    known = asked.read("hamiltonian") and spec.hamiltonian is not None and spec.lattice is not None
    if not known or any(species.alphabet not in asked.scheme.alphabets for species in spec.species):
        return
    assert spec.hamiltonian is not None  # noqa: S101  (`known`)
    assert spec.lattice is not None  # noqa: S101
    try:
        cell_model(spec.hamiltonian, spec.lattice, spec.species)
    except NotInACell as error:
        message = (
            f"'{asked.scheme.name}' works on products of the spins of a unit hypercube, the same "
            f"in every direction: {error}"
        )
        span = error.term.span if error.term is not None else asked.section("hamiltonian")
        yield Problem(
            "not-in-a-cell", message, span, hint="enumerate and mcrg take any Hamiltonian"
        )


def _blocks(dimension: int, asked: Asked) -> Iterator[Problem]:
    """Each kind of mistake once."""
    cube = {Site(cell) for cell in cartesian((0, 1), repeat=dimension)}
    maps = [block for block in asked.spec.blocks if block.name in asked.scheme.rules]
    name, place = asked.scheme.name, asked.section("block")
    if any(block.scale != 2 or set(block.cells[0]) != cube for block in maps):
        message = (
            f"'{name}' makes blocks of two sites in every direction, so that the corners of a "
            "cell belong to different blocks"
        )
        yield Problem("wrong-block", message, place, hint="write kadanoff(2, p=...)")
    if any(block.free == "block" for block in maps):
        message = (
            f"'{name}' moves potentials between equal cells: p is one for all blocks of a step"
        )
        hint = "write p=free, or p=free(each=flow) for one p at all steps"
        yield Problem("wrong-block", message, place, hint=hint)
    if len(maps) > 1 and any(block.free for block in maps):
        message = "a list of block maps has numbers for p: p=free stands alone"
        yield Problem("wrong-block", message, place, hint="write block kadanoff(2, p=free)")
    if any(block.p is not None and abs(block.p) > MOST_P for block in maps):
        message = f"p goes up to {MOST_P:g}: beyond it the block spin is that of the majority"
        yield Problem("out-of-range", message, place)


def one_map(asked: Asked) -> Iterator[Problem]:
    """Report fixed points and flow diagrams of maps that change from step to step.

    Both belong to one map.
    """
    blocks = asked.spec.blocks
    sequence = len({block.p for block in blocks}) > 1
    free = any(block.free == "step" for block in blocks) and "find" not in asked.places
    for name in OF_ONE_MAP:
        if name in asked.places and (sequence or (free and name == "plane")):
            message = f"'{name}' asks about one map, and here p differs from step to step"
            hint = "give one p, such as p=free(each=flow)"
            hint += "" if sequence else ", or take find=fixed_point"
            yield Problem("needs-one-map", message, asked.place(name), hint=hint)
