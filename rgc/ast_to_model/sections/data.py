"""The section `data`: where training data come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import named
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.ast_to_model.sections.lattice import word_of_lattice
from rgc.ast_to_model.sections.point_clouds import read_cloud
from rgc.errors import Problem, Problems, SpecError, listing
from rgc.language.data import CONTROLS, DATA
from rgc.language.point_clouds import CLOUDS
from rgc.model.data import Control, Data, File, Patterns, Samples, Source, source_of
from rgc.model.point_clouds import Points, Simplex
from rgc.model.spec import Spec
from rgc.passes.check_file import check_file, check_rows
from rgc.schemes.needs import lattice, spins
from rgc.schemes.needs.lattice import count_sites
from rgc.schemes.needs.samples import SAMPLED
from rgc.schemes.sample import SCHEME as SAMPLE
from rgc.schemes.scheme import Asked
from rgc.syntax import ast
from rgc.text import Span

RECORDS: Mapping[str, Any] = {"samples": Samples, "file": File, "patterns": Patterns}
"""What each source becomes. Its fields have the names of the options."""


def check_data(spec: Spec, context: Context) -> Spec:
    """The spec with its data.

    Reports unknown sources and options, files that are not there or hold something else, samples of
    what cannot be sampled, and sources that do not suit the spins.
    """
    body = context.body("data")
    if body is None:
        return spec
    before = len(context.problems.errors)
    data = _data(body, context)
    if data is not None and len(context.problems.errors) == before:
        with context.failing("data"):
            data = _checked(data, spec, context)
    if data is None or len(context.problems.errors) > before:
        context.failed.add("data")
        return spec
    return replace(spec, data=data)


def _data(expr: ast.Expr, context: Context) -> Data | None:
    """The record of a call, or None where something is wrong, which is reported, or unknowable."""
    if _nested(expr, context):
        return None
    reading = read_call(expr, DATA, "data", context)
    if reading is not None and reading.signature.name in CLOUDS:
        return read_cloud(reading, expr, context)
    if reading is None or not reading.complete:
        return None
    if reading.signature.name in CONTROLS:
        inner = _data(reading.places["source"], context)
        if inner is None or isinstance(inner, Control | Points | Simplex):
            return None
        return Control(name=reading.signature.name, source=inner)
    return _source(reading, expr.span, context)


def _nested(expr: ast.Expr, context: Context) -> bool:
    """Report a control of a control."""
    outer = named(expr)
    inner = named(outer[1][0]) if outer is not None and outer[0] in CONTROLS and outer[1] else None
    if inner is None or inner[0] not in CONTROLS:
        return False
    message = f"'{outer[0] if outer else ''}' changes data, and '{inner[0]}' is another control"
    place = outer[1][0].span if outer else None
    hint = f"write one of them: {place.text}" if place is not None else ""
    context.problems.error("nested-control", message, place, hint=hint)
    return True


def _source(reading: Reading, span: Span | None, context: Context) -> Source | None:
    signature = reading.signature
    values = {**signature.defaults, **reading.values}
    free = {name: values.pop(name) for name in reading.values if signature.field(name) is None}
    more: dict[str, Any] = {}
    if signature.name == "samples":
        more = {"sets": tuple(free.items()), "span": span}
    if signature.name == "file":
        place = reading.places["path"].span
        if not inside(reading, context):
            return None
        more = {"folder": context.folder, "span": place}
    source: Source = RECORDS[signature.name](**values, **more)
    return source


def inside(reading: Reading, context: Context) -> bool:
    """Whether the files of a call lie inside the folder of the spec.

    Reports those that do not, and files of a text that is no file.
    """
    places = {
        str(reading.values[name]): reading.places[name].span
        for name in ("path", "weights")
        if name in reading.values
    }
    stay = [check_path(path, span, context.problems) for path, span in places.items()]
    if all(stay) and context.folder is None:
        message = "this text is no file, so it has no folder to read files from"
        place = reading.places["path"].span
        context.problems.error("file-without-folder", message, place)
    return all(stay) and context.folder is not None


# -- what suits the spec ---------------------------------------------------------------------------


def _checked(data: Data, spec: Spec, context: Context) -> Data:
    """The data with the rows and columns that a file has. Reports, or raises as `SpecError`, what
    does not suit the lattice and the spins.
    """
    source, where = source_of(data), context.document.place("data")
    if isinstance(data, Control) and data.name == "gaussian_twin":
        _check_two_states(spec, f"'{data.name}' takes signs of real numbers", where)
    match source:
        case Samples():
            _check_samples(source, spec, context)
        case Points() | Simplex():
            _check_real(spec, where)
        case Patterns():
            _check_two_states(spec, "'patterns' are spins up or down", where)
        case File():
            if source.threshold is not None:
                _check_two_states(spec, "a threshold makes spins up or down", where)
            readable = not context.failed & {"lattice"}
            _, header = check_file(source, count_sites(spec.lattice) if readable else None)
            read = replace(source, rows=header.rows, columns=header.columns, names=header.names)
            return replace(data, source=read) if isinstance(data, Control) else read
    return data


def _check_two_states(spec: Spec, what: str, where: Span | None) -> None:
    for species in spec.species:
        if not species.two_states:
            message = f"{what}, and {species.alphabet} spins are not of two states"
            hint = f"declare spins of two states: {species.name}: ising"
            raise SpecError([Problem("wrong-spins", message, where, hint=hint)])


def _check_real(spec: Spec, where: Span | None) -> None:
    for species in spec.species:
        if species.states is not None:
            message = f"points are real numbers, and {species.alphabet} spins have states"
            hint = f"declare real spins, {species.name}: gaussian, or read or draw states"
            raise SpecError([Problem("wrong-spins", message, where, hint=hint)])


def _check_samples(samples: Samples, spec: Spec, context: Context) -> None:
    """Report samples of no Hamiltonian, and what sampling itself would refuse."""
    missing = [name for name in ("lattice", "spins", "hamiltonian") if not context.section(name)]
    if missing:
        message = f"samples are drawn from a hamiltonian, and this spec has no {listing(missing)}"
        raise SpecError([Problem("missing-section", message, samples.span)])
    check_rows(samples.rows, samples.validation, f"{samples.count} samples", samples.span)
    asked = _asked(samples, spec, context)
    for limit in (lattice.suits, spins.suit, *SAMPLED):
        context.problems.extend(limit(asked))


def _asked(samples: Samples, spec: Spec, context: Context) -> Asked:
    """The question whether the scheme `sample` can make these samples, put at their place."""
    scheme = replace(SAMPLE, name="samples")
    options = scheme.complete({"every": samples.every, "update": samples.update}, spec)
    return Asked(
        scheme=scheme,
        spec=spec,
        options=options,
        where=samples.span,
        sections=context.places,
        lattice=word_of_lattice(context),
        parameters=frozenset(context.scope.parameters),
        failed=frozenset(context.failed),
    )


def check_path(path: str, span: Span | None, problems: Problems) -> bool:
    """Report a path that leaves the folder of the spec. True if it stays inside."""
    parts = Path(path).parts
    depth = 0
    lowest = 0
    for part in parts:
        depth += -1 if part == ".." else 1
        lowest = min(lowest, depth)
    outside = Path(path).is_absolute() or lowest < 0 or "\\" in path or path.startswith("~")
    if not path.strip() or outside or "\0" in path:
        message = "a path is relative to the spec's folder and stays inside it"
        problems.error(
            "path-outside", message, span, hint="copy or link the file into the folder of the spec"
        )
        return False
    return True
