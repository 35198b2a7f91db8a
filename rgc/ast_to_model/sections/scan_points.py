"""The other points of a scan, whose problems are reported before the first point runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from rgc.ast_to_model.scope import names
from rgc.errors import Problems, SpecError
from rgc.model.spec import Axis, Spec
from rgc.syntax import ast

MOST_BUILDS = 64
STRUCTURAL = ("lattice", "spins", "block", "flow", "data", "stack")

Point = Mapping[str, float]


def check_points(spec: Spec, at: Callable[[Point], object], problems: Problems) -> None:
    """Report what `at` refuses away from the values of a single run, with the point in the message.

    The points differ in one parameter from the values of a single run. Every value is checked of a
    parameter on which sizes and options depend, and the two ends of any other, at most
    `MOST_BUILDS` in all. The first refusal of each axis is enough.
    """
    structural = needed_by(STRUCTURAL, spec.document)
    refused: set[str] = set()
    for axis, value in islice(_points(spec.scan, structural), MOST_BUILDS):
        if axis in refused:
            continue
        try:
            at({axis: value})
        except SpecError as error:
            refused.add(axis)
            where = f" (at {axis} = {value:.10g})"
            problems.extend(
                replace(problem, message=problem.message + where) for problem in error.problems
            )


def _points(axes: tuple[Axis, ...], structural: set[str]) -> Iterator[tuple[str, float]]:
    for axis in axes:
        ends = axis.values[:1] + axis.values[-1:]
        yield from (
            (axis.name, value) for value in (axis.values if axis.name in structural else ends)
        )


def needed_by(sections: tuple[str, ...], document: ast.Document) -> set[str]:
    """The parameters that some sections refer to, directly or through others."""
    waiting: list[ast.Node] = []
    for section in document.sections:
        if section.name in sections:
            body = section.body
            parts = body if isinstance(body, tuple) else (body,)
            waiting += [part for part in parts if isinstance(part, ast.Node)]
    return reached(waiting, document)


def reached(nodes: Iterable[ast.Node], document: ast.Document) -> set[str]:
    """The parameters that some expressions refer to, directly or through others."""
    entries = document.section("parameters")
    listed = entries.body if entries is not None and isinstance(entries.body, tuple) else ()
    definitions = {
        entry.target.name: entry.value
        for entry in listed
        if isinstance(entry, ast.Entry)
        and isinstance(entry.target, ast.Name | ast.Call)
        and entry.value is not None
    }
    waiting, parameters = list(nodes), set[str]()
    while waiting:
        for name, _ in names(waiting.pop()):
            if name not in parameters:
                parameters.add(name)
                if name in definitions:
                    waiting.append(definitions[name])
    return parameters
