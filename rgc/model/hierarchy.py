"""The diamond lattice of so many generations as a graph (Migdal 1975; Kadanoff 1976; Berker and
Ostlund 1979).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from rgc.model.graphs import DIAMOND, graph
from rgc.model.lattice import Diamond, Lattice


def count_sites(lattice: Diamond) -> int | None:
    """The number of its sites: two ends, and b - 1 more in each chain that replaces a bond. None
    where it is infinite.
    """
    if lattice.generations is None:
        return None
    sites, bonds = 2, 1
    for _ in range(min(lattice.generations, 64)):
        sites += bonds * lattice.branches * (lattice.b - 1)
        bonds *= lattice.b * lattice.branches
    return sites


def as_graph(lattice: Diamond) -> Lattice:
    """The graph of its bonds. Sites 0 and 1 are the ends, and those of later generations follow.

    Raises `ValueError` for an infinite one.
    """
    if lattice.generations is None:
        raise ValueError("an infinite lattice is no graph")
    bonds: list[tuple[int, int]] = [(0, 1)]
    sites = 2
    for _ in range(lattice.generations):
        finer: list[tuple[int, int]] = []
        for first, last in bonds:
            for _ in range(lattice.branches):
                inner = range(sites, sites + lattice.b - 1)
                sites += len(inner)
                finer += pairwise((first, *inner, last))
        bonds = finer
    return replace(graph(bonds), name=DIAMOND)
