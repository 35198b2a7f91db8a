"""Block maps as objects, for tests that have no spec."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.model.block import Block
from rgc.model.block_maps import BLOCKS, Written
from rgc.model.lattice import Cell, Site
from rgc.model.spins import Species


def block(
    name: str,
    scale: float,
    factor: Sequence[int],
    cells: Sequence[Sequence[Site]],
    *,
    species: Sequence[Species] = (Species("s"),),
    p: float | None = None,
    vectors: Sequence[Cell] = (),
) -> Block:
    """A map with the law that its row in the table makes, if it makes one."""
    law = BLOCKS[name].law
    written = [
        Written(letter=letter, cell=tuple(cell), species=tuple(species))
        for letter, cell in enumerate(cells)
    ]
    rules = tuple(map(law, written)) if law is not None else ()
    return Block(
        name, scale, tuple(factor), tuple(map(tuple, cells)), rules, p=p, vectors=tuple(vectors)
    )
