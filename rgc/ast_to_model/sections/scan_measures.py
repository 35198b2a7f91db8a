"""Measures of a finished scan, such as `crossing(U, K)`, and what is computed from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import named
from rgc.ast_to_model.expressions.measure_words import Words
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.scope import Scope, names, problem
from rgc.ast_to_model.sections.measure_definitions import Definitions
from rgc.errors import Problem, SpecError, suggest
from rgc.language.measures import MEASURES, SCAN_MEASURES
from rgc.model.expressions import Expression, leaves
from rgc.model.graphs import GRAPH
from rgc.model.lattice import Lattice
from rgc.model.observables import ScanMeasure
from rgc.model.spec import Measure, Spec
from rgc.syntax import ast
from rgc.text import section_text

FEWEST = {"crossing": 2, "extremum": 3, "central_charge": 2, "scaling_dimensions": 2}
"""The number of values of its parameter that a measure of a scan needs."""


def is_of_scan(expr: ast.Expr, definitions: Definitions) -> bool:
    """Whether an expression is a measure of a finished scan, or refers to one."""
    waiting, seen = [expr], set[str]()
    while waiting:
        here = waiting.pop()
        if any(scan_calls(here)):
            return True
        used = {name for name, _ in names(here)} & definitions.keys() - seen
        seen |= used
        waiting += [definitions[name] for name in used]
    return False


def scan_calls(expr: ast.Expr) -> Iterator[ast.Call]:
    """The calls such as `crossing(U, K)` in an expression."""
    for node in ast.walk(expr):
        if isinstance(node, ast.Call) and node.name in SCAN_MEASURES:
            yield node


def scan_measure(
    name: str, expr: ast.Expr, spec: Spec, words: Words, context: Context
) -> Measure | None:
    """The measure that a call such as `crossing(U, K)` asks for.

    Reports what has no value at each point, and parameters that are not scanned, or not at enough
    values.
    """
    reading = read_call(expr, SCAN_MEASURES, "measure", context)
    if reading is None or not {"measure", "parameter"} <= reading.values.keys():
        return None
    call, parameter = reading.signature.name, str(reading.values["parameter"])
    context.problems.extend(_not_measured(reading, spec, words))
    if "scan" not in context.failed:
        context.problems.extend(_axes(call, parameter, reading.places["parameter"], spec))
    return Measure(name, of_scan=ScanMeasure(call, str(reading.values["measure"]), parameter))


def _not_measured(reading: Reading, spec: Spec, words: Words) -> Iterable[Problem]:
    """The reason why the measure has no value at each point of the scan."""
    place, name = reading.places["measure"], str(reading.values["measure"])
    code = "unknown-measure"
    if name in words.measures:
        if is_of_scan(words.measures[name], words.measures):
            message = f"'{name}' is one number of the whole scan, and no curve"
            yield Problem("mixed-scan", message, place.span)
        return
    if name not in MEASURES:
        hint = suggest(name, (*words.measures, *MEASURES))
        yield Problem(code, f"unknown measure '{name}'", place.span, hint=hint)
        return
    refusal = words.refusal(name, place)
    if refusal is not None:
        yield from refusal.problems
    elif name == "free_energy" or any(field.required for field in MEASURES[name].fields):
        example = "free_energy(transfer)" if name == "free_energy" else f"{name}(1)"
        hint = f"give it a name: q = {example}, and {reading.signature.name}(q, ...)"
        yield Problem(code, f"'{name}' alone is no number", place.span, hint=hint)
    elif spec.flow is None:
        hint = f"add a flow, such as: {section_text('flow', 'sample()', place.span)}"
        yield Problem(code, f"without a flow nothing gives '{name}'", place.span, hint=hint)


def _axes(call: str, parameter: str, place: ast.Expr, spec: Spec) -> Iterable[Problem]:
    """What is wrong with the scan for this measure."""
    scanned = {axis.name: axis.values for axis in spec.scan}
    if parameter not in scanned:
        known = f"scanned: {', '.join(scanned)}" if scanned else "scan { K = 0.4:0.5:9 }"
        hint = suggest(parameter, scanned) or known.replace("K", parameter)
        yield Problem("not-scanned", f"'{parameter}' is not scanned", place.span, hint=hint)
        return
    if len(scanned[parameter]) < FEWEST[call]:
        least, given = FEWEST[call], len(scanned[parameter])
        message = f"'{call}' needs {least} values of '{parameter}', and the scan has {given}"
        hint = f"scan {{ {parameter} = 0.4:0.5:9 }}"
        yield Problem("too-few-values", message, place.span, hint=hint, severity="warning")
    if call == "crossing" and all(
        len(values) < 2 for name, values in scanned.items() if name != parameter
    ):
        message = "curves cross only where a second parameter, such as the size, is scanned too"
        hint = "scan { ..., L = [16, 32] }"
        if isinstance(spec.lattice, Lattice) and spec.lattice.name == GRAPH:
            hint = "a graph has one size: scan a second coupling too, or find an extremum"
        yield Problem("not-scanned", message, place.span, hint=hint)


def derived(expr: ast.Expr, spec: Spec, definitions: Definitions, scope: Scope) -> Expression:
    """An expression of measures of the scan, such as `1/K_c`, whose leaves are `ScanMeasure`.

    Raises `SpecError` for anything in it that has a value at each point of the scan.
    """
    scanned = {axis.name for axis in spec.scan}
    return resolve(expr, scope, _leaf(definitions, scanned, scope))


def _leaf(
    definitions: Definitions, scanned: set[str], scope: Scope
) -> Callable[[ast.Expr], Expression | None]:
    def leaf(expr: ast.Expr) -> Expression | None:
        call = named(expr)
        if call is not None and call[0] in SCAN_MEASURES and isinstance(expr, ast.Call):
            quantity, parameter = (part.name for part in _arguments(expr))
            return ScanMeasure(call[0], quantity, parameter)
        if isinstance(expr, ast.Name) and expr.name in definitions:
            definition = definitions[expr.name]
            if not is_of_scan(definition, definitions):
                raise _at_each_point(expr)
            return resolve(definition, scope, leaf)
        if isinstance(expr, ast.Reduction | ast.Name | ast.Call) and (
            isinstance(expr, ast.Reduction) or _differs(expr.name, scanned, scope)
        ):
            raise _at_each_point(expr)
        return None

    return leaf


def _differs(name: str, scanned: set[str], scope: Scope) -> bool:
    """Whether a name stands for something that differs from point to point of the scan."""
    return name in scanned or (name in {*MEASURES, "avg", "var"} and name not in scope.parameters)


def _at_each_point(expr: ast.Expr) -> SpecError:
    what = f"'{expr.name}'" if isinstance(expr, ast.Name | ast.Call) else "this"
    message = f"{what} has a value at each point, beside one of the whole scan"
    hint = "compute with measures of the scan and with parameters that are not scanned"
    return problem("mixed-scan", message, expr.span, hint=hint)


def _arguments(expr: ast.Call) -> tuple[ast.Name, ast.Name]:
    """The measure and the parameter of a call that was checked."""
    given = dict(zip(SCAN_MEASURES[expr.name].positional, expr.arguments, strict=False))
    given |= {option.name: option.value for option in expr.options}
    first, second = given["measure"], given["parameter"]
    assert isinstance(first, ast.Name)  # noqa: S101
    assert isinstance(second, ast.Name)  # noqa: S101
    return first, second


def implied(measures: Iterable[Measure], definitions: Definitions) -> tuple[str, ...]:
    """The built-in measures that measures of the scan ask for, and that are not measured anyway."""
    given = [*measures]
    listed = {*definitions, *(measure.name for measure in given)}
    asked = (
        leaf.measure
        for measure in given
        if measure.of_scan is not None
        for leaf in leaves(measure.of_scan)
        if isinstance(leaf, ScanMeasure)
    )
    return tuple(dict.fromkeys(name for name in asked if name not in listed))
