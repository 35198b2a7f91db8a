"""The section `measure` of a study: numbers made of the answers of its runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.scope import FUNCTIONS, RESERVED, problem
from rgc.ast_to_model.sections.measure_definitions import Definitions
from rgc.ast_to_model.sections.read_target import answer_of_run, as_written
from rgc.errors import SpecError, suggest
from rgc.model.claim import run_answers
from rgc.model.expressions import Expression
from rgc.model.spec import Measure, Spec
from rgc.syntax import ast


def study_measures(
    spec: Spec, entries: Sequence[ast.Entry], definitions: Definitions, context: Context
) -> Spec:
    """The study with its measures, expressions of the answers of its runs, of parameters and of
    one another.

    Reports measures without a name or with one that means something else, what no run answers, and
    what no run is asked for.
    """
    measures = []
    for entry in entries:
        with context.failing("measure"):
            measures.append(_measure(entry, definitions, context))
    return replace(spec, measures=tuple(measures))


def _measure(entry: ast.Entry, definitions: Definitions, context: Context) -> Measure:
    if not isinstance(entry.target, ast.Name) or entry.value is None:
        hint = f"write gap = {as_written(entry.target)}"
        message = "a measure of a study needs a name"
        raise problem("missing-name", message, entry.target.span, hint=hint)
    name = entry.target.name
    _check_name(name, entry, context)
    made = resolve(entry.value, context.scope, _leaf(definitions, context))
    if not any(run_answers(made)):
        message = f"'{name}' is made of no answer of a run"
        hint = "a number that needs no run is a parameter"
        raise problem("constant-measure", message, entry.value.span, hint=hint)
    return Measure(name, of_runs=made)


def _check_name(name: str, entry: ast.Entry, context: Context) -> None:
    if name in context.scope.parameters or name in context.others:
        what = "a parameter" if name in context.scope.parameters else "a run"
        message, hint = f"'{name}' is {what} already", "give the measure another name"
        raise problem("duplicate-name", message, entry.target.span, hint=hint)
    if name in RESERVED or name == "verdict":
        message = f"'{name}' has a meaning of its own and cannot name a measure"
        hint = "give the measure another name"
        raise problem("reserved-name", message, entry.target.span, hint=hint)


def _leaf(definitions: Definitions, context: Context) -> Callable[[ast.Expr], Expression | None]:
    def leaf(expr: ast.Expr) -> Expression | None:
        answer = answer_of_run(expr, context)
        if answer is not None:
            return answer
        if isinstance(expr, ast.Name) and expr.name in definitions:
            return resolve(definitions[expr.name], context.scope, leaf)
        if isinstance(expr, ast.Member | ast.Index) or (
            isinstance(expr, ast.Name) and not context.scope.known(expr.name)
        ):
            raise _unknown(expr, definitions, context)
        return None

    return leaf


def _unknown(expr: ast.Expr, definitions: Definitions, context: Context) -> SpecError:
    """The error for a name that is no run, no measure and no parameter."""
    first = next(node for node in ast.walk(expr) if isinstance(node, ast.Name))
    known = (*context.others, *definitions, *context.scope.parameters, *FUNCTIONS)
    message = f"'{first.name}' is no run, measure or parameter of this study"
    return problem("unknown-name", message, first.span, hint=suggest(first.name, known))
