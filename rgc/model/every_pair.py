"""Every pair of sites of a lattice once, each by its shortest way around the boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as cartesian

from rgc.model.lattice import Cell, Lattice, Site

MOST_SITES = 1024
"""Sites of a lattice whose pairs are all joined."""


def every_pair(lattice: Lattice) -> Iterator[tuple[Site, Site, float]]:
    """Pairs up to translation, the first site in the cell at the origin, and a weight: 1/2 where
    the boundaries make two cells see the same pair, which the sum over cells then holds twice.

    Of images that are equally near the first is taken. Raises `ValueError` on an infinite lattice.
    """
    origin, letters = (0,) * lattice.dimension, range(len(lattice.basis))
    edges = tuple(edge == "open" for edge in lattice.boundary)
    spans = [
        range(1 - size, size) if open_edge else range(size)
        for size, open_edge in zip(lattice.cells, edges, strict=True)
    ]
    for cell in cartesian(*spans):
        back = _home(tuple(-x for x in cell), lattice, edges)
        for a, b in cartesian(letters, letters):
            here, there = (cell, a, b), (back, b, a)
            if (not any(cell) and a >= b) or here > there:
                continue
            second = _nearest(Site(origin, a), Site(cell, b), lattice, edges)
            yield Site(origin, a), second, 0.5 if here == there else 1.0


def _home(cell: Cell, lattice: Lattice, edges: tuple[bool, ...]) -> Cell:
    axes = zip(cell, lattice.cells, edges, strict=True)
    return tuple(x if open_edge else x % size for x, size, open_edge in axes)


def _nearest(first: Site, second: Site, lattice: Lattice, edges: tuple[bool, ...]) -> Site:
    turns = ((0,) if open_edge else (0, -1, 1) for open_edge in edges)
    images = [
        second.shifted(tuple(n * size for n, size in zip(turn, lattice.cells, strict=True)))
        for turn in cartesian(*turns)
    ]
    return min(images, key=lambda image: round(lattice.distance(first, image), 9))
