"""The section `lattice`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import log10, prod
from pathlib import Path
from typing import cast

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import bound, named, word
from rgc.ast_to_model.expressions.evaluate import evaluate, integer, number
from rgc.ast_to_model.expressions.options import read_number
from rgc.ast_to_model.scope import Scope, Unknowable, problem
from rgc.ast_to_model.sections.graph import read_graph
from rgc.errors import SpecError
from rgc.language.lattices import LATTICES
from rgc.model import graphs, hierarchy, lattices
from rgc.model.graphs import GRAPH
from rgc.model.lattice import Boundary, Complete, Diamond, Geometry, Lattice, Vector
from rgc.model.spec import Spec
from rgc.schemes import SCHEMES
from rgc.syntax import ast

BOUNDARIES = ("periodic", "open", "antiperiodic")
HELICAL = ("helical", "screw", "skew", "shifted", "twisted")
"""What others call edges around which rows go on with the next one."""
MOST_SITES = 2**31 - 1
MOST_DIGITS = 300
"""Digits of the number of bonds of a diamond lattice, which is a float64 and so is ln Z of them."""

Given = Mapping[str, ast.Expr]
"""What stands for each option of a call."""

Folder = Path | None
"""The folder of the spec, or None for a spec that is not a file."""


def check_lattice(spec: Spec, context: Context) -> Spec:
    """The spec with its lattice.

    Reports unknown lattices and options, and sizes that are not integers or too many.
    """
    body = context.body("lattice")
    if body is None:
        return spec
    try:
        found = geometry(body, context.scope, context.folder)
        if isinstance(found, Diamond) and found.generations is not None and _takes_graphs(context):
            found = _graph_of(found, body)
        return replace(spec, lattice=found)
    except SpecError as error:
        context.fail("lattice", error)
    except Unknowable:
        context.failed.add("lattice")
    return spec


def _takes_graphs(context: Context) -> bool:
    """Whether the flow runs on any graph, and so site by site on a diamond lattice too."""
    body = context.body("flow")
    call = named(body) if body is not None else None
    scheme = SCHEMES.get(call[0]) if call is not None else None
    ready = scheme.ready if scheme is not None else None
    return ready is not None and GRAPH in ready.lattices


def _graph_of(lattice: Diamond, body: ast.Expr) -> Lattice:
    """The graph of a diamond lattice. Raises `SpecError` for one of too many sites."""
    sites = hierarchy.count_sites(lattice)
    if sites is None or sites > graphs.MOST_SITES:
        message = f"this diamond lattice has {sites} sites; a graph has at most {graphs.MOST_SITES}"
        hint = "take fewer generations; exact sums over any number of them"
        raise problem("too-many-sites", message, body.span, hint=hint)
    return hierarchy.as_graph(lattice)


def word_of_lattice(context: Context) -> str:
    """The word that the spec calls its lattice by."""
    body = context.body("lattice")
    call = named(body) if body is not None else None
    return call[0] if call is not None else "lattice"


def geometry(expr: ast.Expr, scope: Scope, folder: Folder = None) -> Geometry:
    """The lattice that an expression like `square(64, boundary=open)` names, a graph that of a file
    in a folder. Raises `SpecError`.
    """
    call, given = bound(expr, LATTICES, "lattice")
    return _LATTICES[call.name](call, given, scope, folder)


def _built_in(call: ast.Call, given: Given, scope: Scope, _: Folder) -> Lattice:
    sizes, boundary = _sizes(call, given, scope, lattices.BUILT_IN[call.name])
    return _counted(lattices.built_in(call.name, sizes, boundary), call)


def _hypercubic(call: ast.Call, given: Given, scope: Scope, _: Folder) -> Lattice:
    d = _integer(call, "d", given, scope)
    if d > lattices.MOST_DIMENSIONS:
        message = f"a lattice has at most {lattices.MOST_DIMENSIONS} dimensions, not {d}"
        raise problem("out-of-range", message, given["d"].span)
    sizes, boundary = _sizes(call, given, scope, d)
    return _counted(lattices.hypercubic(*sizes, d=d, boundary=boundary), call)


def _crystal(call: ast.Call, given: Given, scope: Scope, _: Folder) -> Lattice:
    vectors, basis = (_vectors(given[name], scope) for name in ("vectors", "basis"))
    sizes, boundary = _sizes(call, given, scope, len(vectors))
    try:
        return _counted(lattices.crystal(vectors, basis, *sizes, boundary=boundary), call)
    except ValueError as error:
        raise problem("bad-crystal", str(error), call.span) from None


def _complete(call: ast.Call, given: Given, scope: Scope, _: Folder) -> Complete:
    return Complete(_integer(call, "size", given, scope))


def _diamond(call: ast.Call, given: Given, scope: Scope, _: Folder) -> Diamond:
    """Raises `SpecError` for one whose bonds cannot be counted, since ln Z of all has no number."""
    made = Diamond(**{name: _integer(call, name, given, scope) for name in given})
    if made.generations is None:
        return made
    digits = log10(made.b * made.branches)
    most = int(MOST_DIGITS / digits)
    if made.generations > most:
        message = (
            f"{made.generations} generations make 10^{made.generations * digits:.4g} bonds; the "
            f"limit is 10^{MOST_DIGITS}"
        )
        hint = f"take at most {most}, or leave generations out for an infinite lattice"
        raise problem("out-of-range", message, given["generations"].span, hint=hint)
    return made


def _integer(call: ast.Call, name: str, given: Given, scope: Scope) -> int:
    field = LATTICES[call.name].field(name)
    assert field is not None  # noqa: S101  (an option that was bound is in the table)
    return int(read_number(field, given[name], scope))


def _graph(call: ast.Call, given: Given, scope: Scope, folder: Folder) -> Lattice:
    written = given["path"]
    if not isinstance(written, ast.Text):
        hint = f"write {LATTICES['graph'].example}"
        raise problem(
            "wrong-kind", "graph needs the name of its file, a text", call.span, hint=hint
        )
    path = written.value
    parts = path.replace("\\", "/").split("/")
    if not path or path.startswith(("/", "\\", "~")) or ".." in parts or ":" in parts[0]:
        message = "the file of a graph lies inside the folder of the spec"
        raise problem("path-outside", message, written.span)
    if folder is None:
        message = "this text is no file, so it has no folder to read files from"
        raise problem("file-without-folder", message, written.span)
    found = read_graph(folder, path, written.span)
    return _induced(found, given["sites"], scope) if "sites" in given else found


def _induced(found: Lattice, chosen: ast.Expr, scope: Scope) -> Lattice:
    """The graph of a list of sites. Raises `SpecError`."""
    items = chosen.items if isinstance(chosen, ast.List) else ()
    sites = [integer(item, scope, least=0) for item in items]
    for site, item in zip(sites, items, strict=True):
        if site >= found.sites:
            message = f"the graph has no site {site}; its sites are 0 to {found.sites - 1}"
            raise problem("out-of-range", message, item.span)
    if not sites or len(set(sites)) < len(sites):
        message = "a list of different sites is needed here"
        raise problem("wrong-kind", message, chosen.span, hint="write sites=[0, 1, 2]")
    try:
        return graphs.induced(found, sites)
    except ValueError as error:
        raise problem("bad-graph", str(error), chosen.span) from None


_LATTICES: Mapping[str, Callable[[ast.Call, Given, Scope, Folder], Geometry]] = {
    **dict.fromkeys(lattices.BUILT_IN, _built_in),
    "hypercubic": _hypercubic,
    "crystal": _crystal,
    "complete": _complete,
    "diamond": _diamond,
    GRAPH: _graph,
}


def _sizes(
    call: ast.Call, given: Given, scope: Scope, d: int
) -> tuple[tuple[int | None, ...], tuple[Boundary, ...]]:
    size = given.get("size")
    arguments = (
        size.items if isinstance(size, ast.List | ast.Tuple) else () if size is None else (size,)
    )
    if len(arguments) not in (0, 1, d):
        message = f"{call.name} takes one size or {d}, not {len(arguments)}"
        hint = "one size is that along every vector"
        raise problem("wrong-arity", message, arguments[-1].span, hint=hint)
    sizes = tuple(_size(argument, scope) for argument in arguments)
    sizes = sizes if len(sizes) == d else (sizes[0] if sizes else None,) * d
    return sizes, _boundary(call, given.get("boundary"), sizes)


def _size(expr: ast.Expr, scope: Scope) -> int | None:
    if expr == ast.Name("infinite") and not scope.known("infinite"):
        return None
    if isinstance(expr, ast.List | ast.Tuple):
        hint = "write the sizes one after the other, or size=[...]"
        raise problem("wrong-kind", "a size is a number or the word infinite", expr.span, hint=hint)
    return integer(expr, scope, least=1)


def _boundary(
    call: ast.Call, expr: ast.Expr | None, sizes: Sequence[int | None]
) -> tuple[Boundary, ...]:
    periodic: Boundary = "periodic"
    if expr is None:
        return (periodic,) * len(sizes)
    if all(size is None for size in sizes):
        raise problem("infinite-boundary", "an infinite lattice has no boundary", expr.span)
    items = expr.items if isinstance(expr, ast.List) else (expr,) * len(sizes)
    if len(items) != len(sizes):
        message = f"{call.name} takes one boundary or {len(sizes)}, not {len(items)}"
        raise problem("wrong-arity", message, expr.span)
    return tuple(_edge(item, sizes) for item in items)


def _edge(expr: ast.Expr, sizes: Sequence[int | None]) -> Boundary:
    if isinstance(expr, ast.Name) and expr.name in HELICAL:
        length = sizes[-1] or 16
        sites = prod(size or length for size in sizes)
        message = f"a boundary is one of {', '.join(BOUNDARIES)}, not '{expr.name}'"
        hint = (
            f"number the sites one after the other: lattice chain({sites}) with "
            f"sum(i) s[i]*s[i+x] and sum(i) s[i]*s[i+{length}*x]"
        )
        raise problem("unknown-word", message, expr.span, hint=hint)
    return cast(Boundary, word(expr, BOUNDARIES, "a boundary"))


def _vectors(expr: ast.Expr, scope: Scope) -> tuple[Vector, ...]:
    if isinstance(expr, ast.List) and all(
        isinstance(item, ast.List | ast.Tuple) for item in expr.items
    ):
        rows = [item.items for item in expr.items if isinstance(item, ast.List | ast.Tuple)]
        return tuple(tuple(number(x, scope) for x in row) for row in rows)
    value = () if isinstance(expr, ast.Tuple) else evaluate(expr, scope)
    rows_of = value if isinstance(value, tuple) else ()
    if rows_of and all(isinstance(row, float) for row in rows_of):
        return tuple((x,) for x in rows_of if isinstance(x, float))  # (2) is the number 2
    letters = tuple(
        tuple(x for x in row if isinstance(x, float)) for row in rows_of if isinstance(row, tuple)
    )
    if not letters:
        hint = "write [(1,0), (0,1)], or in one dimension [1]"
        raise problem("wrong-kind", "a list of vectors is needed here", expr.span, hint=hint)
    return letters


def _counted(lattice: Lattice, call: ast.Call) -> Lattice:
    if lattice.finite and lattice.sites > MOST_SITES:
        message = f"{lattice.sites} sites are more than {MOST_SITES}"
        raise problem("out-of-range", message, call.span)
    return lattice
