"""Sums of products of spins counted directly from a configuration, with shifted words and XOR,
without rules or programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.groups import Group
from rgc.model.lattice import Lattice
from rgc.model.observables import Tally
from rgc.model.operators import Product
from rgc.model.sectors import SectorOperator

Ints = NDArray[np.int64]


def counted(tally: Tally, lattice: Lattice, fields: Sequence[Any]) -> Ints:
    """S of the tally, int64[replica] or int64[cell of the axis, replica], of canonical fields
    u64[1, *cells, letter, word].

    Every cell where a product exists contributes 1 or -1 for an even or odd number of its spins at
    -1.
    """
    sums = [
        _sum(_parity(product, lattice, fields), _stands(tally.operator, k, lattice), tally.axis)
        for k, product in enumerate(tally.operator.products)
    ]
    return np.asarray(sum(sums[1:], sums[0]))


def _parity(product: Product, lattice: Lattice, fields: Sequence[Any]) -> Any:
    """u64[*cells, word], the XOR of the spins of the product that begins at each cell."""
    axes = tuple(range(lattice.dimension))
    odd = np.zeros((*lattice.cells, fields[0].shape[-1]), dtype=np.uint64)
    for spin in product:
        odd ^= np.roll(
            fields[spin.species][0][..., spin.letter, :], tuple(-x for x in spin.cell), axes
        )
    return odd


def _stands(operator: Any, k: int, lattice: Lattice) -> Any:
    """bool[*cells], whether product k exists there. It does not beyond an open edge, nor where its
    sector has other cells.
    """
    here = np.ones(lattice.cells, dtype=bool)
    if isinstance(operator, SectorOperator) and not operator.whole:
        inside = np.zeros(operator.modulus, dtype=bool)
        inside[tuple(np.array(operator.residues[k]).T)] = True
        here = inside[
            tuple(
                np.indices(lattice.cells)
                % np.reshape(operator.modulus, (-1, *(1,) * lattice.dimension))
            )
        ]
    for axis, edge in enumerate(lattice.boundary):
        if edge == "open":
            low, high = _extent(operator, k, axis)
            places = np.arange(lattice.cells[axis])
            there = (places + low >= 0) & (places + high < lattice.cells[axis])
            here = here & np.expand_dims(
                there, [other for other in range(lattice.dimension) if other != axis]
            )
    return here


def _extent(operator: Any, k: int, axis: int) -> tuple[int, int]:
    if isinstance(operator, Group):
        return operator.reaches[k][axis]
    places = [spin.cell[axis] for spin in operator.products[k]] or [0]
    return min(places), max(places)


def _sum(odd: Any, here: Any, axis: int | None) -> Ints:
    if axis is None:
        octets = np.ascontiguousarray(odd[here].astype("<u8")).view(np.uint8)
        down = np.unpackbits(octets, axis=-1, bitorder="little").sum(axis=0, dtype=np.int64)
        return np.asarray(here.sum() - 2 * down)
    rows = zip(np.moveaxis(odd, axis, 0), np.moveaxis(here, axis, 0), strict=True)
    return np.stack([_sum(words, there, None) for words, there in rows])
