"""The section `flow`: the scheme, its options, and the sections that it needs or has no use for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import name_span, named
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.ast_to_model.sections.lattice import word_of_lattice
from rgc.ast_to_model.sections.spins import places_of_spins
from rgc.language.updates import UPDATES
from rgc.model.spec import FlowOfSpec, Spec
from rgc.schemes import SCHEMES
from rgc.schemes.needs import blocks, lattice, spins
from rgc.schemes.scheme import Asked, Limit, Scheme
from rgc.syntax import ast
from rgc.text import Span, in_yaml, section_text

OF_EVERY_SCHEME: tuple[Limit, ...] = (lattice.suits, spins.suit, blocks.suit)
"""Limits that follow from the lattices, spins and block maps that a scheme names."""


def check_flow(spec: Spec, context: Context) -> Spec:
    """The spec with its flow: options checked, defaults filled in, needs met, costs within limits.

    `options` holds every option of the scheme that was written or has a default.
    """
    section = context.section("flow")
    if section is None or isinstance(section.body, str | tuple):
        _check_idle(context)
        return spec
    before = len(context.problems.errors)
    reading = (
        None
        if _is_update(section.body, context)
        else read_call(section.body, SCHEMES, "scheme", context)
    )
    if reading is None:
        context.failed.add("flow")
        return spec
    scheme = SCHEMES[reading.signature.name]
    _check_sections(scheme, section, context)
    asked = _asked(scheme, reading, name_span(section.body), spec, context)
    for limit in (*OF_EVERY_SCHEME, *scheme.limits):
        context.problems.extend(limit(asked))
    if len(context.problems.errors) > before:
        context.failed.add("flow")
    return replace(spec, flow=FlowOfSpec(scheme.name, asked.options, asked.where))


def _is_update(body: ast.Expr, context: Context) -> bool:
    """Report an update where a scheme belongs."""
    call = named(body)
    if call is None or call[0] not in UPDATES:
        return False
    message, where = f"'{call[0]}' is an update, not a scheme", name_span(body)
    hint = section_text("flow", f"sample(update={call[0]})", where)
    context.problems.error("unknown-scheme", message, where, hint=hint)
    return True


def _check_idle(context: Context) -> None:
    """Check a spec without a flow, which needs something to measure unless others include it."""
    if context.is_study:
        return
    if context.section("measure") is None:
        message = "this spec runs nothing: it has neither a flow nor something to measure"
        sections = context.document.sections
        written = section_text("flow", "sample()", sections[0].span if sections else None)
        context.problems.warning("nothing-to-run", message, hint=f"add a flow, such as: {written}")


def _check_sections(scheme: Scheme, section: ast.Section, context: Context) -> None:
    """Report sections that the scheme needs and the spec lacks, and warn of those without a use."""
    present = {section.name: section for section in context.document.sections}
    where = (
        name_span(section.body) if not isinstance(section.body, str | tuple) else section.name_span
    )
    for name in scheme.needs:
        if name not in present:
            message = f"'{scheme.name}' needs the section '{name}', and this spec has none"
            hint = f"add one, such as: {_example(scheme, name, where)}"
            context.problems.error("missing-section", message, where, hint=hint)
    for name, extra in present.items():
        if name not in scheme.sections:
            message = f"'{scheme.name}' makes no use of the section '{name}'"
            context.problems.warning("unused-section", message, extra.name_span)


_IN_YAML = {
    "spins": "spins: {s: ising}",
    "hamiltonian": 'hamiltonian: "- K * sum(<i,j>) s[i]*s[j]"',
    "stack": 'stack: ["rbm(hidden=16, train=cd())"]',
}
"""Sections whose YAML spelling is not that of a single call."""


def _example(scheme: Scheme, section: str, where: Span | None) -> str:
    if in_yaml(where) and section in _IN_YAML:
        return _IN_YAML[section]
    return section_text(section, scheme.example_of(section), where)


# -- what the limits see ---------------------------------------------------------------------------


def _asked(
    scheme: Scheme, reading: Reading, where: Span | None, spec: Spec, context: Context
) -> Asked:
    options = scheme.complete(reading.values, spec)
    wrong = set(reading.places) - set(reading.values)
    return Asked(
        scheme=scheme,
        spec=spec,
        options={name: value for name, value in options.items() if name not in wrong},
        places=reading.places,
        where=where,
        sections=context.places,
        lattice=word_of_lattice(context),
        spins=places_of_spins(context),
        parameters=frozenset(context.scope.parameters),
        maps=tuple(_maps(context)),
        failed=frozenset(context.failed),
    )


def _maps(context: Context) -> Iterator[tuple[str, Span | None]]:
    """The rules of the block maps as written."""
    body = context.body("block")
    for item in body.items if isinstance(body, ast.List) else (body,) if body is not None else ():
        call = named(item)
        if call is not None:
            yield call[0], item.span
