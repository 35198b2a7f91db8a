"""Smaller specs: the syntax tree of the same model at one point of a scan, on another lattice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rgc.ast_to_model.sections.scan_measures import is_of_scan
from rgc.language.updates import AUTO, COPY_UPDATES, UPDATES
from rgc.model.block_maps import FREE, TRIED
from rgc.model.complete import COMPLETE
from rgc.model.graphs import DIAMOND, near_sites
from rgc.model.lattice import Boundary, Cell, Lattice
from rgc.model.spec import Spec
from rgc.model.tempering import NAME
from rgc.passes.choose_clusters import choose_clusters
from rgc.syntax import ast

KEPT = ("update", "generator", "planes")
"""The options of a flow that belong to its update, not to the length of its run."""


def at_point(document: ast.Document, point: Mapping[str, float]) -> ast.Document:
    """The document with scanned parameters at their values, without scan, scan measures and
    expectations.
    """
    sections = []
    for section in document.sections:
        if section.name in ("scan", "expect"):
            continue
        body = section.body
        if isinstance(body, tuple) and section.name == "parameters":
            body = tuple(_fixed(entry, point) for entry in body)
        elif isinstance(body, tuple) and section.name == "measure":
            body = _of_points(body)
        if body != ():
            sections.append(replace(section, body=body, notes=()))
    return replace(document, sections=tuple(sections))


def at_one_value(document: ast.Document) -> ast.Document:
    """The document with the update that tempering makes from one exchange to the next in its
    place.
    """
    body = _body(document, "flow")
    if not isinstance(body, ast.Call):
        return document
    return _with(
        document, "flow", replace(body, options=tuple(map(_without_exchange, body.options)))
    )


def _without_exchange(option: ast.Option) -> ast.Option:
    update = option.value
    if option.name != "update" or not isinstance(update, ast.Call) or update.name != NAME:
        return option
    default = UPDATES[NAME].defaults["inner"]
    inner = {each.name: each.value for each in update.options}.get("inner", ast.Name(str(default)))
    return replace(option, value=inner)


def with_chosen_update(document: ast.Document, spec: Spec) -> ast.Document:
    """The document with what `update=auto` stands for at the spec in its place, since on smaller
    lattices it would stand for another update.
    """
    body, hamiltonian, lattice = _body(document, "flow"), spec.hamiltonian, spec.lattice
    if not isinstance(body, ast.Call) or hamiltonian is None or lattice is None:
        return document
    chosen = ast.Name(choose_clusters(hamiltonian, lattice, spec.species).update)
    options = tuple(
        replace(option, value=chosen)
        if option.name == "update"
        and isinstance(option.value, ast.Name)
        and option.value.name == AUTO
        else option
        for option in body.options
    )
    return _with(document, "flow", replace(body, options=options))


def on_lattice(document: ast.Document, cells: Cell, boundary: Sequence[Boundary]) -> ast.Document:
    """The document on a lattice of the same kind with so many cells."""
    call = _call(_body(document, "lattice"))
    kept = tuple(option for option in call.options if option.name not in ("size", "boundary"))
    sizes = ast.Option("size", ast.List(tuple(number(size) for size in cells)))
    edges = ast.Option("boundary", ast.List(tuple(ast.Name(edge) for edge in boundary)))
    return _with(document, "lattice", replace(call, arguments=(), options=(*kept, sizes, edges)))


def on_fewer_sites(document: ast.Document, lattice: Lattice, most: int) -> Iterator[ast.Document]:
    """The document on lattices without cells of the same kind, the smallest first: diamond lattices
    of ever more generations, the complete graph of at most so many sites, or the graph that so many
    sites near each other induce.
    """
    call = _call(_body(document, "lattice"))
    if lattice.name == DIAMOND:
        yield from (_with_lattice(document, call, "generations", number(n)) for n in range(most))
    elif lattice.sites <= most:
        yield document
    elif lattice.name == COMPLETE:
        yield _with_lattice(document, call, "size", number(most))
    elif sites := near_sites(lattice, most):
        given = {option.name: option.value for option in call.options}.get("sites")
        own = given.items if isinstance(given, ast.List) else map(number, range(lattice.sites))
        numbered = tuple(own)
        chosen = ast.List(tuple(numbered[site] for site in sites))
        yield _with_lattice(document, call, "sites", chosen)


def _with_lattice(
    document: ast.Document, call: ast.Call, name: str, value: ast.Expr
) -> ast.Document:
    """The document with another value of one option of its lattice."""
    options = tuple(option for option in call.options if option.name != name)
    arguments = () if name == "size" else call.arguments
    changed = replace(call, arguments=arguments, options=(*options, ast.Option(name, value)))
    return _with(document, "lattice", changed)


def with_flow(document: ast.Document, scheme: str, **options: ast.Expr) -> ast.Document:
    """The document with a flow of this scheme and these options that updates as its own does.

    A flow of another scheme drops the block, and a stack that is one.
    """
    call = _call(_body(document, "flow"))
    kept = tuple(
        option for option in call.options if option.name in KEPT and not _between_copies(option)
    )
    given = tuple(ast.Option(name, value) for name, value in options.items())
    changed = _with(
        document, "flow", replace(call, name=scheme, arguments=(), options=(*kept, *given))
    )
    return changed if scheme == call.name else without(without(changed, "block"), "stack")


def decimated(document: ast.Document, b: int) -> ast.Document:
    """The document with a map of every b-th spin in the place of the one that its stack is."""
    block = ast.Call("decimate", (number(b),))
    return _with(without(document, "stack"), "block", block)


def with_tried_map(document: ast.Document) -> ast.Document:
    """The document with the first p that is tried in the place of p=free. The maps of the others
    differ from this one in thresholds alone.
    """
    body = _body(document, "block")
    if body is None:
        return document
    items = body.items if isinstance(body, ast.List) else (body,)
    maps = tuple(_tried(item) if isinstance(item, ast.Call) else item for item in items)
    return _with(document, "block", ast.List(maps) if isinstance(body, ast.List) else maps[0])


def _tried(call: ast.Call) -> ast.Call:
    options = tuple(
        replace(option, value=number(TRIED[0]))
        if isinstance(option.value, ast.Name | ast.Call) and option.value.name == FREE.name
        else option
        for option in call.options
    )
    return replace(call, options=options)


def _between_copies(option: ast.Option) -> bool:
    """Whether an option is an update of several copies, which are not there on a small instance:
    its sweeps of single spins are those of any other update.
    """
    return isinstance(option.value, ast.Name) and option.value.name in COPY_UPDATES


def without(document: ast.Document, name: str) -> ast.Document:
    return replace(
        document, sections=tuple(section for section in document.sections if section.name != name)
    )


def number(value: float) -> ast.Expr:
    """A number as an expression."""
    return ast.Negate(number(-value)) if value < 0 else ast.Number(repr(value))


def _fixed(entry: Any, point: Mapping[str, float]) -> Any:
    name = (
        entry.target.name
        if isinstance(entry, ast.Entry) and isinstance(entry.target, ast.Name)
        else ""
    )
    return replace(entry, op="=", value=number(point[name])) if name in point else entry


def _of_points(body: tuple[Any, ...]) -> tuple[Any, ...]:
    """The entries of `measure` without those of a finished scan."""
    written = [(entry, entry.target if entry.op is None else entry.value) for entry in body]
    definitions = {
        entry.target.name: value
        for entry, value in written
        if entry.op is not None and isinstance(entry.target, ast.Name)
    }
    return tuple(entry for entry, value in written if not is_of_scan(value, definitions))


def _body(document: ast.Document, name: str) -> Any:
    section = document.section(name)
    return section.body if section else None


def _call(expr: Any) -> ast.Call:
    return ast.Call(expr.name, span=expr.span) if isinstance(expr, ast.Name) else expr


def _with(document: ast.Document, name: str, body: ast.Expr) -> ast.Document:
    changed = (
        replace(section, body=body) if section.name == name else section
        for section in document.sections
    )
    return replace(document, sections=tuple(changed))
