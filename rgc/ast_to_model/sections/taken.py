"""Parameters that are answers of other specs: `K = from "binder.rgc" K_c`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.scope import problem
from rgc.ast_to_model.sections.expect import read_target
from rgc.ast_to_model.sections.other_specs import Reference, find_spec
from rgc.ast_to_model.sections.scan_points import needed_by
from rgc.ast_to_model.today import later
from rgc.errors import SpecError
from rgc.model.spec import Spec, TakenAnswer, Target, same_value
from rgc.syntax import ast

FROM = Reference("from-without-folder", "from-cycle", "take answers from", "take answers from")

Read = Callable[[Path], tuple[Spec, Context]]
"""Reads and checks another spec. Raises `SpecError`."""


def check_taken(
    context: Context, settings: Sequence[ast.Entry], above: Sequence[Path], read: Read
) -> tuple[TakenAnswer, ...]:
    """The parameters that other specs answer.

    `settings` replace right sides, and `above` are the specs that led here. Reports specs that are
    not there, outside the folder, wrong, or cannot be run, circles, targets that they do not answer
    or that are not one number, and parameters on which the lattice or the spins depend.
    """
    found: list[TakenAnswer] = []
    shaping = needed_by(("lattice", "spins"), context.document)
    for name, taken in _entries(context, settings):
        try:
            if name in shaping:
                raise _shapes(name, taken)
            found.append(_taken(name, taken, context.folder, above, read))
        except SpecError as error:
            context.problems.extend(
                replace(each, span=each.span or taken.span) for each in error.problems
            )
    return tuple(found)


def _shapes(name: str, taken: ast.Taken) -> SpecError:
    message = f"the lattice or the spins depend on '{name}', which has an error when it is answered"
    hint = f"write the number: {name} = 16"
    return problem("structural-parameter", message, taken.span, hint=hint)


def _entries(context: Context, settings: Sequence[ast.Entry]) -> Iterator[tuple[str, ast.Taken]]:
    """The entries of the section by name whose right sides, as set, are answers."""
    section = context.section("parameters")
    written = section.body if section is not None and isinstance(section.body, tuple) else ()
    replaced = {entry.target: entry.value for entry in settings}
    for entry in written:
        if isinstance(entry, ast.Entry) and isinstance(entry.target, ast.Name) and entry.op == "=":
            value = replaced.get(entry.target, entry.value)
            if isinstance(value, ast.Taken):
                yield entry.target.name, value


def _taken(
    name: str, taken: ast.Taken, folder: Path | None, above: Sequence[Path], read: Read
) -> TakenAnswer:
    file = find_spec(taken.path, taken.span, folder, above, FROM)
    spec, context = read(file)
    for reason in later(spec):
        message = f"'{taken.path}' cannot be run: {reason.message}"
        raise problem(reason.code, message, taken.span, hint=f"rgc check {taken.path} says more")
    target = read_target(taken.target, spec, context)
    _check_point(target, spec)
    return TakenAnswer(name=name, path=taken.path, file=file, target=target, spec=spec)


def _check_point(target: Target, spec: Spec) -> None:
    """Raise `SpecError` for a target that has other values at other points of a scan, and for one
    at a point that the scan does not have.
    """
    if any(each.name == target.name and each.of_scan is not None for each in spec.measures):
        return
    chosen = dict(target.selectors)
    first = ", ".join(f"{axis.name}={axis.values[0]:.10g}" for axis in spec.scan)
    hint = f"choose one point, as in {target.name}[{first}], or a measure of the scan"
    for axis in spec.scan:
        value = chosen.get(axis.name)
        if value is None:
            message = f"'{target.target}' has a value at each {axis.name} of the scan"
            raise problem("missing-selector", message, target.span, hint=hint)
        if not any(same_value(each, value) for each in axis.values):
            message = f"the scan has no point with {axis.name} = {value}"
            raise problem("out-of-range", message, target.span, hint=hint)
