"""Graphs and hypergraphs: sites that edges join, of which any number of sites is one.

A graph is a crystal of one cell with open edges and a basis site for each of its sites, so that
whatever works on cells works on it. What it has besides are its edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rgc.model.complete import COMPLETE
from rgc.model.lattice import Geometry, Lattice, Site

GRAPH = "graph"
"""The name of such a lattice."""

PLACELESS = (COMPLETE, GRAPH)
"""Lattices whose distances and coordinates mean nothing."""

MOST_SITES = 1 << 12
"""Sites of a graph: one of more takes too long to write a program for."""

MOST_EDGES = 1 << 16
"""Edges of a graph: each is a product of the Hamiltonian, and is checked by itself."""


@dataclass(frozen=True, slots=True)
class Column:
    """A number for each edge of a graph, found by the sites that it joins, which rise."""

    edges: tuple[tuple[int, ...], ...]
    values: tuple[float, ...]
    _found: dict[tuple[int, ...], float] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def at(self, sites: Sequence[int]) -> float:
        """The number of the edge of these sites. Raises `KeyError` where none joins them."""
        if not self._found:
            pairs = zip(self.edges, self.values, strict=True)
            self._found.update((tuple(sorted(edge)), value) for edge, value in pairs)
        return self._found[tuple(sorted(sites))]


def graph(
    edges: Sequence[tuple[int, ...]], columns: Mapping[str, Sequence[float]] | None = None
) -> Lattice:
    """The graph of these edges, each as the numbers of its sites from 0, and of numbers for each
    edge by the names of their columns. Its sites go up to the largest that an edge names.
    """
    sites = 1 + max(site for edge in edges for site in edge)
    named = ((name, tuple(map(float, values))) for name, values in (columns or {}).items())
    return Lattice(
        name=GRAPH,
        vectors=((float(sites),),),
        basis=tuple((float(k),) for k in range(sites)),
        shape=(1,),
        boundary=("open",),
        edges=tuple(edges),
        columns=tuple(named),
    )


def edge_sites(lattice: Lattice) -> tuple[tuple[Site, ...], ...]:
    """The sites of each edge, in the order of its letters."""
    origin = (0,) * lattice.dimension
    return tuple(tuple(Site(origin, k) for k in edge) for edge in lattice.edges)


def columns_of(lattice: Geometry | None) -> tuple[str, ...]:
    """The names of the columns of numbers."""
    return tuple(name for name, _ in lattice.columns) if isinstance(lattice, Lattice) else ()


def column(lattice: Lattice, name: str) -> Column:
    """A column of numbers. Raises `KeyError` for an unknown one."""
    return Column(lattice.edges, dict(lattice.columns)[name])
