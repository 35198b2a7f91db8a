"""The kernel of a block map, one block at a time: T(v, h) = ln P(h | v) of the spins v of a cell and the block spins h.

Everything here is a small table: the kernel of a whole lattice is the product of those of its blocks and is never written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.cluster import Cluster, from_values, make_cluster
from rgc.model.block import Block
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Spin
from rgc.model.spins import Species

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Blocked:
    """A lattice cut into blocks. The spins of `fine` are those of no block (`free` of them), then block by block those of its cell, species
    after species; those of `coarse` are the block spins in the same order. `letters[k]` is the letter of block k."""

    fine: Cluster
    coarse: Cluster
    free: int
    letters: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def blocks(self) -> range:
        return range(len(self.letters))


def cut_into_blocks(lattice: Lattice, species: Sequence[Species], block: Block) -> Blocked:
    """The clusters of a lattice and of its block spins. Raises `ValueError` where the blocks do not divide the lattice."""
    coarse = block.coarse(lattice)
    cells: list[list[Spin]] = []
    letters = []
    for at in cartesian(*map(range, coarse.cells)):
        corner = tuple(f * x for f, x in zip(block.factor, at, strict=True))
        for letter, sites in enumerate(block.cells):
            letters.append(letter)
            cells.append(
                [
                    Spin(_wrapped(site.shifted(corner).cell, lattice), site.letter, kind)
                    for kind in range(len(species))
                    for site in sites
                ]
            )
    blocked = [spin for cell in cells for spin in cell]
    free = [spin for spin in make_cluster(lattice, species).spins if spin not in set(blocked)]
    fine = make_cluster(lattice, species, [*free, *blocked])
    return Blocked(
        fine, make_cluster(coarse, species), len(free), tuple(letters), tuple(map(len, cells))
    )


def _wrapped(cell: Cell, lattice: Lattice) -> Cell:
    return tuple(x % size for x, size in zip(cell, lattice.cells, strict=True))


# -- tables ------------------------------------------------------------------------------------------------------------


def log_kernel(
    block: Block, letter: int, species: Sequence[Species], p: float | None = None
) -> Floats:
    """T of one block as float64[states of the cell, states of the block spins], digits row-major as in `Blocked`; -inf where h cannot be.

    `p` replaces the parameter of kadanoff. Raises `ValueError` for a rule that makes no spin of the same kind.
    """
    if block.rule == "kernel":
        table = _written(block, letter, species)
        return table - _log_sum(table)[:, None] if block.normalised else table
    size = len(block.cells[letter])
    parts = [_of_species(block, kind, size, block.p if p is None else p) for kind in species]
    table = np.zeros((1, 1))
    for part in parts:
        table = (table[:, None, :, None] + part[None, :, None, :]).reshape(
            table.shape[0] * part.shape[0], table.shape[1] * part.shape[1]
        )
    return table


def log_tau(table: Floats) -> Floats:
    """ln tau = ln sum_h exp T(v, h), for each v: 0 where the kernel is normalised."""
    return _log_sum(table)


def entropy(table: Floats) -> Floats:
    """-sum_h P(h|v) ln P(h|v), P = exp(T) / tau, for each v."""
    normal = table - _log_sum(table)[:, None]
    share = np.exp(normal)
    return np.asarray(-(share * np.where(share > 0, normal, 0.0)).sum(axis=1))


def _of_species(block: Block, kind: Species, size: int, p: float | None) -> Floats:
    states = np.indices((len(kind.values),) * size).reshape(
        size, -1
    )  # the digits of each state of the cell
    if block.rule == "decimate":
        return _logarithm((states[0][:, None] == np.arange(len(kind.values))).astype(np.float64))
    if block.rule == "majority":
        counts = (states[:, :, None] == np.arange(len(kind.values))).sum(axis=0)
        most = counts == counts.max(axis=1, keepdims=True)
        return _logarithm(most / most.sum(axis=1, keepdims=True))
    if block.rule == "kadanoff" and kind.two_states and p is not None:
        total = (1 - 2 * states).sum(axis=0)
        return np.asarray(-np.logaddexp(0.0, -2 * p * total[:, None] * np.array([1.0, -1.0])))
    raise ValueError(f"'{block.rule}' makes no {kind.alphabet} spins")


def _written(block: Block, letter: int, species: Sequence[Species]) -> Floats:
    """The tables of `kernel(T=...)` added up over all digits of a block."""
    both = (*species, *species)
    fine = [
        Spin(site.cell, site.letter, k) for k in range(len(species)) for site in block.cells[letter]
    ]
    origin = (0,) * len(block.factor)
    spins = [*fine, *(Spin(origin, letter, len(species) + k) for k in range(len(species)))]
    radices = [len(both[spin.species].values) for spin in spins]
    total = np.zeros(radices)
    for table in block.transfer[letter]:
        values = from_values(both, table.spins, table.energies)
        axes = [spins.index(spin) for spin in table.spins]
        shape = [radix if k in axes else 1 for k, radix in enumerate(radices)]
        total += np.transpose(values, np.argsort(axes)).reshape(shape)
    return total.reshape(prod(radices[: len(fine)]), -1)


def _logarithm(share: Floats) -> Floats:
    return np.where(share > 0, np.log(np.where(share > 0, share, 1.0)), -np.inf)


def _log_sum(table: Floats) -> Floats:
    return np.asarray(np.logaddexp.reduce(table, axis=1))
