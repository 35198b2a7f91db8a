"""The section `measure`: built-ins by bare name, or `name = expression`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import name_span, named
from rgc.ast_to_model.expressions.measure_expression import Words, check_expression
from rgc.ast_to_model.expressions.measures_to_observables import Resolver, sites_of
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.ast_to_model.scope import RESERVED, Unknowable
from rgc.ast_to_model.sections.scan_measures import (
    derived,
    implied,
    is_of_scan,
    scan_calls,
    scan_measure,
)
from rgc.ast_to_model.sections.study_measures import study_measures
from rgc.ast_to_model.written_out import check_extent, extent, ordered
from rgc.errors import SpecError
from rgc.language.measures import MEASURES, METHODS, SCAN_MEASURES
from rgc.language.values import CallValue
from rgc.model.graphs import pairs_without_places
from rgc.model.lattice import Lattice
from rgc.model.lattices import AXES
from rgc.model.spec import Measure, Method, Spec
from rgc.model.supercells import sizes_as_written
from rgc.schemes import SCHEMES
from rgc.schemes.free_energies import FREE_ENERGIES
from rgc.syntax import ast

MOST_OPERATIONS = 10_000
"""The largest number of operations of a measure, with those that it refers to written out."""

Definitions = Mapping[str, ast.Expr]


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
    if not _short(definitions, context):
        context.failed.add("measure")
        return spec
    if context.is_study:
        _check_circles(definitions, context)
        if len(context.problems.errors) > before:
            context.failed.add("measure")
            return spec
        return study_measures(spec, entries, definitions, context)
    words = Words.of(spec, context, definitions)
    drafts = [_measure(entry, spec, words, context) for entry in entries]
    _check_circles(definitions, context)
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


def _short(definitions: Definitions, context: Context) -> bool:
    """Whether no measure is too long or too deep with those that it refers to written out.

    Circles are reported by themselves, and not followed here.
    """
    uses = {
        name: {used for used in _referred(value) if used in definitions and used != name}
        for name, value in definitions.items()
    }
    known = dict(context.scope.extents)
    for name in ordered(uses):
        value = definitions[name]
        known[name] = extent(value, known)
        try:
            check_extent(known[name], f"'{name}'", value.span, MOST_OPERATIONS)
        except SpecError as error:
            context.problems.extend(error.problems)
            return False
    return True


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
    reading = read_call(expr, {**MEASURES, **SCAN_MEASURES}, "measure", context)
    if reading is None:
        return None
    _check_quantity(call[0], expr, words, context)
    _check_distance(reading, spec, context)
    _check_methods(_methods(reading), spec, context)
    return Measure(_called(reading), methods=_methods(reading))


def _called(reading: Reading) -> str:
    """The name of a measure that stands for itself, with what it is asked for."""
    name, r, along = reading.signature.name, reading.values.get("r"), reading.values.get("along")
    if r is None:
        return name
    letters = reading.values.get("letters")
    told = [str(r)] + ([f"along={along}"] if along not in (None, "x") else [])
    told += [f"letters=[{', '.join(map(str, letters))}]"] if isinstance(letters, tuple) else []
    return f"{name}({', '.join(told)})"


def _methods(reading: Reading) -> tuple[Method, ...]:
    """The methods of a free energy, each with its place."""
    values, place = reading.values.get("methods"), reading.places.get("methods")
    items = place.items if isinstance(place, ast.List) else (place,)
    methods = []
    for value, item in zip(values if isinstance(values, tuple) else (), items, strict=False):
        name = value.name if isinstance(value, CallValue) else str(value)
        given = dict(value.options) if isinstance(value, CallValue) else {}
        span = item.span if item is not None else None
        methods.append(Method(name, {**METHODS[name].defaults, **given}, span=span))
    return tuple(methods)


def _check_methods(methods: Sequence[Method], spec: Spec, context: Context) -> None:
    """Report what a method cannot do."""
    if context.failed & {"hamiltonian", "lattice", "spins"}:
        return
    for method in methods:
        for limit in FREE_ENERGIES[method.name].limits:
            context.problems.extend(limit(spec, method))


def _check_quantity(name: str, expr: ast.Expr, words: Words, context: Context) -> None:
    energetic = ("energy", "specific_heat", "free_energy", "log_z")
    refusal = words.refusal(name, expr)
    if refusal is not None:
        context.problems.extend(refusal.problems)
    elif name in energetic and context.section("hamiltonian") is None:
        message = f"'{name}' belongs to a hamiltonian, and this spec has none"
        context.problems.error("missing-section", message, expr.span)


def _check_distance(reading: Reading, spec: Spec, context: Context) -> None:
    """Some two sites must be as far apart along a vector as `correlation(r)` asks; on a ring they
    are no farther apart than half of it.
    """
    r, along = reading.values.get("r"), str(reading.values.get("along", "x"))
    if reading.signature.name != "correlation" or not isinstance(r, int):
        return
    if pairs := pairs_without_places(spec.lattice):
        hint = f"measure pairs by name: mean({pairs}) s[i]*s[j]"
        message = "this lattice has no distances"
        context.problems.error("wrong-lattice", message, reading.places["r"].span, hint=hint)
        return
    if not isinstance(spec.lattice, Lattice) or along not in AXES[: spec.lattice.dimension]:
        return
    axis = AXES.index(along)
    length, edge = sizes_as_written(spec.lattice)[axis], spec.lattice.boundary[axis]
    if edge == "open" and length is not None and r >= length:
        message = f"no two of {length} sites in an open row are {r} apart"
        context.problems.error(
            "out-of-range", message, reading.places["r"].span, hint=f"r is at most {length - 1}"
        )
    elif edge != "open" and length is not None:
        _warn_of_ring(r, length, reading, context)


def _warn_of_ring(r: int, length: int, reading: Reading, context: Context) -> None:
    """Warn of a distance that is another one around a ring: that of r - length, or its opposite."""
    nearest = min(r % length, -r % length)
    if r >= length or (r > nearest and "letters" not in reading.places):
        message = f"in a ring of {length} sites, sites {r} apart are {nearest} apart the other way"
        if nearest == 0:
            message = f"in a ring of {length} sites, sites {r} apart are the same"
        context.problems.warning(
            "around-the-ring", message, reading.places["r"].span, hint=f"r is at most {length // 2}"
        )


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
        return _named_built_in(name, call[0], value, spec=spec, words=words, context=context)
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


def _named_built_in(
    name: str, built_in: str, value: ast.Expr, *, spec: Spec, words: Words, context: Context
) -> Measure | None:
    """`c3 = correlation(3)`, `f = free_energy(transfer)`: one number under a name of its own."""
    _check_quantity(built_in, value, words, context)
    reading = read_call(value, MEASURES, "measure", context)
    if reading is None:
        return None
    _check_distance(reading, spec, context)
    methods = _methods(reading)
    if len(methods) > 1:
        message = f"'{name}' is one number, and these are {len(methods)} methods"
        hint = "without a name of its own a free_energy takes several"
        context.problems.error("wrong-arity", message, reading.places["methods"].span, hint=hint)
    _check_methods(methods, spec, context)
    return Measure(name, methods=methods)


def _check_circles(definitions: Definitions, context: Context) -> None:
    """Report each circle of measures that refer to one another, once."""
    uses = {
        name: [used for used in _referred(value) if used in definitions and used != name]
        for name, value in definitions.items()
    }
    reported: set[str] = set()
    for name, value in definitions.items():
        circle = _circle(name, uses)
        direct = name not in MEASURES and name in _referred(value)
        if (circle or direct) and not reported & {name, *circle}:
            shown = " -> ".join((name, *circle[1:], name)) if circle else f"{name} -> {name}"
            message = f"these measures depend on each other: {shown}"
            context.problems.error("cyclic-measures", message, name_span(value))
            reported |= {name, *circle}


def _referred(expr: ast.Node) -> list[str]:
    """The names that may be those of other measures. Words of a place, the x of s[i+x] and of
    coordinate(i,x), and what built-in measures are asked for are not.
    """
    places = {
        id(node) for outer in ast.walk(expr) for part in _words_of(outer) for node in ast.walk(part)
    }
    return [
        node.name
        for node in ast.walk(expr)
        if isinstance(node, ast.Name | ast.Call) and id(node) not in places
    ]


def _words_of(node: ast.Node) -> tuple[ast.Node, ...]:
    """The parts of a node in which names are no measures."""
    match node:
        case ast.Index(_, arguments):
            return arguments
        case ast.Call("coordinate", (_, *axes)):
            return tuple(axes)
        case ast.Call(name) if name in MEASURES:
            return (*node.arguments, *node.options)
    return ()


def _circle(start: str, uses: Mapping[str, Sequence[str]]) -> list[str]:
    """A path start -> ... -> start, without its end; empty where there is none."""
    paths, seen = [[start]], set[str]()
    while paths:
        path = paths.pop()
        for name in uses[path[-1]]:
            if name == start:
                return path
            if name not in seen:
                seen.add(name)
                paths.append([*path, name])
    return []
