"""The section `stack`: layers, bottom up. Names and options are checked; the section is kept as written."""

from __future__ import annotations

from dataclasses import replace

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import read_call
from rgc.language.layers import LAYERS
from rgc.model.spec import Spec
from rgc.syntax import ast


def check_stack(spec: Spec, context: Context) -> Spec:
    """The spec with its layers, as written. Reports unknown layers and options."""
    section = context.section("stack")
    if section is None or not isinstance(section.body, tuple):
        return spec
    before = len(context.problems.errors)
    layers = tuple(item.value for item in section.body if isinstance(item, ast.Item))
    for layer in layers:
        read_call(layer, LAYERS, "layer", context)
    if not layers:
        message = "the stack has no layers"
        context.problems.error(
            "empty-section", message, section.name_span, hint="stack { rbm(hidden=16, train=cd()) }"
        )
    if len(context.problems.errors) > before:
        context.failed.add("stack")
    return replace(spec, stack=layers)
