"""The section `parameters`: names, kinds, dependencies, values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rgc.ast_to_model.scope import (
    RESERVED,
    SOURCES,
    Function,
    Parameter,
    Scope,
    Unknowable,
    names,
    problem,
)
from rgc.ast_to_model.sections.parameter_values import arguments_of, parameter_value
from rgc.ast_to_model.sections.unused_parameters import report_unused, right_sides
from rgc.ast_to_model.written_out import Extent, check_extent, extent, ordered
from rgc.errors import Problems, SpecError, listing, suggest
from rgc.syntax import ast

MOST_NAMES = 8  # of a circle that a message shows
MOST_NUMBERS = 1_000_000  # of all lists together


def check_parameters(
    document: ast.Document,
    problems: Problems,
    settings: Sequence[ast.Entry] = (),
    point: Mapping[str, float] | None = None,
) -> Scope:
    """The parameters of a document with the right sides of `settings` and the values of `point` in
    place.

    Problems found: duplicate and reserved names, `=` that draws, cycles, values that are not
    finite, unknown settings, parameters that nothing uses (an error for a temperature, since
    couplings already contain it).
    """
    entries = _entries(document, problems)
    _apply(settings, entries, problems)
    fixed: dict[str, Parameter] = {}
    for name, value in (point or {}).items():
        if name in entries:
            fixed[name] = float(value)
        else:
            hint = suggest(name, entries)
            problems.error(
                "unknown-parameter", f"there is no parameter '{name}' to scan", hint=hint
            )
    scope = _evaluate_all(entries, fixed, problems)
    _check_calls(document, scope, problems)
    report_unused(document, entries, problems)
    return scope


def _entries(document: ast.Document, problems: Problems) -> dict[str, ast.Entry]:
    section = document.section("parameters")
    entries: dict[str, ast.Entry] = {}
    for entry in section.body if section is not None and isinstance(section.body, tuple) else ():
        if not isinstance(entry, ast.Entry):
            continue
        try:
            name = _target(entry)
        except SpecError as error:
            problems.extend(error.problems)
            continue
        if name in RESERVED:
            message = f"'{name}' has a meaning of its own and cannot be a parameter"
            hint = "give the parameter another name"
            problems.error("reserved-name", message, entry.target.span, hint=hint)
        else:
            entries[name] = entry
    return entries


def _target(entry: ast.Entry) -> str:
    target = entry.target
    if entry.op not in ("=", "~") or entry.value is None:
        raise problem(
            "no-value", "a parameter needs a value: name = value", entry.span or target.span
        )
    match target:
        case ast.Name(name):
            return name
        case ast.Call(name, (ast.Name(_),), ()) if entry.op == "=":
            return name
        case ast.Call(name):
            hint = f"write {name}(r) = ..."
            raise problem("bad-parameter", "functions have one argument", target.span, hint=hint)
    raise problem("bad-parameter", "the name of a parameter is one word", target.span)


def _apply(
    settings: Iterable[ast.Entry], entries: dict[str, ast.Entry], problems: Problems
) -> None:
    for setting in settings:
        name = setting.target.name if isinstance(setting.target, ast.Name | ast.Call) else ""
        if name not in entries:
            message = f"there is no parameter '{name}' to set"
            known = f"the parameters are {listing(entries)}" if entries else "it has no parameters"
            hint = suggest(name, entries) or known
            problems.error("unknown-parameter", message, setting.target.span, hint=hint)
            continue
        old = entries[name]
        target = setting.target if isinstance(setting.target, ast.Call) else old.target
        if isinstance(old.target, ast.Call) and isinstance(setting.target, ast.Name):
            target = old.target
        entries[name] = replace(old, target=target, op=setting.op or "=", value=setting.value)


def _evaluate_all(
    entries: Mapping[str, ast.Entry], fixed: Mapping[str, Parameter], problems: Problems
) -> Scope:
    values: dict[str, Parameter] = dict(fixed)
    broken: set[str] = set()
    functions: dict[str, Extent] = {}
    held = 0
    for name in _ordered(entries, fixed, values, broken, problems):
        if problems.full or held > MOST_NUMBERS:
            broken.add(name)
            continue
        scope = Scope(values, broken, functions=functions)
        try:
            values[name] = value = parameter_value(entries[name], scope)
            if isinstance(value, Function):
                functions[name] = value.extent
            held += _size(values[name])
            if held > MOST_NUMBERS:
                message = f"with '{name}' the lists of the parameters have {held} numbers"
                raise problem(
                    "too-long",
                    f"{message}; the limit is {MOST_NUMBERS}",
                    entries[name].target.span,
                    hint="keep large tables in files",
                )
        except SpecError as error:
            problems.extend(error.problems)
            broken.add(name)
        except Unknowable:
            broken.add(name)
    in_order = {name: values[name] for name in entries if name in values}
    return Scope(in_order, frozenset(broken), functions=functions)


def _size(value: Parameter) -> int:
    """The numbers of a list or of a matrix; 0 of everything else."""
    rows = value if isinstance(value, tuple) else ()
    return sum(len(row) if isinstance(row, tuple) else 1 for row in rows)


def _ordered(
    entries: Mapping[str, ast.Entry],
    fixed: Mapping[str, Parameter],
    values: Mapping[str, Parameter],
    broken: set[str],
    problems: Problems,
) -> list[str]:
    """The names in the order of evaluation; those on a cycle become broken."""
    needs = {
        name: [] if name in fixed else _needs(entry, entries) for name, entry in entries.items()
    }
    waiting = {name: needed for name, needed in needs.items() if name not in fixed}
    order: list[str] = []
    while waiting:
        ready = ordered(waiting)
        order += ready
        for name in ready:
            del waiting[name]
        if waiting:
            cycle = _cycle(waiting)
            if problems.full:
                cycle = list(waiting)
            message = f"these parameters depend on each other: {_shown(cycle)}"
            problems.error("cyclic-parameters", message, entries[cycle[0]].target.span)
            broken |= set(cycle)
            for name in cycle:
                del waiting[name]
    return order


def _cycle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """A circle among names each of which needs another of them."""
    path = {next(iter(needs)): 0}
    while True:
        following = next(name for name in needs[next(reversed(path))] if name in needs)
        if following in path:
            return list(path)[path[following] :]
        path[following] = len(path)


def _shown(cycle: Sequence[str]) -> str:
    """A circle of names for a message, which ends where it begins."""
    inner = cycle if len(cycle) <= MOST_NAMES else (*cycle[:MOST_NAMES], "...")
    return " -> ".join((*inner, cycle[0]))


def _needs(entry: ast.Entry, entries: Mapping[str, ast.Entry]) -> list[str]:
    if entry.value is None or (isinstance(entry.value, ast.Call) and entry.value.name in SOURCES):
        return []
    bound = {a.name for a in arguments_of(entry) if isinstance(a, ast.Name)}
    return [name for name, _ in names(entry.value) if name in entries and name not in bound]


def _check_calls(document: ast.Document, scope: Scope, problems: Problems) -> None:
    """Report expressions of other sections that call too long or too deep functions."""
    known = scope.extents
    for section in document.sections if known else ():
        for expr, _ in right_sides(section) if section.name != "parameters" else ():
            try:
                check_extent(extent(expr, known), "this", expr.span)
            except SpecError as error:
                problems.extend(error.problems)
