"""Graphs and lattices of ALPS as lattices of a spec, with the terms on their sites and bonds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from xml.etree.ElementTree import Element

from rgc.interchange.alps_terms import Energy, Names
from rgc.interchange.foreign import refused
from rgc.model.lattices import AXES, MOST_LETTERS
from rgc.syntax.strings import quote
from rgc.text import letter


def of_graph(graph: Element, energy: Energy, stem: str) -> tuple[str, list[str], dict[str, str]]:
    """A graph of edges one by one, all of one type."""
    edges = [(_site(each, "source"), _site(each, "target")) for each in graph.iter("EDGE")]
    kinds = {each.get("type", "0") for each in graph.iter("EDGE")}
    vertices = {each.get("type", "0") for each in graph.iter("VERTEX")} or {"0"}
    if len(kinds) > 1 or len(vertices) > 1:
        raise refused(
            "edges or vertices of several types in a GRAPH", "a LATTICEGRAPH may have them"
        )
    most = max((site for edge in edges for site in edge), default=-1)
    count = int(graph.get("vertices", most + 1))
    if count != most + 1:
        raise refused(f"the last of {count} vertices has no edge")
    (kind,), (vertex,) = kinds, vertices
    terms = []
    if bond := energy.of_bond(kind, False, "i", "j"):
        terms.append(f"sum(<i,j>) {bond}")
    if field := energy.of_site(vertex, "i"):
        terms.append(f"sum(i) {field}")
    name = f"{stem}_edges.csv"
    rows = ["a,b", *(f"{a},{b}" for a, b in edges)]
    return f"graph({quote(name)})", terms, {name: "\n".join(rows) + "\n"}


def _site(edge: Element, end: str) -> int:
    try:
        site = int(edge.get(end, ""))
    except ValueError:
        site = 0
    if site < 1:
        raise refused(f"an edge has no {end}", "vertices are numbered from 1")
    return site - 1


def of_cells(
    graph: Element, library: Element, names: Names, energy: Energy
) -> tuple[str, list[str]]:
    """A unit cell on a finite lattice."""
    finite, cell = graph.find("FINITELATTICE"), graph.find("UNITCELL")
    if finite is None or cell is None:
        raise refused("a LATTICEGRAPH without a FINITELATTICE and a UNITCELL")
    names.declare(graph)
    finite, cell = _followed(finite, library), _followed(cell, library)
    lattice = finite.find("LATTICE")
    if lattice is None:
        raise refused("a FINITELATTICE without a LATTICE")
    lattice = _followed(lattice, library)
    for each in (lattice, finite, cell):
        names.declare(each)
    dimension = int(lattice.get("dimension") or finite.get("dimension") or 0)
    if not 1 <= dimension <= len(AXES):
        raise refused(f"a lattice of dimension {dimension or 'unknown'}")
    vectors = _vectors(lattice, dimension, names)
    vertices = list(cell.iter("VERTEX")) or [Element("VERTEX")]
    if len(vertices) > MOST_LETTERS:
        raise refused(f"a unit cell of {len(vertices)} vertices; {MOST_LETTERS} at most")
    sizes = _along(finite, "EXTENT", "size", dimension, lambda said: names.text(said.split(",")[0]))
    edges = _along(finite, "BOUNDARY", "type", dimension, lambda said: _boundary(said, names))
    basis = [_place(each, k, len(vertices), vectors, names) for k, each in enumerate(vertices)]
    given = {
        "vectors": map(_tuple, vectors),
        "basis": map(_tuple, basis),
        "size": sizes,
        "boundary": edges,
    }
    written = ", ".join(f"{name}=[{', '.join(each)}]" for name, each in given.items())
    return f"crystal({written})", list(_terms(cell, vertices, dimension, energy))


def _terms(
    cell: Element, vertices: Sequence[Element], dimension: int, energy: Energy
) -> Iterator[str]:
    edges = list(cell.iter("EDGE"))
    several = len({each.get("type", "0") for each in edges}) > 1
    for edge in edges:
        source, target = edge.find("SOURCE"), edge.find("TARGET")
        if source is None or target is None:
            raise refused("an EDGE of a UNITCELL without its SOURCE or TARGET")
        offsets = [_offset(each, dimension) for each in (source, target)]
        ends = [_letter(each, len(vertices)) for each in (source, target)]
        step = [b - a for a, b in zip(*offsets, strict=True)]
        first, second = f"c.{ends[0]}", f"c.{ends[1]}{_steps(step)}"
        if bond := energy.of_bond(edge.get("type", "0"), several, first, second):
            yield f"sum(c in cells) {bond}"
    for k, vertex in enumerate(vertices):
        if field := energy.of_site(vertex.get("type", "0"), f"c.{letter(k)}"):
            yield f"sum(c in cells) {field}"


def _vectors(lattice: Element, dimension: int, names: Names) -> list[list[str]]:
    found = [names.text("".join(each.itertext())).split() for each in lattice.iter("VECTOR")]
    if not found:
        return [["1" if a == b else "0" for b in range(dimension)] for a in range(dimension)]
    if len(found) != dimension or any(len(each) != dimension for each in found):
        raise refused(f"basis vectors that are not {dimension} of {dimension} numbers")
    return found


def _along(
    finite: Element, tag: str, key: str, dimension: int, read: Callable[[str], str]
) -> list[str]:
    """What a finite lattice says for each of its dimensions, or for all."""
    said = {each.get("dimension"): each.get(key, "") for each in finite.findall(tag)}
    found = [said.get(str(k + 1), said.get(None)) for k in range(dimension)]
    if any(each is None for each in found):
        raise refused(f"a FINITELATTICE without {tag} along every dimension")
    return [read(str(each)) for each in found]


def _boundary(said: str, names: Names) -> str:
    text = names.values.get(said, names.defaults.get(said, said))
    if text not in ("periodic", "open"):
        raise refused(f"the boundary '{text}'", "periodic and open are known")
    return text


def _place(
    vertex: Element, k: int, count: int, vectors: Sequence[Sequence[str]], names: Names
) -> list[str]:
    """Where a vertex is. Its coordinates count basis vectors; vertices without them stand apart."""
    where = vertex.find("COORDINATE")
    dimension = len(vectors)
    shares = (
        names.text("".join(where.itertext())).split()
        if where is not None
        else [f"{k}/{count}" if k else "0"] * dimension
    )
    if len(shares) != dimension:
        raise refused(f"a COORDINATE that is not {dimension} numbers")
    if all(share == "0" for share in shares):
        return ["0"] * dimension
    return [
        " + ".join(
            f"({share})*({vector[axis]})" for share, vector in zip(shares, vectors, strict=True)
        )
        for axis in range(dimension)
    ]


def _offset(end: Element, dimension: int) -> list[int]:
    said = (end.get("offset") or " ".join(["0"] * dimension)).split()
    try:
        found = [int(each) for each in said]
    except ValueError:
        found = []
    if len(found) != dimension:
        raise refused(f"the offset '{end.get('offset')}' is not {dimension} integers")
    return found


def _letter(end: Element, count: int) -> str:
    vertex = end.get("vertex", "1")
    if not vertex.isdigit() or not 1 <= int(vertex) <= count:
        raise refused(f"an edge of vertex {vertex}, and the unit cell has {count}")
    return letter(int(vertex) - 1)


def _steps(step: Sequence[int]) -> str:
    """An offset along the axes: `+x`, `-2*y`."""
    return "".join(
        f"{'+' if n > 0 else '-'}{'' if abs(n) == 1 else f'{abs(n)}*'}{axis}"
        for n, axis in zip(step, AXES, strict=False)
        if n
    )


def _tuple(entries: Sequence[str]) -> str:
    return f"({', '.join(entries)})"


def _followed(element: Element, library: Element) -> Element:
    """The element that a `ref` names."""
    if (name := element.get("ref")) is None:
        return element
    for each in library.iter(element.tag):
        if each.get("name") == name:
            return each
    raise refused(f"no {element.tag} '{name}' in the file")
