"""What a target such as `y_t[level=2]` names among the answers of a spec."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import named, suggest_other
from rgc.ast_to_model.expressions.evaluate import kind, number
from rgc.ast_to_model.expressions.options import check_limits, read_call
from rgc.ast_to_model.scope import Unknowable, problem
from rgc.ast_to_model.sections.targets import known_targets, with_layer
from rgc.errors import SpecError, listing, suggest
from rgc.language.expect import (
    ACCEPTED,
    ANSWERS_WITH_MEMBERS,
    EXPONENTS,
    NUMBERED,
    SELECTORS,
)
from rgc.language.measures import METHODS
from rgc.language.signatures import Field
from rgc.language.values import Value
from rgc.model.claim import RunAnswer
from rgc.model.sectors import PLAIN, is_sector
from rgc.model.spec import Spec, same_value
from rgc.model.target import Target
from rgc.syntax import ast
from rgc.syntax.print_expression import print_expression
from rgc.text import Span, section_text

_LEAST = dict.fromkeys(("level", "layer", "step", "start"), 0) | dict.fromkeys(
    ("operators", "index", "point"), 1
)


def read_target(target: ast.Expr, spec: Spec, context: Context) -> Target:
    """What an expression such as `y_t[level=2]` names among the answers of a spec, of which
    `context` has the parameters. Raises `SpecError` for what it does not answer.
    """
    if context.is_study:
        return _of_study(target, spec, context)
    path, span = _path(target)
    if not context.failed & {"flow", "measure", "hamiltonian", "parameters", "block", "map"}:
        _check_known(path, span, spec)
    index, selectors = _selectors(target, path, spec, context)
    selectors = with_layer(target, path, selectors, spec)
    return Target(
        target=as_written(target), path=path, index=index, selectors=selectors, span=target.span
    )


def as_written(expr: ast.Expr) -> str:
    """The text of an expression, on one line."""
    return " ".join(expr.span.text.split()) if expr.span is not None else "..."


def _path(target: ast.Expr) -> tuple[tuple[str, ...], Span | None]:
    base = target.base if isinstance(target, ast.Index) else target
    match base:
        case ast.Name(name):
            return (name,), base.span
        case ast.Member(ast.Name(first), second):
            return (first, second), base.span
    hint = "as in y_t, fixed_point.K, eigenvalue[1, sector=even]"
    raise problem(
        "wrong-target",
        f"what is expected has a name, and is not {kind(base)}",
        base.span,
        hint=hint,
    )


def _check_known(path: tuple[str, ...], span: Span | None, spec: Spec) -> None:
    known = known_targets(spec, path[0])
    shown = ".".join(path)
    if shown in known:
        return
    close = suggest(shown, known) or suggest_other(shown, known)
    if len(path) == 2 and path[0] not in ANSWERS_WITH_MEMBERS:
        hint = f"write {path[1]}" if path[1] in known else close
        raise problem("unknown-target", f"'{path[0]}' has no members", span, hint=hint)
    if shown in EXPONENTS and spec.map:
        close = "an exponent is ln|eigenvalue| / ln b: give the map its scale, such as scale=2"
    what = f"'{spec.flow.scheme}'" if spec.flow is not None else "this spec"
    written = section_text("flow", "sample()", span)
    nothing = f"a flow or a measure gives what can be expected: add one, such as {written}"
    hint = close or (f"it gives {listing(sorted(known))}" if known else nothing)
    raise problem("unknown-target", f"{what} gives no '{shown}'", span, hint=hint)


# -- studies ---------------------------------------------------------------------------------------


def _of_study(target: ast.Expr, spec: Spec, context: Context) -> Target:
    """A measure of a study, or an answer of one of its runs."""
    if isinstance(target, ast.Name):
        for measure in spec.measures:
            if measure.name == target.name:
                path, made = (measure.name,), measure.of_runs
                return Target(target=measure.name, path=path, of_runs=made, span=target.span)
        if context.failed & {"measure", "runs"}:
            raise Unknowable(target.name)
    answer = answer_of_run(target, context)
    if answer is None:
        names = [*(measure.name for measure in spec.measures), *context.others]
        hint = suggest(as_written(target), names) or f"it has {listing(names)}"
        message = f"this study has no measure or run '{as_written(target)}'"
        raise problem("unknown-target", message, target.span, hint=hint)
    written = str(answer)
    return Target(target=written, path=(written,), of_runs=answer, span=target.span)


def answer_of_run(expr: ast.Expr, context: Context) -> RunAnswer | None:
    """The answer of a run of a study that an expression such as `hot.y_t[level=2]` names; None for
    any other expression. Raises `SpecError` for what the run does not answer as one number.
    """
    run = _run_named(expr)
    if run is None or run not in context.others:
        if run is not None and "runs" in context.failed:
            raise Unknowable(run)
        return None
    if isinstance(expr, ast.Name):
        message, hint = f"'{run}' is a run, and no number", f"name its answer, as in {run}.energy"
        raise problem("wrong-kind", message, expr.span, hint=hint)
    spec, inside = context.others[run]
    asked = _without_run(expr, run)
    if isinstance(asked, ast.Index):
        scanned = {axis.name for axis in spec.scan}
        asked = replace(
            asked, options=tuple(_at_numbers(each, scanned, context) for each in asked.options)
        )
    try:
        target = read_target(asked, spec, inside)
    except SpecError as error:
        raise _given_elsewhere(error, asked, run, context) from None
    target = replace(target, target=print_expression(asked, tight=True), span=expr.span)
    check_point(target, spec, f"{run}.")
    return RunAnswer(run, target)


def _given_elsewhere(error: SpecError, asked: ast.Expr, run: str, context: Context) -> SpecError:
    """The error of a target that a run does not give, which says what other runs give it."""
    if not any(each.code == "unknown-target" for each in error.problems):
        return error
    path, _ = _path(asked)
    name = ".".join(path)
    others = [
        other
        for other, (spec, _) in context.others.items()
        if other != run and name in known_targets(spec, path[0])
    ]
    if not others:
        return error
    hint = f"{listing(others)} {'gives' if len(others) == 1 else 'give'} it"
    return SpecError([replace(each, hint=hint) for each in error.problems])


def _at_numbers(option: ast.Option, scanned: Collection[str], context: Context) -> ast.Option:
    """A selector of a point of the scan of a run, which may name parameters of the study."""
    if option.name not in scanned:
        return option
    return replace(option, value=with_numbers(option.value, context))


def _run_named(expr: ast.Expr) -> str | None:
    """The first name of `hot`, `hot.energy`, `hot.fixed_point.K` or `hot.y_t[level=2]`."""
    while isinstance(expr, ast.Index | ast.Member):
        expr = expr.base
    return expr.name if isinstance(expr, ast.Name) else None


def _without_run(expr: ast.Expr, run: str) -> ast.Expr:
    """The expression without the name of the run in front. Its text follows from it anew."""
    match expr:
        case ast.Member(ast.Name(name), second) if name == run:
            return ast.Name(second, span=expr.span)
        case ast.Member(base) | ast.Index(base):
            return replace(expr, base=_without_run(base, run))
    return expr


def with_numbers(expr: ast.Expr, context: Context) -> ast.Expr:
    """The expression with numbers in place of the parameters of this spec that it names."""
    known = context.scope.numbers

    def number_of(part: ast.Expr) -> ast.Expr | None:
        if not isinstance(part, ast.Name) or part.name not in known:
            return None
        value = known[part.name]
        digits = ast.Number(repr(abs(value)), span=part.span)
        return digits if value >= 0 else ast.Negate(digits, span=part.span)

    return ast.rewritten(expr, number_of)


def check_point(target: Target, spec: Spec, within: str = "", *, fixed: bool = False) -> None:
    """Raise `SpecError` for a target that has other values at other points of a scan, for one at a
    point that the scan does not have, and for exchanges with the next value at the last. `within`
    stands before the target where it is written. With `fixed` only values that no command line
    changes count, those of tempering.
    """
    if any(each.name == target.name and each.of_scan is not None for each in spec.measures):
        return
    chosen = dict(target.selectors)
    first = ", ".join(f"{axis.name}={axis.values[0]:.10g}" for axis in spec.scan)
    hint = f"choose one point, as in {within}{target.name}[{first}], or a measure of the scan"
    for axis in spec.scan:
        if fixed and not axis.tempered:
            continue
        value = chosen.get(axis.name)
        if value is None:
            message = f"'{target.target}' has a value at each {axis.name} of the scan"
            raise problem("missing-selector", message, target.span, hint=hint)
        if not any(same_value(each, value) for each in axis.values):
            message = f"the scan has no point with {axis.name} = {value}"
            raise problem("out-of-range", message, target.span, hint=hint)
        if axis.tempered and target.name == ACCEPTED and same_value(axis.values[-1], value):
            message = f"{axis.name} = {value} is the last value, which has no next one"
            raise problem("out-of-range", message, target.span, hint=hint)


# -- selectors -------------------------------------------------------------------------------------


def _selectors(
    target: ast.Expr, path: tuple[str, ...], spec: Spec, context: Context
) -> tuple[int | None, tuple[tuple[str, Value], ...]]:
    if not isinstance(target, ast.Index):
        if path[0] in NUMBERED:
            hint = f"write {path[0]}[1]"
            raise problem("missing-selector", NUMBERED[path[0]], target.span, hint=hint)
        return None, ()
    index: int | None = None
    selectors: list[tuple[str, Value]] = []
    for argument in target.arguments:
        if path[0] in NUMBERED and index is None:
            index = _count("index", argument, context)
        elif path == ("free_energy",) or _is_method(argument):
            selectors.append(("method", _method(argument, context)))
        else:
            hint = "selectors have names, as in y_t[level=2, operators=4]"
            raise problem("unknown-selector", "this selects nothing", argument.span, hint=hint)
    scanned = [axis.name for axis in spec.scan]
    for option in target.options:
        selectors.append((option.name, _selector(option, scanned, context)))
    return index, tuple(selectors)


def _is_method(argument: ast.Expr) -> bool:
    """Whether a selector without a name is a method: `energy[onsager]`."""
    call = named(argument)
    return call is not None and call[0] in METHODS


def _selector(option: ast.Option, scanned: Collection[str], context: Context) -> Value:
    known = (*SELECTORS, "method", *scanned)
    if option.name not in known:
        hint = suggest(option.name, known) or f"known: {', '.join(known)}"
        if option.name in context.scope.parameters:
            hint = f"'{option.name}' is a parameter that is not scanned"
        raise problem(
            "unknown-selector", f"unknown selector '{option.name}'", option.span, hint=hint
        )
    if option.name in scanned:
        return number(option.value, context.scope)
    if option.name == "method":
        return _method(option.value, context)
    if option.name == "sector":
        if not isinstance(option.value, ast.Name):
            message = "a sector has a name"
            raise problem("wrong-kind", message, option.value.span, hint="sector=even, sector=odd")
        if not is_sector(option.value.name):
            message = f"no sector is called '{option.value.name}'"
            hint = (
                suggest(option.value.name, PLAIN)
                or "even, odd, invariant, or a letter e or o a generator: eo"
            )
            raise problem("unknown-sector", message, option.value.span, hint=hint)
        return option.value.name
    return _count(option.name, option.value, context)


def _count(name: str, expr: ast.Expr, context: Context) -> int:
    value = number(expr, context.scope)
    if value != round(value):
        raise problem("not-an-integer", f"'{name}' is an integer, not {value!r}", expr.span)
    check_limits(Field(name, "integer", "", least=_LEAST[name]), round(value), expr.span)
    return round(value)


def _method(expr: ast.Expr, context: Context) -> str:
    """A method by its name, with its arguments where they tell it from others: `ais`, `trg(16)`."""
    call = named(expr)
    if call is not None and call[0] in METHODS and isinstance(expr, ast.Name):
        return call[0]
    before = len(context.problems.errors)
    reading = read_call(expr, METHODS, "method", context)
    if reading is None or len(context.problems.errors) > before:
        raise Unknowable
    shown = ", ".join(
        f"{value:g}" if isinstance(value, int | float) else str(value)
        for value in reading.values.values()
    )
    return f"{reading.signature.name}({shown})"
