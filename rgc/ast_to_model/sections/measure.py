"""The section `measure`: built-ins by bare name, or `name = expression`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import named
from rgc.ast_to_model.expressions.measure_expression import check_expression
from rgc.ast_to_model.expressions.measure_words import Words
from rgc.ast_to_model.expressions.measures_to_observables import Resolver, sites_of
from rgc.ast_to_model.scope import RESERVED, Unknowable
from rgc.ast_to_model.sections.built_in_measures import built_in, named_built_in
from rgc.ast_to_model.sections.measure_definitions import are_short, check_circles
from rgc.ast_to_model.sections.scan_measures import (
    derived,
    implied,
    is_of_scan,
    scan_calls,
    scan_measure,
)
from rgc.ast_to_model.sections.study_measures import study_measures
from rgc.errors import SpecError
from rgc.language.measures import MEASURES, SCAN_MEASURES
from rgc.model.spec import Measure, Spec
from rgc.schemes import SCHEMES
from rgc.syntax import ast


def check_measure(spec: Spec, context: Context) -> Spec:
    """The spec with its measures.

    Reports unknown measures, names, functions, species and indices, faces that the lattice lacks,
    averages of averages, sums of averages, measures that refer to each other in a circle, measures
    of a scan without the scan that they need, and what cannot be measured.
    """
    section = context.section("measure")
    if section is None or not isinstance(section.body, tuple):
        return spec
    entries = [entry for entry in section.body if isinstance(entry, ast.Entry)]
    definitions = {
        entry.target.name: entry.value
        for entry in entries
        if isinstance(entry.target, ast.Name) and entry.op == "=" and entry.value is not None
    }
    before = len(context.problems.errors)
    if not are_short(definitions, context):
        context.failed.add("measure")
        return spec
    if context.is_study:
        check_circles(definitions, context)
        if len(context.problems.errors) > before:
            context.failed.add("measure")
            return spec
        return study_measures(spec, entries, definitions, context)
    words = Words.of(spec, context, definitions)
    drafts = [_measure(entry, spec, words, context) for entry in entries]
    check_circles(definitions, context)
    measures = [
        (measure, entry)
        for measure, entry in zip(drafts, entries, strict=True)
        if measure is not None
    ]
    if len(context.problems.errors) > before or context.failed & {"lattice", "spins"}:
        return replace(spec, measures=tuple(measure for measure, _ in measures))
    resolver = _resolver(spec, words, context)
    resolved = [_resolved(*pair, spec, resolver, context) for pair in measures]
    for name in implied(resolved, definitions):
        with suppress(Unknowable):
            resolved.append(Measure(name, resolver.observable(name, ast.Name(name))))
    return replace(spec, measures=tuple(resolved))


def _resolver(spec: Spec, words: Words, context: Context) -> Resolver:
    ready = SCHEMES[spec.flow.scheme].ready if spec.flow is not None else None
    lattice = sites_of(spec.lattice, spec.species, ready.lattices if ready is not None else ())
    return Resolver(context.scope, words.measures, lattice, spec.species)


def _resolved(
    measure: Measure, entry: ast.Entry, spec: Spec, resolver: Resolver, context: Context
) -> Measure:
    """The measure with its observable, or with its expression where it is one of a finished scan.
    One that is found by methods stays as it is.
    """
    if measure.of_scan is not None or measure.methods:
        return measure
    expr, definitions = entry.target if entry.value is None else entry.value, resolver.definitions
    try:
        if entry.value is not None and is_of_scan(expr, definitions):
            return replace(measure, of_scan=derived(expr, spec, definitions, resolver.scope))
        return replace(measure, observable=resolver.observable(measure.name, expr))
    except SpecError as error:
        context.fail("measure", error)
    except Unknowable:
        pass
    return measure


def _measure(entry: ast.Entry, spec: Spec, words: Words, context: Context) -> Measure | None:
    before = len(context.problems.errors)
    measure = (
        _bare(entry, spec, words, context)
        if entry.op is None
        else _defined(entry, spec, words, context)
    )
    if len(context.problems.errors) > before:
        context.failed.add("measure")
        return None
    return measure


def _bare(entry: ast.Entry, spec: Spec, words: Words, context: Context) -> Measure | None:
    expr = entry.target
    call = named(expr)
    if call is None:
        message = "a measure that is computed needs a name"
        context.problems.error(
            "missing-name",
            message,
            expr.span,
            hint=f"write q = {expr.span.text}" if expr.span else "",
        )
        return None
    if call[0] in SCAN_MEASURES:
        return scan_measure(call[0], expr, spec, words, context)
    if call[0] not in MEASURES and call[0] in words.names:
        message = f"'{call[0]}' is not a measure of its own"
        context.problems.error(
            "unknown-measure", message, expr.span, hint=f"write name = ..., as in u = {call[0]}"
        )
        return None
    return built_in(expr, spec, words, context)


def _defined(entry: ast.Entry, spec: Spec, words: Words, context: Context) -> Measure | None:
    if not isinstance(entry.target, ast.Name) or entry.value is None:
        return None
    name, value = entry.target.name, entry.value
    if name in context.scope.parameters or name in {species.name for species in spec.species}:
        what = "a parameter" if name in context.scope.parameters else "a spin"
        message = f"'{name}' is {what} already"
        context.problems.error(
            "duplicate-name", message, entry.target.span, hint="give the measure another name"
        )
        return None
    if name in RESERVED:
        message = f"'{name}' has a meaning of its own and cannot name a measure"
        hint = "give the measure another name"
        context.problems.error("reserved-name", message, entry.target.span, hint=hint)
        return None
    call = named(value)
    if call is not None and call[0] in SCAN_MEASURES:
        return scan_measure(name, value, spec, words, context)
    if call is not None and call[0] in MEASURES and isinstance(value, ast.Call):
        return named_built_in(name, call[0], value, spec=spec, words=words, context=context)
    if is_of_scan(value, words.measures):
        for part in scan_calls(value):
            scan_measure(name, part, spec, words, context)
        return Measure(name)  # `derived` checks the rest
    try:
        check_expression(value, words)
    except SpecError as error:
        context.problems.extend(error.problems)
    except Unknowable:
        pass
    return Measure(name)
