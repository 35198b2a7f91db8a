"""Sums of products of spins, and of functions of their states, counted directly from a
configuration, with shifted words and codes, without rules or programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.groups import Group, Local, Signs
from rgc.model.lattice import Lattice
from rgc.model.observables import Combined, Tally
from rgc.model.operators import Product
from rgc.model.sectors import SectorOperator
from rgc.model.spins import Species
from rgc.verification.states import codes_of

Ints = NDArray[np.int64]


def counted(
    tally: Tally, lattice: Lattice, fields: Sequence[Any], species: Sequence[Species] = ()
) -> NDArray[Any]:
    """S of the tally, [replica] or [cell of the axis, replica], of canonical fields u64[plane,
    *cells, letter, word], from whose species functions of states follow.

    Every cell where a product exists contributes 1 or -1 for an even or odd number of its spins at
    -1.
    """
    if isinstance(tally.operator, Combined):
        weighed = (
            weight * counted(Tally(part, tally.axis), lattice, fields, species)
            for weight, part in tally.operator.parts
        )
        return np.asarray(sum(weighed))
    if isinstance(tally.operator, Local | Signs):
        return _of_states(tally.operator, tally.axis, lattice, fields, species)
    sums = [
        _sum(_parity(product, lattice, fields), _stands(tally.operator, k, lattice), tally.axis)
        for k, product in enumerate(tally.operator.products)
    ]
    return np.asarray(sum(sums[1:], sums[0]))


def _of_states(
    operator: Local | Signs,
    axis: int | None,
    lattice: Lattice,
    fields: Sequence[Any],
    species: Sequence[Species],
) -> NDArray[Any]:
    """The sum of functions of states, cell by cell."""
    axes = tuple(range(lattice.dimension))
    total: Any = 0
    for k, spins in enumerate(operator.products):
        kinds = [species[spin.species] for spin in spins]
        given = (
            np.where(operator.signs[k].negative, -1, 1)
            if isinstance(operator, Signs)
            else np.array(operator.values[k])
        )
        table = given.reshape([len(kind.codes) for kind in kinds])
        if isinstance(operator, Local):  # it goes by values, not codes
            table = table[np.ix_(*(np.argsort(np.argsort(kind.codes)) for kind in kinds))]
        at = tuple(
            np.roll(codes_of(fields[s.species])[..., s.letter, :], [-x for x in s.cell], axes)
            for s in spins
        )
        here = _stands(operator, k, lattice)[..., None]
        total = total + (table[at] * here).sum(tuple(a for a in axes if a != axis))
    return np.asarray(total + np.zeros(64 * fields[0].shape[-1], dtype=np.int64))


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
    chosen = getattr(operator, "where", None)
    if isinstance(operator, SectorOperator) and not operator.whole:
        chosen = operator.modulus, operator.residues[k]
    if chosen is not None:
        modulus, residues = chosen
        inside = np.zeros(modulus, dtype=bool)
        inside[tuple(np.array(residues).T)] = True
        here = inside[
            tuple(np.indices(lattice.cells) % np.reshape(modulus, (-1, *(1,) * lattice.dimension)))
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
    if isinstance(operator, Group | Local | Signs):
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
