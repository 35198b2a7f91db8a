"""The kernel of a block map, one block at a time: T(v, h) = ln P(h | v) of the spins v of a cell
and the block spins h.

Everything here is a small table: the kernel of a whole lattice is the product of those of its
blocks and is never written out, as long as their cells are apart. Blocks whose cells overlap have
one kernel together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.cluster import Cluster, make_cluster
from rgc.model.block import Block
from rgc.model.block_rule import Law
from rgc.model.counted import Copied, Counted
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model.weighed import Weighed

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Blocked:
    """A lattice cut into blocks.

    - `fine` begins with the `free` spins that belong to no block. The spins of the cells follow,
      group by group, block by block and species after species, each once.
    - `coarse` holds the block spins in the same order.
    - `groups` are blocks whose cells overlap, directly or through others: one each where no cells
      do.
    - `sizes` are the numbers of spins of the groups.
    """

    fine: Cluster
    coarse: Cluster
    free: int
    groups: tuple[tuple[Placed, ...], ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A block of a group: the number of its rule, and those of the spins of its cell and of its
    block spins among the spins of the group."""

    rule: int
    spins: tuple[int, ...]
    block_spins: tuple[int, ...]


def cut_into_blocks(lattice: Lattice, species: Sequence[Species], block: Block) -> Blocked:
    """The clusters of a lattice and of its block spins. Raises `ValueError` where the blocks do not
    divide the lattice."""
    coarse, kinds = block.coarse(lattice), range(len(species))
    cells: dict[tuple[Spin, ...], tuple[Spin, ...]] = {}
    for at in cartesian(*map(range, coarse.cells)):
        corner = tuple(f * x for f, x in zip(block.factor, at, strict=True))
        for letter, sites in enumerate(block.cells):
            own = tuple(Spin(at, letter, kind) for kind in kinds)
            cells[own] = tuple(
                Spin(_wrapped(site.shifted(corner).cell, lattice), site.letter, kind)
                for kind in kinds
                for site in sites
            )
    groups = _groups(cells)
    inside = [list(dict.fromkeys(spin for own in group for spin in cells[own])) for group in groups]
    blocked = [spin for spins in inside for spin in spins]
    free = [spin for spin in make_cluster(lattice, species).spins if spin not in set(blocked)]
    return Blocked(
        fine=make_cluster(lattice, species, [*free, *blocked]),
        coarse=make_cluster(coarse, species, [s for group in groups for own in group for s in own]),
        free=len(free),
        groups=tuple(
            _placed(block, group, spins, cells) for group, spins in zip(groups, inside, strict=True)
        ),
        sizes=tuple(map(len, inside)),
    )


Cells = Mapping[tuple[Spin, ...], tuple[Spin, ...]]
"""The spins of the cell of each block, by its block spins."""


def _groups(cells: Cells) -> list[list[tuple[Spin, ...]]]:
    """The blocks whose cells overlap, in the order of their first ones."""
    groups: list[tuple[list[tuple[Spin, ...]], set[Spin]]] = []
    for own, spins in cells.items():
        met = [group for group in groups if not group[1].isdisjoint(spins)]
        blocks = [block for group in met for block in group[0]]
        joined = [*blocks, own], set(spins).union(*(group[1] for group in met))
        place = groups.index(met[0]) if met else len(groups)
        groups = [group for group in groups if group not in met]
        groups.insert(place, joined)
    return [blocks for blocks, _ in groups]


def _placed(
    block: Block, group: Sequence[tuple[Spin, ...]], spins: Sequence[Spin], cells: Cells
) -> tuple[Placed, ...]:
    number = {spin: k for k, spin in enumerate(spins)}
    return tuple(
        Placed(
            block.number(own[0].cell, own[0].letter),
            tuple(number[spin] for spin in cells[own]),
            tuple(range(k * len(own), (k + 1) * len(own))),
        )
        for k, own in enumerate(group)
    )


def _wrapped(cell: Cell, lattice: Lattice) -> Cell:
    return tuple(x % size for x, size in zip(cell, lattice.cells, strict=True))


# -- tables ---------------------------------------------------------------------------------------


