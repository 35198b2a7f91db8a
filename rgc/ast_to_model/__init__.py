"""From the syntax tree to the physics model: names, shapes, symmetries, refusals.

There is one file for each section, which offers its `Check` as `check_<section>`; `SECTIONS` lists
them in the order in which they build on each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from pkgutil import resolve_name

from rgc.ast_to_model.angles import check_angles
from rgc.ast_to_model.context import Check, Context
from rgc.ast_to_model.sections.include import merge_includes
from rgc.ast_to_model.sections.parameters import check_parameters
from rgc.ast_to_model.sections.paths import add_paths
from rgc.ast_to_model.sections.scan_points import check_points, needed_by
from rgc.ast_to_model.sections.taken import check_taken
from rgc.errors import Problem, SpecError
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.spec import STAND_IN, Axis, Spec
from rgc.syntax import ast
from rgc.syntax.read import read

Entries = tuple[ast.Entry, ...]

Point = Mapping[str, float]
"""Values of some parameters."""

MOST_OTHERS = 256
"""Specs that one is made of, by its runs and by the answers that it takes, and theirs in turn."""

PHYSICS = ("lattice", "spins", "hamiltonian")

SECTIONS = (
    *(*PHYSICS, "data", "stack", "block", "map", "flow", "runs", "scan", "measure"),
    *("claim", "expect"),
)
"""The sections that are checked, in the order in which they build on each other."""

ALWAYS = ("flow", "scan", "claim")
"""Sections that are checked in a spec without them too.

A spec without a flow may run nothing, a command line may add a scan, and a spec without a claim may
hold lines that would decide about one.
"""


def build(
    document: ast.Document,
    *,
    settings: Sequence[ast.Entry] = (),
    scan: Sequence[ast.Entry] = (),
    point: Point | None = None,
    axes: tuple[Axis, ...] | None = None,
    folder: Path | None = None,
) -> tuple[Spec, tuple[Problem, ...]]:
    """The physics of a spec at one point of its parameters, and the warnings.

    - `settings` are parameters whose right sides the command line replaces, in order.
    - `scan` holds entries that replace those of the `scan` section.
    - `point` holds the values of the scanned parameters.
    - `axes` are those of the scan, where they are known from another point.
    - `folder` is where the spec lies, for `include`, data and graphs.

    Raises `SpecError` with every error of the file.
    """
    context = Context(document, folder=folder, scan=tuple(scan), axes=axes)
    return _built(context, settings, point, (), count(1)), context.problems.warnings


def _built(
    context: Context,
    settings: Sequence[ast.Entry],
    point: Point | None,
    above: Sequence[Path],
    others: Iterator[int],
) -> Spec:
    """The physics of the document of a context. `above` are the specs that led to it, and `others`
    counts all that are read besides the first.
    """
    folder = context.folder
    merged = context.document = merge_includes(context.document, folder, context.problems)

    def read_other(path: Path, settings: Entries, scan: Entries) -> tuple[Spec, Context]:
        if next(others) > MOST_OTHERS:
            message = f"a spec leads to at most {MOST_OTHERS} others, each as often as it is named"
            hint = "scan parameters in one run instead of naming it with each value"
            raise SpecError([Problem("too-many-specs", message, hint=hint)])
        other = Context(read(path), folder=path.parent, scan=scan)
        return _built(other, settings, None, (*above, path.resolve()), others), other

    context.read, context.above = read_other, tuple(above)
    taken = check_taken(context, settings) if point is None else ()
    here = {each.name: STAND_IN for each in taken} | dict(point or {})
    spec = replace(_checked(SECTIONS, context, settings, here), taken=taken)

    def hamiltonian_at(there: Point) -> Hamiltonian | None:
        other = Context(merged, folder=folder)
        return _checked(PHYSICS, other, settings, {**here, **there}).hamiltonian

    check_angles(spec.species, context)
    shaping = needed_by(("lattice", "spins"), merged)
    spec = add_paths(spec, hamiltonian_at, shaping, context.problems)
    context.problems.raise_errors()
    if point is None and spec.scan:

        def at(there: Point) -> Spec:
            other = Context(merged, folder=folder, axes=spec.scan)
            return _checked(SECTIONS, other, settings, {**here, **there})

        check_points(spec, at, context.problems)
        context.problems.raise_errors()
    return spec


def _checked(
    sections: Sequence[str], context: Context, settings: Sequence[ast.Entry], point: Point
) -> Spec:
    """The spec as far as the checkers of some sections make it.

    Raises `SpecError` with all their errors.
    """
    context.scope = check_parameters(context.document, context.problems, settings, point)
    spec = Spec(
        _text(context, "title"), context.document, context.scope.numbers, _text(context, "about")
    )
    for section in sections:
        if section in ALWAYS or context.section(section) is not None:
            spec = _checker(section)(spec, context)
    context.problems.raise_errors()
    return spec


def _checker(section: str) -> Check:
    """The check of a section. Its file is loaded only for a spec that needs it."""
    check: Check = resolve_name(f"{__name__}.sections.{section}:check_{section}")
    return check


def _text(context: Context, name: str) -> str:
    section = context.section(name)
    return section.body if section is not None and isinstance(section.body, str) else ""
