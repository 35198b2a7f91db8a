"""The section `data`: where training data come from. Names and options are checked; the section is kept as written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import read_call
from rgc.errors import Problems
from rgc.language.data import DATA
from rgc.model.spec import Spec
from rgc.syntax import ast
from rgc.text import Span


def check_data(spec: Spec, context: Context) -> Spec:
    """The spec with its data, as written. Reports unknown sources and options, files outside the spec's folder, samples of
    nothing."""
    section = context.section("data")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    before = len(context.problems.errors)
    read_call(section.body, DATA, "data", context)
    for node in ast.walk(section.body):
        if isinstance(node, ast.Call) and node.name == "file" and node.arguments:
            path = node.arguments[0]
            if isinstance(path, ast.Text):
                check_path(path.value, path.span, context.problems)
        if isinstance(node, ast.Call) and node.name == "samples" and context.section("hamiltonian") is None:
            message = "samples are drawn from a hamiltonian, and this spec has none"
            context.problems.error("missing-section", message, node.span)
    if len(context.problems.errors) > before:
        context.failed.add("data")
    return replace(spec, data=section.body)


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
