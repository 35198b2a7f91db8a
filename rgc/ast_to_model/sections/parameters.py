"""The section `parameters`: names, kinds, dependencies, values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rgc.ast_to_model.expressions.calls import bind
from rgc.ast_to_model.expressions.evaluate import evaluate
from rgc.ast_to_model.expressions.options import read_number
from rgc.ast_to_model.scope import (
    RESERVED,
    SOURCES,
    Function,
    Inhomogeneous,
    Parameter,
    Scope,
    Unknowable,
    Value,
    names,
    problem,
)
from rgc.ast_to_model.written_out import Extent, check_extent, extent, ordered
from rgc.errors import Problems, SpecError, listing, suggest
from rgc.language.draws import DRAWS
from rgc.model.draw import Distribution
from rgc.syntax import ast

TEMPERATURES = ("T", "beta", "temperature")
OPTIONS_NAME_PARAMETERS = ("data", "map", "flow")
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
    _report_unused(document, entries, problems)
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
            values[name] = value = _value(entries[name], scope)
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
    bound = {a.name for a in _arguments(entry) if isinstance(a, ast.Name)}
    return [name for name, _ in names(entry.value) if name in entries and name not in bound]


def _arguments(entry: ast.Entry) -> tuple[ast.Expr, ...]:
    return entry.target.arguments if isinstance(entry.target, ast.Call) else ()


def _value(entry: ast.Entry, scope: Scope) -> Parameter:
    expr = entry.value
    if expr is None:
        raise problem("no-value", "a parameter needs a value: name = value", entry.target.span)
    for argument in _arguments(entry):
        if isinstance(argument, ast.Name):
            _check_body(expr, argument.name, scope)
            return Function(argument.name, expr, _extent(entry, expr, scope))
    if entry.op == "~":
        return _draw(expr, scope)
    if isinstance(expr, ast.Call) and expr.name in SOURCES:
        return _source(expr)
    if isinstance(expr, ast.Call) and expr.name in DRAWS:
        name = entry.target.name if isinstance(entry.target, ast.Name) else "J"
        hint = f"write {name} ~ {expr.name}(...)"
        raise problem("draw-with-equals", "'=' never draws", expr.span, hint=hint)
    if isinstance(expr, ast.Taken):
        raise Unknowable(expr.path)  # what is wrong with it is reported where it is looked for
    _extent(entry, expr, scope)
    return _listed(evaluate(expr, scope), expr)


def _extent(entry: ast.Entry, expr: ast.Expr, scope: Scope) -> Extent:
    """The extent of a parameter's value. Raises `SpecError` beyond the limits."""
    known = scope.extents
    found = extent(expr, known)
    if known:
        name = entry.target.name if isinstance(entry.target, ast.Name | ast.Call) else "this"
        check_extent(found, f"'{name}'", entry.target.span)
    return found


def _listed(value: Value, expr: ast.Expr) -> float | tuple[Value, ...]:
    """A number, a list or a matrix; rows of a matrix are equally long."""
    if not isinstance(value, tuple):
        return value
    rows = [row for row in value if isinstance(row, tuple)]
    deep = any(isinstance(item, tuple) for row in rows for item in row)
    if (
        not value
        or deep
        or (rows and (len(rows) < len(value) or len({len(row) for row in rows}) > 1))
    ):
        message = "a parameter is a number, a list of numbers or a matrix with rows of one length"
        raise problem("ragged-matrix", message, expr.span)
    return value


def _check_body(body: ast.Expr, argument: str, scope: Scope) -> None:
    """Unknown names in a function are found where it is defined."""
    for node in ast.walk(body):
        if isinstance(node, ast.Name) and node.name != argument and not scope.known(node.name):
            raise scope.unknown(node.name, node.span)


