"""The section `expect`: what must come out, and how near."""

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
from rgc.language.expect import COUNTS, EXPONENTS, NUMBERED, SELECTORS
from rgc.language.measures import METHODS
from rgc.language.signatures import Field
from rgc.language.values import Value
from rgc.model.sectors import PLAIN, is_sector
from rgc.model.spec import ExpectedValue, Spec, Target, Tolerance
from rgc.syntax import ast
from rgc.text import Span, in_yaml, section_text

_LEAST = dict.fromkeys(("level", "layer", "step", "start"), 0) | dict.fromkeys(
    ("operators", "index", "point"), 1
)


def check_expect(spec: Spec, context: Context) -> Spec:
    """The spec with its expectations.

    Reports targets and selectors that the flow and the measures do not give, values and tolerances
    that are not finite numbers or not positive, and equalities without a tolerance.
    """
    section = context.section("expect")
    if section is None or not isinstance(section.body, tuple):
        return spec
    expectations: list[ExpectedValue] = []
    for entry in section.body:
        if not isinstance(entry, ast.Expectation):
            continue
        try:
            expectations.append(_expectation(entry, spec, context))
        except SpecError as error:
            context.fail("expect", error)
        except Unknowable:
            context.failed.add("expect")
    return replace(spec, expectations=tuple(expectations))


def _expectation(entry: ast.Expectation, spec: Spec, context: Context) -> ExpectedValue:
    wanted = read_target(entry.target, spec, context)
    value = number(entry.value, context.scope)
    within = tuple(_tolerance(tolerance, value, context) for tolerance in entry.within)
    if entry.op == "=" and not within and not _is_count(wanted.path, value, entry, spec):
        raise _without_tolerance(entry)
    if entry.op != "=" and within:
        message = f"'{entry.op}' takes no tolerance"
        raise problem(
            "wrong-tolerance", message, entry.within[0].span, hint="compare with = instead"
        )
    return ExpectedValue(
        target=wanted.target,
        path=wanted.path,
        relation=entry.op,
        value=value,
        index=wanted.index,
        selectors=wanted.selectors,
        within=within,
        source=entry.source,
        span=entry.span,
    )


def read_target(target: ast.Expr, spec: Spec, context: Context) -> Target:
    """What an expression such as `y_t[level=2]` names among the answers of a spec, of which
    `context` has the parameters. Raises `SpecError` for what it does not answer.
    """
    path, span = _path(target)
    if not context.failed & {"flow", "measure", "hamiltonian", "parameters", "block", "map"}:
        _check_known(path, span, spec)
    index, selectors = _selectors(target, path, spec, context)
    selectors = with_layer(target, path, selectors, spec)
    return Target(
        target=_written(target), path=path, index=index, selectors=selectors, span=target.span
    )


def _is_count(path: tuple[str, ...], value: float, entry: ast.Expectation, spec: Spec) -> bool:
    """Whether what is expected is a count, which is compared exactly. Raises `SpecError` for one
    that is not whole.
    """
    name = path[0]
    if len(path) > 1 or name not in COUNTS or any(one.name == name for one in spec.measures):
        return False
    if value != round(value):
        message = f"'{name}' is a count, and {value:.10g} is not whole"
        raise problem("not-an-integer", message, entry.value.span)
    return True


def _without_tolerance(entry: ast.Expectation) -> SpecError:
    """The error of an expected value without a tolerance: `1 +- 0.1` is read as 1 plus -0.1."""
    target, value, within = _written(entry.target), entry.value, "0.01"
    match entry.value:
        case ast.Binary("+", left, ast.Negate(width)):
            value, within = left, _written(width)
    shown = f"{target} = {_written(value)} within {within}"
    if in_yaml(entry.span):
        shown = f"{target}: {{value: {_written(value)}, within: {within}}}"
    message = "an expected value needs a tolerance"
    return problem("missing-tolerance", message, entry.value.span, hint=f"write {shown}")


def _written(expr: ast.Expr) -> str:
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
    if len(path) == 2 and path[0] not in (
        "fixed_point",
        "critical",
        "critical_tangent",
        "block",
        "visible",
    ):
        hint = f"write {path[1]}" if path[1] in known else close
        raise problem("unknown-target", f"'{path[0]}' has no members", span, hint=hint)
    if shown in EXPONENTS and spec.map:
        close = "an exponent is ln|eigenvalue| / ln b: give the map its scale, such as scale=2"
    what = f"'{spec.flow.scheme}'" if spec.flow is not None else "this spec"
    written = section_text("flow", "sample()", span)
    nothing = f"a flow or a measure gives what can be expected: add one, such as {written}"
    hint = close or (f"it gives {listing(sorted(known))}" if known else nothing)
    raise problem("unknown-target", f"{what} gives no '{shown}'", span, hint=hint)


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


def _tolerance(within: ast.Within, expected: float, context: Context) -> Tolerance:
    value = number(within.value, context.scope)
    if value <= 0:
        message = f"a tolerance is above 0, not {value:g}"
        hint = "a count, such as archetypes = 3, needs none" if value == 0 else ""
        raise problem("out-of-range", message, within.value.span, hint=hint)
    if within.unit == "percent" and expected == 0:
        hint = "write an absolute tolerance"
        raise problem("wrong-tolerance", "a percentage of 0 is 0", within.span, hint=hint)
    return Tolerance(value, within.unit)
