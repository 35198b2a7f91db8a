"""The fields of the spins of a lattice, and all of its cells."""

from __future__ import annotations

from collections.abc import Sequence

from rgc.model.lattice import Cell, Lattice
from rgc.model.sites import Cells
from rgc.model.spins import Species
from rgc.program.lattice.program import Field


def spin_fields(lattice: Lattice, species: Sequence[Species]) -> tuple[Field, ...]:
    """One field for each species, in order, with a plane for each bit of a code. Raises
    `ValueError` on an infinite lattice."""
    periodic = tuple(edge != "open" for edge in lattice.boundary)
    return tuple(
        Field(
            kind.name,
            lattice.cells,
            letters=len(lattice.basis),
            planes=kind.bits,
            periodic=periodic,
            states=len(kind.codes) if len(kind.codes) < 1 << kind.bits else None,
        )
        for kind in species
    )


def every_cell(shape: Cell) -> Cells:
    """The whole lattice as one set."""
    origin = (0,) * len(shape)
    return Cells((1,) * len(shape), (origin,), origin, shape)
