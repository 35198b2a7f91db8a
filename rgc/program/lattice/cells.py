"""The cells of a set as a table of their coordinates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgc.model.lattice import Cell
from rgc.model.sites import Cells, SiteSet


def cell_table(cells: SiteSet, shape: Cell) -> NDArray[np.int64]:
    """The cells of a set on a lattice of `shape` cells as int64[cell, axis], in row-major order."""
    if not isinstance(cells, Cells):
        numbers = np.array(cells.cells, dtype=np.int64)
        return (
            np.stack(np.unravel_index(numbers, shape), axis=-1)
            .astype(np.int64)
            .reshape(-1, len(shape))
        )
    grid = np.indices([high - low for low, high in zip(cells.lower, cells.upper, strict=True)])
    table = grid.reshape(len(shape), -1).T + np.array(cells.lower)
    residues = np.ravel_multi_index(tuple((table % cells.modulus).T), cells.modulus)
    wanted = np.ravel_multi_index(
        tuple(np.array(cells.residues).reshape(-1, len(shape)).T), cells.modulus
    )
    return np.asarray(table[np.isin(residues, wanted)], dtype=np.int64)
