"""From the syntax tree to the physics model: names, shapes, symmetries, refusals.

There is one file for each section. Each offers a `Check` and is listed in `CHECKS`, in the order in
which they build on each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rgc.ast_to_model.context import Check, Context
from rgc.ast_to_model.sections.block import check_block
from rgc.ast_to_model.sections.data import check_data
from rgc.ast_to_model.sections.expect import check_expect
from rgc.ast_to_model.sections.flow import check_flow
from rgc.ast_to_model.sections.hamiltonian import check_hamiltonian
from rgc.ast_to_model.sections.include import merge_includes
from rgc.ast_to_model.sections.lattice import check_lattice
from rgc.ast_to_model.sections.map import check_map
from rgc.ast_to_model.sections.measure import check_measure
from rgc.ast_to_model.sections.parameters import check_parameters
from rgc.ast_to_model.sections.paths import add_paths
from rgc.ast_to_model.sections.scan import check_scan
from rgc.ast_to_model.sections.scan_points import check_points
from rgc.ast_to_model.sections.spins import check_spins
from rgc.ast_to_model.sections.stack import check_stack
from rgc.errors import Problem
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.spec import Spec
from rgc.syntax import ast

Point = Mapping[str, float]
"""Values of some parameters."""

PHYSICS: tuple[Check, ...] = (check_lattice, check_spins, check_hamiltonian)

CHECKS: tuple[Check, ...] = (
    *PHYSICS,
    check_block,
    # the run
    check_data,
    check_stack,
    check_map,
    check_flow,
    check_scan,
    check_measure,
    check_expect,
)


def build(
    document: ast.Document,
    *,
    settings: Sequence[ast.Entry] = (),
    scan: Sequence[ast.Entry] = (),
    point: Mapping[str, float] | None = None,
    folder: Path | None = None,
) -> tuple[Spec, tuple[Problem, ...]]:
    """The physics of a spec at one point of its parameters, and the warnings.

    - `settings` are parameters whose right sides the command line replaces, in order.
    - `scan` holds entries that replace those of the `scan` section.
    - `point` holds the values of the scanned parameters.
    - `folder` is where the spec lies, for `include`, data and graphs.

    Raises `SpecError` with every error of the file.
    """
    context = Context(document, folder=folder, scan=tuple(scan))
    context.document = merge_includes(document, folder, context.problems)
    merged, here = context.document, point or {}
    spec = _checked(CHECKS, context, settings, here)

    def hamiltonian_at(there: Point) -> Hamiltonian | None:
        other = Context(merged, folder=folder)
        return _checked(PHYSICS, other, settings, {**here, **there}).hamiltonian

    spec = add_paths(spec, hamiltonian_at, context.problems)
    context.problems.raise_errors()
    if point is None and spec.scan:

        def at(there: Point) -> Spec:
            return _checked(
                CHECKS, Context(merged, folder=folder, scan=tuple(scan)), settings, there
            )

        check_points(spec, at, context.problems)
        context.problems.raise_errors()
    return spec, context.problems.warnings


def _checked(
    checks: Sequence[Check], context: Context, settings: Sequence[ast.Entry], point: Point
) -> Spec:
    """The spec as far as some checkers make it. Raises `SpecError` with all their errors."""
    context.scope = check_parameters(context.document, context.problems, settings, point)
    spec = Spec(
        _text(context, "title"), context.document, context.scope.numbers, _text(context, "about")
    )
    for check in checks:
        spec = check(spec, context)
    context.problems.raise_errors()
    return spec


def _text(context: Context, name: str) -> str:
    section = context.section(name)
    return section.body if section is not None and isinstance(section.body, str) else ""