def log_kernel(block: Block, number: int, p: float | None = None) -> Floats:
    """T of a block with the rule of this number, as float64[states of the cell, states of the block
    spins] with row-major digits as in `Blocked`.

    T is -inf where h cannot be. `p` replaces the parameter of the map. Raises `SpecError` for a map
    without a law.
    """
    table = np.zeros((1, 1))
    for law in block.law(number).laws:
        part = _of_law(law, block.p if p is None else p)
        table = (table[:, None, :, None] + part[None, :, None, :]).reshape(
            table.shape[0] * part.shape[0], table.shape[1] * part.shape[1]
        )
    return table


def group_kernels(blocked: Blocked, tables: Sequence[Sequence[Floats]]) -> Iterator[Floats]:
    """T of the blocks of each group, from that of each block: float64[states of their spins, states
    of their block spins]."""
    first, above = blocked.free, 0
    for group, size, own in zip(blocked.groups, blocked.sizes, tables, strict=True):
        images = sum(len(placed.block_spins) for placed in group)
        radices = blocked.fine.radices[first : first + size]
        yield _joint(group, own, radices, blocked.coarse.radices[above : above + images])
        first, above = first + size, above + images


def _joint(
    group: Sequence[Placed], tables: Sequence[Floats], radices: Sequence[int], images: Sequence[int]
) -> Floats:
    if len(group) == 1:
        return tables[0]
    total = np.zeros((*radices, *images))
    for placed, table in zip(group, tables, strict=True):
        axes = [*placed.spins, *(len(radices) + k for k in placed.block_spins)]
        shape = np.ones(total.ndim, dtype=int)
        shape[axes] = np.array(total.shape)[axes]
        split = table.reshape(np.array(total.shape)[axes])
        total += np.transpose(split, np.argsort(axes)).reshape(shape)
    return total.reshape(prod(radices), -1)


def log_tau(table: Floats) -> Floats:
    """ln tau = ln sum_h exp T(v, h), for each v: 0 where the kernel is normalised."""
    return _log_sum(table)


def entropy(table: Floats) -> Floats:
    """-sum_h P(h|v) ln P(h|v), P = exp(T) / tau, for each v."""
    normal = table - _log_sum(table)[:, None]
    share = np.exp(normal)
    return np.asarray(-(share * np.where(share > 0, normal, 0.0)).sum(axis=1))


def _of_law(law: Law, p: float | None) -> Floats:
    """ln p(t | cell) of one law."""
    match law:
        case Copied(size, states, site):
            digits = np.indices((states,) * size).reshape(size, -1)[site]
            return _logarithm((digits[:, None] == np.arange(states)).astype(np.float64))
        case Counted(size, 2):
            odds = np.array([float(law.log_odds(down).at(p)) for down in range(size + 1)])
            down = np.zeros(1, dtype=np.int64)
            for _ in range(size):
                down = np.concatenate([down, down + 1])
            return np.asarray(-np.logaddexp(0.0, -odds[down][:, None] * np.array([1.0, -1.0])))
        case Counted():
            return _counted(law, p)
        case Weighed():
            table = _written(law)
            return table - _log_sum(table)[:, None] if law.divided else table


def _counted(law: Counted, p: float | None) -> Floats:
    """Of spins of more than two states, by their counts."""
    digits = np.indices((law.states,) * law.size).reshape(law.size, -1)
    counts = (digits[:, :, None] == np.arange(law.states)).sum(axis=0)
    distinct, where = np.unique(counts, axis=0, return_inverse=True)
    weights = np.array(
        [
            [float(weight.at(p)) for weight in law.log_weights(tuple(row))]
            for row in distinct.tolist()
        ]
    )
    shares = np.exp(weights - weights.max(axis=1, keepdims=True))
    return _logarithm(shares / shares.sum(axis=1, keepdims=True))[where.reshape(-1)]


def _written(law: Weighed) -> Floats:
    """T, its pieces added up over all digits of a block."""
    radices = law.radices
    total = np.zeros(radices)
    for piece in law.pieces:
        values = np.reshape(np.array(piece.energies), [radices[k] for k in piece.spins])
        shape = [radix if k in piece.spins else 1 for k, radix in enumerate(radices)]
        total += np.transpose(values, np.argsort(piece.spins)).reshape(shape)
    return total.reshape(prod(radices[: law.spins]), -1)


def _logarithm(share: Floats) -> Floats:
    return np.where(share > 0, np.log(np.where(share > 0, share, 1.0)), -np.inf)


def _log_sum(table: Floats) -> Floats:
    return np.asarray(np.logaddexp.reduce(table, axis=1))
