"""The section `flow`: the scheme, its options, and the sections that it needs or has no use for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import Reading, in_yaml, listing, name_span, named, read_call
from rgc.ast_to_model.expressions.calls import listing, name_span, named
from rgc.ast_to_model.expressions.options import Reading, in_yaml, read_call
from rgc.ast_to_model.sections.flow_limits import check_limits_of_run, default_steps
from rgc.ast_to_model.sections.flow_needs import check_needs
from rgc.errors import suggest
from rgc.language.updates import UPDATES
from rgc.language.values import CallValue, Value
from rgc.model.lattice import Lattice
from rgc.model.spec import Flow, Spec
from rgc.schemes.table import SCHEMES, Scheme
from rgc.syntax import ast
from rgc.text import Span


def check_flow(spec: Spec, context: Context) -> Spec:
    """The spec with its flow: options checked, defaults filled in, needs met, costs within limits.

    `options` holds every option of the scheme that was written or has a default; `thermalise` is sweeps/5 and `steps` of Monte
    Carlo RG goes on until the lattice has size 4 unless they are written.
    """
    section = context.section("flow")
    if section is None or isinstance(section.body, str | tuple):
        _check_idle(context)
        return spec
    before = len(context.problems.errors)
    reading = (
        None if _is_update(section.body, context) else read_call(section.body, SCHEMES, "scheme", context)
    )
    if reading is None:
        context.failed.add("flow")
        return spec
    scheme = SCHEMES[reading.signature.name]
    missing = _check_sections(scheme, section, context)
    _check_options(reading, spec, context)
    flow = Flow(scheme.name, _options(reading), name_span(section.body))
    if not missing:
        check_needs(spec, scheme, reading, context)
        if len(context.problems.errors) == before:
            flow = replace(flow, options={**flow.options, **default_steps(spec, flow)})
        check_limits_of_run(spec, flow, reading.places, context)
    if len(context.problems.errors) > before:
        context.failed.add("flow")
    return replace(spec, flow=flow)


def _is_update(body: ast.Expr, context: Context) -> bool:
    """Report an update where a scheme belongs."""
    call = named(body)
    if call is None or call[0] not in UPDATES:
        return False
    message, hint = f"'{call[0]}' is an update, not a scheme", f"flow sample(update={call[0]})"
    context.problems.error("unknown-scheme", message, name_span(body), hint=hint)
    return True


def _check_idle(context: Context) -> None:
    """A spec without a flow needs something to measure; it may be meant for others to include."""
    if context.section("measure") is None:
        message = "this spec runs nothing: it has neither a flow nor something to measure"
        context.problems.warning("nothing-to-run", message, hint="add a flow, such as: flow sample()")


def _options(reading: Reading) -> Mapping[str, Value]:
    options = {**reading.signature.defaults, **reading.values}
    for whole in ("sweeps", "grains"):
        count = options.get(whole)
        if isinstance(count, int) and reading.signature.field("thermalise") and "thermalise" not in options:
            options["thermalise"] = count // 5
    return {field.name: options[field.name] for field in reading.signature.fields if field.name in options}


def _check_sections(scheme: Scheme, section: ast.Section, context: Context) -> bool:
    """Report sections that the scheme needs and the spec lacks; warn of those that it has no use for. True if one is missing."""
    present = {each.name: each for each in context.document.sections}
    missing = [name for name in scheme.needs if name not in present]
    where = name_span(section.body) if not isinstance(section.body, str | tuple) else section.name_span
    for name in missing:
        message = f"'{scheme.name}' needs the section '{name}', and this spec has none"
        example = _BLOCKS.get(scheme.name, _EXAMPLES[name]) if name == "block" else _EXAMPLES[name]
        shown = _IN_YAML.get(name, f"{name}: {example}") if in_yaml(where) else f"{name} {example}"
        context.problems.error("missing-section", message, where, hint=f"add one, such as: {shown}")
    for name, extra in present.items():
        if name not in scheme.sections:
            message = f"'{scheme.name}' makes no use of the section '{name}'"
            context.problems.warning("unused-section", message, extra.name_span)
    return bool(missing)


_EXAMPLES = {
    "lattice": "square(64)",
    "spins": "s: ising",
    "hamiltonian": "- K * sum(<i,j>) s[i]*s[j]",
    "block": "majority(2)",
    "data": "samples(20000)",
    "stack": "{ rbm(hidden=16) }",
    "map": "recursion(K = log(cosh(2*K))/2, scale=2)",
}

_BLOCKS = {"exact": "decimate(2)", "lower_bound": "kadanoff(2, p=free)"}
"""Blocks of the schemes that take no majority rule."""

_IN_YAML = {
    "spins": "spins: {s: ising}",
    "hamiltonian": 'hamiltonian: "- K * sum(<i,j>) s[i]*s[j]"',
    "stack": "stack: [rbm(hidden=16)]",
}


def _check_options(reading: Reading, spec: Spec, context: Context) -> None:
    values, places = reading.values, reading.places
    sweeps, every = values.get("sweeps"), values.get("every", reading.signature.defaults.get("every"))
    if isinstance(sweeps, int) and isinstance(every, int) and sweeps < every:
        message = f"{sweeps} sweeps with a record each {every} leave no record"
        context.problems.error(
            "no-record", message, places["sweeps"].span, hint=f"sweeps={every} or more, or a smaller every"
        )
    plane = values.get("plane")
    if isinstance(plane, tuple) and len(plane) != 2:
        message = f"a plane of couplings has two names, not {len(plane)}"
        context.problems.error("wrong-arity", message, places["plane"].span, hint="write plane=[K1, K2]")
    _check_update(values.get("update"), places.get("update"), context)
    _check_steps(reading, spec, context)
    if spec.hamiltonian is not None or spec.map is not None:
        _check_couplings(reading, spec, context)


def _check_steps(reading: Reading, spec: Spec, context: Context) -> None:
    """Warn of a number of steps of tensor renormalisation on a torus."""
    scheme, place = SCHEMES[reading.signature.name], reading.places.get("steps")
    if (
        place is not None
        and scheme.bonds == "square"
        and isinstance(spec.lattice, Lattice)
        and spec.lattice.finite
    ):
        message = "on a torus the size says how many steps there are"
        hint = "leave `steps` out, or the size of the lattice"
        context.problems.warning("unused-option", message, place.span, hint=hint)


def _check_update(update: Value | None, place: ast.Expr | None, context: Context) -> None:
    if update == "tempering" and place is not None:
        message = "'tempering' needs the values of one parameter"
        context.problems.error("missing-option", message, place.span, hint="write tempering(K=0.4:0.5:9)")
    if isinstance(update, CallValue) and len(update.options) > 1 and place is not None:
        message = f"'tempering' runs along one parameter, not {len(update.options)}"
        context.problems.error("wrong-arity", message, place.span)


def _check_couplings(reading: Reading, spec: Spec, context: Context) -> None:
    """Couplings named by `plane` and `starts=grid(...)` are those of the Hamiltonian, or quantities of the map."""
    known = set(context.scope.parameters) | set(spec.hamiltonian.couplings() if spec.hamiltonian else ())
    if isinstance(spec.map, ast.Call):
        known |= {option.name for option in spec.map.options}
    for name, span in _coupling_names(reading):
        if name not in known:
            hint = suggest(name, known) or f"known: {listing(sorted(known))}"
            context.problems.error("unknown-coupling", f"unknown coupling '{name}'", span, hint=hint)


def _coupling_names(reading: Reading) -> list[tuple[str, Span | None]]:
    plane, starts = reading.places.get("plane"), reading.places.get("starts")
    items = plane.items if isinstance(plane, ast.List) else ()
    found = [(item.name, item.span) for item in items if isinstance(item, ast.Name)]
    if isinstance(starts, ast.Call):
        found += [(option.name, option.span) for option in starts.options]
    return found
