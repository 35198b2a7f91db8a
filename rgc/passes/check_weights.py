"""Whether a file of weights suits a layer, as far as its headers say."""

from __future__ import annotations

from collections.abc import Mapping

from rgc.array_files import NUMBERS, Header, Unreadable, headers, text_in
from rgc.errors import Problem, SpecError, listing
from rgc.language.conventions import CONVENTIONS
from rgc.model.stack import Side, WeightsFile
from rgc.passes.check_file import check_numbers, missing, unreadable, wrong_shape

CONVENTION, UNITS = "convention", ("visible_units", "hidden_units")
"""Arrays of a file that hold a text: how it writes the energy, and of each layer its units."""


def check_weights(file: WeightsFile, visible: Side, hidden: Side) -> None:
    """Raise `SpecError` for a file that is not there (missing-file) or not readable
    (unreadable-file), lacks the arrays of its convention (unknown-array), holds them in another
    shape (wrong-shape), or says that its convention or its units are others (wrong-convention).

    Biases may be left out, and are 0 then; so may precisions of real units, which are 1 then.
    """
    found = _headers(file)
    _check_convention(file, found, visible, hidden)
    row = CONVENTIONS[file.convention]
    names = (*row.arrays(file.layer, file.update), *row.precisions(file.layer))
    both = (visible.features,), (hidden.features,)
    shapes = ((visible.features, hidden.features), *both, *both)
    if names[0] not in found:
        raise _without(names[0], file, found)
    for name, shape in zip(names, shapes, strict=True):
        if name in found:
            check_numbers(found[name], f"{file.path}: {name}", file.span)
            if found[name].shape != shape:
                raise wrong_shape(f"{file.path}: {name}", found[name].shape, shape, file.span)


def _without(name: str, file: WeightsFile, found: Mapping[str, Header]) -> SpecError:
    """The error of a file without weights, with the updates whose models it has, or the conventions
    of which it has every array.
    """
    message = f"'{file.path}' has no array '{name}'"
    kept = CONVENTIONS[file.convention].updates(file.layer, found)
    if file.update is not None:
        hint = "it keeps no models along the training: leave update out"
        if kept:
            hint = f"its models of layer {file.layer} are of the updates {listing(kept)}"
        return SpecError([Problem("unknown-array", message, file.span, hint=hint)])
    others = [
        f"convention={row.name}"
        for row in CONVENTIONS.values()
        if set(row.arrays(file.layer)) <= set(found)
    ]
    has = [f"'{array}'" for array in found]
    hint = f"its arrays are {listing(has)}" if has else "it holds no arrays"
    if others:
        hint += f", those of {listing(others, 'or')}"
    return SpecError([Problem("unknown-array", message, file.span, hint=hint)])


def _headers(file: WeightsFile) -> Mapping[str, Header]:
    try:
        found = headers(file.folder / file.path)
    except Unreadable as error:
        raise unreadable(file.path, error, file.span) from None
    except OSError as error:
        raise missing(file.folder, file.path, error, file.span) from None
    if "" in found:
        message = f"'{file.path}' holds one array, and a layer has weights and biases"
        hint = "an .npz file with the arrays of the convention is needed"
        raise SpecError([Problem("unreadable-file", message, file.span, hint=hint)])
    return found


def _check_convention(
    file: WeightsFile, found: Mapping[str, Header], visible: Side, hidden: Side
) -> None:
    says = _text(file, found, CONVENTION)
    if says is not None and says != file.convention:
        message = f"'{file.path}' says that its convention is {says}, not {file.convention}"
        hint = f"write convention={says}" if says in CONVENTIONS else ""
        raise SpecError([Problem("wrong-convention", message, file.span, hint=hint)])
    for name, side in zip(UNITS, (visible, hidden), strict=True):
        units = _text(file, found, f"{name}_{file.layer}")
        if units is not None and {units, side.unit} - {"ising", "binary"} and units != side.unit:
            message = f"the {name.replace('_', ' ')} of '{file.path}' are {units}, not {side.unit}"
            hint = "units of two states are converted, and no others"
            raise SpecError([Problem("wrong-convention", message, file.span, hint=hint)])


def _text(file: WeightsFile, found: Mapping[str, Header], name: str) -> str | None:
    if name not in found or found[name].kind in NUMBERS:
        return None
    try:
        return text_in(file.folder / file.path, name)
    except Unreadable as error:
        raise unreadable(file.path, error, file.span) from None
