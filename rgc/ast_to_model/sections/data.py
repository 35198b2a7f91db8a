"""The section `data`: where training data come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.errors import Problems
from rgc.language.data import DATA
from rgc.model.data import Data, File, Patterns, Samples, ShuffledSites
from rgc.model.spec import Spec
from rgc.syntax import ast
from rgc.text import Span

RECORDS: Mapping[str, Any] = {"samples": Samples, "file": File, "patterns": Patterns}
"""What each source becomes. Its fields have the names of the options."""


def check_data(spec: Spec, context: Context) -> Spec:
    """The spec with its data.

    Reports unknown sources and options, files outside the spec's folder, and samples of nothing.
    """
    section = context.section("data")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    before = len(context.problems.errors)
    reading = read_call(section.body, DATA, "data", context)
    for node in ast.walk(section.body):
        if isinstance(node, ast.Call) and node.name == "file" and node.arguments:
            path = node.arguments[0]
            if isinstance(path, ast.Text):
                check_path(path.value, path.span, context.problems)
        if (
            isinstance(node, ast.Call)
            and node.name == "samples"
            and context.section("hamiltonian") is None
        ):
            message = "samples are drawn from a hamiltonian, and this spec has none"
            context.problems.error("missing-section", message, node.span)
    if len(context.problems.errors) > before or reading is None:
        context.failed.add("data")
        return spec
    return replace(spec, data=_data(reading, context))


def _data(reading: Reading, context: Context) -> Data | None:
    """The record of a call without errors, or None where an option depends on a parameter with an
    error.
    """
    signature, place = reading.signature, reading.places.get("source")
    if place is not None:
        inner = read_call(place, DATA, "data", context)
        source = None if inner is None else _data(inner, context)
        return (
            None
            if source is None or isinstance(source, ShuffledSites)
            else ShuffledSites(source=source)
        )
    if not reading.complete:
        return None
    values = {**signature.defaults, **reading.values}
    free = {name: values.pop(name) for name in reading.values if signature.field(name) is None}
    record: Data = RECORDS[signature.name](
        **values, **({"sets": tuple(free.items())} if free else {})
    )
    return record


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
