"""One line about a spec, for people: `ok: square 64x64, 4 neighbours, mcrg`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

from rgc.ast_to_model.expressions.evaluate import integer
from rgc.ast_to_model.sections.parameters import check_parameters
from rgc.errors import Problems
from rgc.language.updates import AUTO
from rgc.model.data import rows_of
from rgc.model.lattice import Geometry, Lattice
from rgc.model.shells import coordination, shells
from rgc.model.spec import Spec
from rgc.model.supercells import as_written
from rgc.model.tempering import inner_update
from rgc.passes.choose_clusters import choose_clusters
from rgc.syntax import ast

ROUNDING = 1e-12
"""Distances that differ by more, relatively, are not the same number in other digits."""


def summary(spec: Spec, at_points: Iterable[Spec]) -> str:
    """The lattice, its size, the coordination numbers of its shells, the scheme, the units of a
    stack, the number of points, the specs that answer parameters, and what `update=auto` stands
    for.

    `at_points` are the physics at the points of the scan. They are looked at only where the update
    is `auto`.
    """
    runs, points = len(spec.runs), prod(len(axis.values) for axis in spec.scan)
    parts = (
        f"a study of {runs} run{'s' * (runs > 1)}" if runs else "",
        _lattice(spec.lattice) if spec.lattice else "",
        *_neighbours(spec),
        spec.flow.scheme if spec.flow else "",
        _machines(spec),
        f"{points} points" if spec.scan else "",
        *(f"{each.name} from {each.path}" for each in spec.taken),
        _chosen(spec, at_points),
    )
    said = ", ".join(part for part in parts if part)
    return f"ok: {said}" if said else "ok"


def _chosen(spec: Spec, at_points: Iterable[Spec]) -> str:
    """`update=auto is wolff`: what it stands for, at some or all points."""
    if spec.flow is None or inner_update(spec.flow.options.get("update")) != AUTO:
        return ""
    names = [
        choose_clusters(each.hamiltonian, each.lattice, each.species).update
        for each in at_points
        if each.hamiltonian is not None and each.lattice is not None
    ]
    return f"update=auto is {' or '.join(dict.fromkeys(names))}" if names else ""


def _machines(spec: Spec) -> str:
    """`100 rows, units 64-16`."""
    stack, rows = spec.stack, rows_of(spec.data)
    if stack is None:
        return ""
    sides = (stack.layers[0].visible, *(layer.hidden for layer in stack.layers))
    units = f"units {'-'.join(str(side.count) for side in sides)}"
    return units if rows is None else f"{rows} rows, {units}"


def _lattice(lattice: Geometry) -> str:
    """The name of a lattice and its size in cells as written."""
    if not isinstance(lattice, Lattice):
        return type(lattice).__name__.lower()
    if lattice.edges:
        return f"{lattice.name} of {lattice.sites} sites and {len(lattice.edges)} edges"
    written = as_written(lattice)
    size = "x".join("inf" if n is None else str(n) for n in written.shape)
    size = "infinite" if not any(written.shape) else size
    cells = lattice.supercell
    larger = "" if cells is None else f" in cells of {'x'.join(map(str, cells.multiple))}"
    return f"{written.name} {size}{larger}"


def _neighbours(spec: Spec) -> Iterator[str]:
    """The coordination numbers of the shells over which the Hamiltonian sums, for people."""
    if not isinstance(spec.lattice, Lattice) or spec.hamiltonian is None or spec.lattice.edges:
        return
    lattice = as_written(spec.lattice)
    for order in sorted(set(_orders(spec))):
        numbers = coordination(lattice, order)
        letters = zip(lattice.letters, numbers, strict=True)
        each = " ".join(f"{letter} {number}" for letter, number in letters)
        ordinal = {1: "", 2: "second ", 3: "third "}.get(order, f"{order}th ")
        yield f"{numbers[0] if len(set(numbers)) == 1 else each} {ordinal}neighbours"
        shell = shells(lattice, order)[order - 1]
        if shell.farthest - shell.distance > ROUNDING * shell.distance:
            yield f"distances {shell.distance:.10g} to {shell.farthest:.10g} taken for one"


def _orders(spec: Spec) -> Iterator[int]:
    """The numbers of the shells over which the Hamiltonian sums."""
    point = {axis.name: axis.values[0] for axis in spec.scan}
    scope = check_parameters(spec.document, Problems(), (), point)
    section = spec.document.section("hamiltonian")
    body = section.body if section is not None else None
    for node in ast.walk(body) if isinstance(body, ast.Node) else ():
        match node:
            case ast.Pairs(order=order):
                yield order
            case ast.Shell(order=order):
                yield integer(order, scope)
