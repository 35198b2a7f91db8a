"""Sets of spins of a small lattice, in classes of those that symmetries carry into one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product as cartesian

import numpy as np

from rgc.flows.enumeration.cluster import Cluster
from rgc.model.lattice import Lattice
from rgc.model.operators import Product, Spin, product
from rgc.passes.find_turns import Turn


def spin_classes(
    cluster: Cluster, turns: Sequence[Turn]
) -> Iterator[tuple[int, tuple[Product, ...]]]:
    """For each class a set of spins (spin k is bit n-1-k) and the images under the symmetries of a
    product that is this set, its offsets as short as the lattice allows. A product may be that of
    several classes: sets of spins that the lattice alone tells apart."""
    for mask in _representatives(cluster, turns):
        if mask:
            shortest = _shortest(cluster, mask)
            yield mask, tuple(sorted({turn.product(shortest) for turn in turns}))


def _representatives(cluster: Cluster, turns: Sequence[Turn]) -> list[int]:
    """The smallest mask of each orbit under the symmetries and translations along axes that close,
    by number of spins."""
    size = len(cluster.spins)
    masks = np.arange(1 << size)
    least = masks.copy()
    for permutation in _permutations(cluster, turns):
        moved = np.zeros_like(masks)
        for k, image in enumerate(permutation):
            moved |= (masks >> (size - 1 - k) & 1) << (size - 1 - image)
        np.minimum(least, moved, out=least)
    return sorted(
        map(int, np.flatnonzero(least == masks)), key=lambda mask: (mask.bit_count(), mask)
    )


def _permutations(cluster: Cluster, turns: Sequence[Turn]) -> Iterator[list[int]]:
    lattice = cluster.lattice
    steps = [
        range(size) if edge != "open" else range(1)
        for size, edge in zip(lattice.cells, lattice.boundary, strict=True)
    ]
    for turn, shift in cartesian(turns, cartesian(*steps)):
        images = [_wrapped(turn.spin(spin).shifted(shift), lattice) for spin in cluster.spins]
        if len(set(images)) == len(images) and all(image in cluster.number for image in images):
            yield [cluster.number[image] for image in images]


def _shortest(cluster: Cluster, mask: int) -> Product:
    """A product of the set of spins on the infinite lattice whose offsets from one of them are as
    short as the torus allows."""
    last = len(cluster.spins) - 1
    spins = [spin for k, spin in enumerate(cluster.spins) if mask >> (last - k) & 1]
    readings = []
    for origin in spins:
        back = tuple(-x for x in origin.cell)
        readings.append(tuple(_nearest(spin.shifted(back), cluster.lattice) for spin in spins))
    return product(min(readings, key=_length))


def _nearest(spin: Spin, lattice: Lattice) -> Spin:
    cell = tuple(
        (x + (size - 1) // 2) % size - (size - 1) // 2 if edge != "open" else x
        for x, size, edge in zip(spin.cell, lattice.cells, lattice.boundary, strict=True)
    )
    return Spin(cell, spin.letter, spin.species)


def _length(reading: Iterable[Spin]) -> list[tuple[int, ...]]:
    keys = [
        (sum(x * x for x in s.cell), *(-abs(x) for x in s.cell), *(x < 0 for x in s.cell))
        for s in reading
    ]
    return sorted(keys)


def _wrapped(spin: Spin, lattice: Lattice) -> Spin:
    cell = tuple(x % size for x, size in zip(spin.cell, lattice.cells, strict=True))
    return Spin(cell, spin.letter, spin.species)
