"""Graphs and hypergraphs: sites that edges join, of which any number of sites is one.

A graph is a crystal of one cell with open edges and a basis site for each of its sites, so that
whatever works on cells works on it. What it has besides are its edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rgc.model.complete import COMPLETE
from rgc.model.lattice import Complete, Geometry, Lattice, Site

GRAPH = "graph"
"""The name of one that a file holds."""

DIAMOND = "diamond"
"""The name of the graph of a hierarchical lattice."""

PLACELESS = (COMPLETE, GRAPH, DIAMOND)
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
    edges: Sequence[tuple[int, ...]],
    columns: Mapping[str, Sequence[float]] | None = None,
    sites: int = 0,
) -> Lattice:
    """The graph of these edges, each as the numbers of its sites from 0, and of numbers for each
    edge by the names of their columns. Its sites go up to the largest that an edge names, and there
    are at least so many `sites`.
    """
    sites = max(sites, 1 + max(site for edge in edges for site in edge))
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


def induced(lattice: Lattice, sites: Sequence[int]) -> Lattice:
    """The graph of some sites, numbered in their order, and of the edges that join no others, with
    the numbers of these. Raises `ValueError` where no edge is left.
    """
    number = {site: k for k, site in enumerate(sites)}
    kept = [k for k, edge in enumerate(lattice.edges) if number.keys() >= set(edge)]
    if not kept:
        raise ValueError("no edge joins these sites alone")
    edges = [tuple(number[site] for site in lattice.edges[k]) for k in kept]
    columns = {name: [values[k] for k in kept] for name, values in lattice.columns}
    return graph(edges, columns, len(sites))


def near_sites(lattice: Lattice, most: int) -> tuple[int, ...]:
    """At most so many sites of a graph that edges join to each other.

    From every site one walks on along edges, nearest ones first, as long as all sites of an edge
    have room. Of the sets so found it is the first with the most sizes of edges, and among these
    with the most edges.
    """
    of_site: dict[int, list[tuple[int, ...]]] = {}
    for edge in lattice.edges:
        for site in edge:
            of_site.setdefault(site, []).append(edge)
    best: tuple[tuple[int, int], tuple[int, ...]] = ((0, 0), ())
    for first in of_site:
        found = _walk(first, of_site, most)
        inside = {edge for site in found for edge in of_site[site] if set(edge) <= set(found)}
        held = len(set(map(len, inside))), len(inside)
        if held > best[0]:
            best = held, tuple(found)
    return best[1]


def _walk(first: int, of_site: Mapping[int, Sequence[tuple[int, ...]]], most: int) -> list[int]:
    """The sites met from one on, in the order in which they are met."""
    found = [first]
    for site in found:  # it grows under way
        for edge in of_site[site]:
            new = [other for other in edge if other not in found]
            if len(found) + len(new) <= most:
                found += new
        if len(found) == most:
            break
    return found


def edge_sites(lattice: Lattice) -> tuple[tuple[Site, ...], ...]:
    """The sites of each edge, in the order of its letters."""
    origin = (0,) * lattice.dimension
    return tuple(tuple(Site(origin, k) for k in edge) for edge in lattice.edges)


def pairs_without_places(lattice: Geometry | None) -> str:
    """The domain of the pairs of a lattice whose sites have no places, such as `<i,j>`; empty for
    all others.
    """
    match lattice:
        case Complete():
            return "i < j"
        case Lattice(name=name) if name in PLACELESS:
            return "i < j" if name == COMPLETE else "<i,j>"
    return ""


def columns_of(lattice: Geometry | None) -> tuple[str, ...]:
    """The names of the columns of numbers."""
    return tuple(name for name, _ in lattice.columns) if isinstance(lattice, Lattice) else ()


def column(lattice: Lattice, name: str) -> Column:
    """A column of numbers. Raises `KeyError` for an unknown one."""
    return Column(lattice.edges, dict(lattice.columns)[name])
