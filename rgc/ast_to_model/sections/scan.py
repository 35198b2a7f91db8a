"""The section `scan`: parameters and the values that they run through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from math import prod

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import TEMPERATURES
from rgc.ast_to_model.expressions.evaluate import kind, number, numbers
from rgc.ast_to_model.scope import Scope, Unknowable, names, problem
from rgc.ast_to_model.sections.tempered import tempered_axis
from rgc.errors import SpecError, suggest
from rgc.model.spec import Axis, Spec
from rgc.syntax import ast
from rgc.text import in_yaml

POINT_LIMIT = 100_000  # points of one scan


def check_scan(spec: Spec, context: Context) -> Spec:
    """The spec with the axes of its scan, the tempered parameter of its flow as the last of them.

    Entries of the command line replace those of the same name, and others are added. Reports what
    is no parameter, single numbers, and grids of more than `POINT_LIMIT` points.
    """
    if context.axes is not None:
        return replace(spec, scan=context.axes)
    section = context.section("scan")
    written = section.body if section is not None and isinstance(section.body, tuple) else ()
    entries = _replaced([entry for entry in written if isinstance(entry, ast.Entry)], context.scan)
    scanned = {_name(entry) for entry in entries}
    axes: list[Axis] = []
    for entry in entries:
        try:
            axes.append(_axis(entry, scanned, context))
        except SpecError as error:
            context.fail("scan", error)
        except Unknowable:
            context.failed.add("scan")
    try:
        tempered = tempered_axis(spec, scanned, context)
        axes += [] if tempered is None else [tempered]
    except SpecError as error:
        context.fail("scan", error)
    points = prod(len(axis.values) for axis in axes)
    if points > POINT_LIMIT:
        flow = spec.flow.span if spec.flow is not None else None  # which tempers, without a scan
        where = section.name_span if section is not None else flow
        message = f"this scan has {points} points; the limit is {POINT_LIMIT}"
        context.problems.error(
            "too-many-points", message, where, hint="take fewer values of each parameter"
        )
    return replace(spec, scan=tuple(axes))


def _replaced(written: Iterable[ast.Entry], given: Iterable[ast.Entry]) -> tuple[ast.Entry, ...]:
    entries = {_name(entry): entry for entry in written}
    entries.update({_name(entry): entry for entry in given})
    return tuple(entries.values())


def _name(entry: ast.Entry) -> str:
    return entry.target.name if isinstance(entry.target, ast.Name) else ""


def _axis(entry: ast.Entry, scanned: set[str], context: Context) -> Axis:
    name, value = _name(entry), entry.value
    if not name or value is None or entry.op != "=":
        raise problem(
            "wrong-operator", "an entry of 'scan' is written K = 0.43:0.45:9", entry.target.span
        )
    _check_parameter(name, entry, context)
    if not isinstance(value, ast.List | ast.Range):
        raise _no_list(name, value)
    if isinstance(value, ast.Range):
        _check_count(value, context.scope)
    for used, span in names(value):
        if used in scanned:
            message = f"the values of one scanned parameter cannot depend on another, '{used}'"
            raise problem("scan-of-scan", message, span)
    values = numbers(value, context.scope)
    if not values:
        raise problem("empty-list", f"'{name}' runs through no values", value.span)
    if len(set(values)) < len(values):
        double = next(value for value, times in Counter(values).items() if times > 1)
        raise problem(
            "duplicate-value", f"'{name}' takes the value {double:.10g} twice", value.span
        )
    return Axis(name, values)


def _no_list(name: str, value: ast.Expr) -> SpecError:
    sign = ": " if in_yaml(value.span) else " = "
    hint = f"{name}{sign}0.4:0.5:11 is a range of eleven values"
    if isinstance(value, ast.Text | ast.Tuple | ast.Reduction):
        return problem(
            "wrong-kind",
            f"a scan runs through a list or a range, not {kind(value)}",
            value.span,
            hint=hint,
        )
    if not isinstance(value, ast.Call) and value.span is not None:
        hint = f"{name}{sign}[{value.span.text}] is a list of one value, {hint}"
    return problem(
        "scalar-not-list", f"the values of '{name}' are a list or a range", value.span, hint=hint
    )


def _check_count(value: ast.Range, scope: Scope) -> None:
    """A range ends with the number of its points. Whoever writes a step is told that number."""
    start, stop, count = (number(part, scope) for part in (value.start, value.stop, value.count))
    if 0 < abs(count) < 1 and abs((stop - start) / count) < POINT_LIMIT:
        points = round(abs((stop - start) / count)) + 1
        hint = f"steps of {count:g} are {points} points: {start:g}:{stop:g}:{points}"
        message = "a range ends with the number of its points, not with a step"
        raise problem("not-an-integer", message, value.count.span, hint=hint)


def _check_parameter(name: str, entry: ast.Entry, context: Context) -> None:
    parameters = context.scope.parameters
    if name in context.scope.broken:
        raise Unknowable(name)
    if name not in parameters:
        hint = (
            suggest(name, parameters)
            or "declare it under parameters, with the value of a single run"
        )
        if name in TEMPERATURES:
            declared = f"{name} = 2.27, K = 1/{name}"
            if in_yaml(entry.span):
                declared = declared.replace(" =", ":")
            hint = f"couplings are in units of kT: declare {declared} under parameters"
        raise problem(
            "unknown-parameter",
            f"there is no parameter '{name}' to scan",
            entry.target.span,
            label="not declared",
            hint=hint,
        )
    if not isinstance(parameters[name], float):
        message = f"'{name}' is not a single number, so it cannot be scanned"
        raise problem("wrong-kind", message, entry.target.span)
