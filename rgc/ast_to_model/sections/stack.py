"""The section `stack`: layers from the bottom up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.ast_to_model.scope import Unknowable
from rgc.ast_to_model.sections.lattice import geometry
from rgc.ast_to_model.sections.spins import species_of
from rgc.language.layers import LAYERS, TRAINERS
from rgc.model.spec import Spec
from rgc.model.stack import Layer, Rbm, Stack, Trainer, Units
from rgc.syntax import ast

HIDDEN = "h"
"""The name of the species of hidden spins."""


def check_stack(spec: Spec, context: Context) -> Spec:
    """The spec with its layers.

    Reports unknown layers and options, and hidden lattices and spins that are invalid.
    """
    section = context.section("stack")
    if section is None or not isinstance(section.body, tuple):
        return spec
    before = len(context.problems.errors)
    written = tuple(item.value for item in section.body if isinstance(item, ast.Item))
    readings = [read_call(layer, LAYERS, "layer", context) for layer in written]
    if not readings:
        message = "the stack has no layers"
        context.problems.error(
            "empty-section", message, section.name_span, hint="stack { rbm(hidden=16, train=cd()) }"
        )
    layers: list[Layer] = []
    if len(context.problems.errors) == before:
        with context.failing("stack"):
            layers = [
                MAKERS[reading.signature.name](reading, context)
                for reading in readings
                if reading is not None
            ]
    if len(context.problems.errors) > before:
        context.failed.add("stack")
    return replace(spec, stack=Stack(tuple(layers))) if len(layers) == len(written) > 0 else spec


def _rbm(reading: Reading, context: Context) -> Rbm:
    alphabet = reading.places.get("spins", ast.Name(str(reading.signature.defaults["spins"])))
    spins = species_of(HIDDEN, alphabet, context)
    if spins is None:
        raise Unknowable("spins")
    return Rbm(
        hidden=units(reading, "hidden", context),
        spins=spins,
        train=trainer(reading, "train", context),
    )


MAKERS: Mapping[str, Callable[[Reading, Context], Layer]] = {"rbm": _rbm}
"""What each layer becomes. Raises `SpecError` for what its record cannot hold, and `Unknowable`."""


def units(reading: Reading, name: str, context: Context) -> Units:
    """The hidden units of an option: their number, or their lattice.

    Raises `SpecError` and `Unknowable`.
    """
    value = reading.values.get(name)
    return value if isinstance(value, int) else geometry(reading.places[name], context.scope)


def trainer(reading: Reading, name: str, context: Context) -> Trainer | None:
    """The trainer of an option with its defaults, None where it is not written."""
    place = reading.places.get(name)
    call = None if place is None else read_call(place, TRAINERS, "trainer", context)
    if call is None:
        return None
    given = cast("dict[str, Any]", {**call.signature.defaults, **call.values})
    return Trainer(algorithm=call.signature.name, **given)
