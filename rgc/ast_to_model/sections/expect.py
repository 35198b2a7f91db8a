"""The section `expect`: what must come out, and how near."""

from __future__ import annotations

from dataclasses import replace
from math import nan

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.evaluate import number
from rgc.ast_to_model.scope import Unknowable, problem
from rgc.ast_to_model.sections.bounds import check_side
from rgc.ast_to_model.sections.read_target import as_written, check_point, read_target
from rgc.errors import SpecError, listing, suggest
from rgc.language.expect import COUNTS
from rgc.model.claim import WORDS
from rgc.model.spec import Spec
from rgc.model.target import ExpectedValue, Tolerance
from rgc.syntax import ast
from rgc.text import in_yaml


def check_expect(spec: Spec, context: Context) -> Spec:
    """The spec with its expectations (`check_lines`)."""
    lines = check_lines("expect", spec, context)
    return replace(spec, expectations=lines) if lines else spec


def check_lines(name: str, spec: Spec, context: Context) -> tuple[ExpectedValue, ...]:
    """The lines of a section of expectations.

    Reports targets and selectors that the flow and the measures do not give, values and tolerances
    that are not finite numbers or not positive, equalities without a tolerance, and
    bounds on their wrong side.
    """
    lines: list[ExpectedValue] = []
    for entry in context.listed(name):
        with context.failing(name):
            if isinstance(entry, ast.Expectation):
                verdict = name == "expect" and _is_verdict(entry, context)
                line = (_verdict if verdict else _number)(entry, spec, context)
                check_side(line, spec)
                lines.append(line)
    return tuple(lines)


def _number(entry: ast.Expectation, spec: Spec, context: Context) -> ExpectedValue:
    wanted = read_target(entry.target, spec, context)
    check_point(wanted, spec, fixed=True)
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
        of_runs=wanted.of_runs,
        within=within,
        source=entry.source,
        span=entry.span,
    )


def _is_verdict(entry: ast.Expectation, context: Context) -> bool:
    return context.is_study and entry.target == ast.Name("verdict")


def _verdict(entry: ast.Expectation, spec: Spec, context: Context) -> ExpectedValue:
    """The verdict on the claim of a study that is expected."""
    hint = f"write verdict = {WORDS[0]}; the words are {listing(WORDS)}"
    word = entry.value.name if isinstance(entry.value, ast.Name) else ""
    if entry.op != "=" or entry.within or word not in WORDS:
        close = suggest(word, WORDS) if word else ""
        message = "a verdict is one of a few words"
        raise problem("wrong-verdict", message, entry.value.span, hint=close or hint)
    if spec.claim is None:
        if context.section("claim") is not None:
            raise Unknowable("verdict")
        message = "a verdict is one on a claim, and this study makes none"
        raise problem(
            "unknown-target", message, entry.target.span, hint='add claim "..." from "..."'
        )
    return ExpectedValue(
        target="verdict",
        path=("verdict",),
        relation="=",
        value=nan,
        word=word,
        source=entry.source,
        span=entry.span,
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
    target, value, within = as_written(entry.target), entry.value, "0.01"
    match entry.value:
        case ast.Binary("+", left, ast.Negate(width)):
            value, within = left, as_written(width)
    shown = f"{target} = {as_written(value)} within {within}"
    if in_yaml(entry.span):
        shown = f"{target}: {{value: {as_written(value)}, within: {within}}}"
    message = "an expected value needs a tolerance"
    return problem("missing-tolerance", message, entry.value.span, hint=f"write {shown}")


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