def _draw(expr: ast.Expr, scope: Scope) -> Inhomogeneous:
    if not isinstance(expr, ast.Call) or expr.name not in DRAWS:
        name = expr.name if isinstance(expr, ast.Name | ast.Call) else ""
        hint = (
            suggest(name, DRAWS)
            or "a draw is such as normal(0, 1), bimodal(1, p=0.5) or uniform(-1, 1)"
        )
        raise problem("unknown-draw", "'~' needs a distribution", expr.span, hint=hint)
    signature = DRAWS[expr.name]
    bound = bind(expr, signature)
    if bound.problems:
        raise SpecError(bound.problems)
    values = (read_number(field, bound.places[field.name], scope) for field in signature.fields)
    return Inhomogeneous(expr, Distribution(expr.name, tuple(map(float, values))))


def _source(expr: ast.Call) -> Inhomogeneous:
    if len(expr.arguments) != 1:
        raise problem(
            "wrong-arity", f"{expr.name} takes one argument, not {len(expr.arguments)}", expr.span
        )
    (argument,) = expr.arguments
    if expr.name == "file" and not isinstance(argument, ast.Text):
        raise problem("wrong-kind", 'file takes a text: file("couplings.npy")', argument.span)
    if expr.name == "hebb" and argument != ast.Name("patterns"):
        raise problem(
            "wrong-kind", "hebb takes the patterns of the data: hebb(patterns)", argument.span
        )
    return Inhomogeneous(expr)


def _check_calls(document: ast.Document, scope: Scope, problems: Problems) -> None:
    """Report expressions of other sections that call too long or too deep functions."""
    known = scope.extents
    for section in document.sections if known else ():
        for expr, _ in _right_sides(section) if section.name != "parameters" else ():
            try:
                check_extent(extent(expr, known), "this", expr.span)
            except SpecError as error:
                problems.extend(error.problems)


def _report_unused(
    document: ast.Document, entries: Mapping[str, ast.Entry], problems: Problems
) -> None:
    used = _used(document)
    for name, entry in entries.items():
        if name in used:
            continue
        if name in TEMPERATURES:
            message = f"the parameter '{name}' is not used: couplings are in units of kT, K = J/T"
            hint = f"divide by it in the hamiltonian, or drop '{name}'"
            problems.error("unused-temperature", message, entry.target.span, hint=hint)
        else:
            problems.warning(
                "unused-parameter", f"the parameter '{name}' is not used", entry.target.span
            )


def _used(document: ast.Document) -> set[str]:
    """Every name on any right side.

    Names of options are included in the sections where they may mean a parameter.
    """
    used: set[str] = set()
    for section in document.sections:
        for expr, own in _right_sides(section):
            used |= {name for name, _ in names(expr)} - own
            if section.name in OPTIONS_NAME_PARAMETERS:
                used |= {node.name for node in ast.walk(expr) if isinstance(node, ast.Option)}
            if section.name == "map":
                used |= _quantities(document, used)
    return used


def _quantities(document: ast.Document, used: Collection[str]) -> set[str]:
    """The arguments of functions that a map is made of, which are its quantities. A parameter of
    such a name is where the map starts.
    """
    section = document.section("parameters")
    entries = section.body if section is not None and isinstance(section.body, tuple) else ()
    calls = (entry.target for entry in entries if isinstance(entry, ast.Entry))
    return {
        argument.name
        for call in calls
        if isinstance(call, ast.Call) and call.name in used
        for argument in call.arguments
        if isinstance(argument, ast.Name)
    }


def _right_sides(section: ast.Section) -> Iterator[tuple[ast.Expr, set[str]]]:
    """The expressions of a section without the names that they define, and the arguments of
    functions.
    """
    if isinstance(section.body, str):
        return
    for part in section.body if isinstance(section.body, tuple) else (section.body,):
        match part:
            case ast.Entry() if part.op is None:
                yield part.target, set()
            case ast.Entry():
                if part.value is not None:
                    yield (
                        part.value,
                        {
                            argument.name
                            for argument in _arguments(part)
                            if isinstance(argument, ast.Name)
                        },
                    )
            case ast.Item() | ast.Expectation():
                yield part.value, set()
            case _:
                yield part, set()
