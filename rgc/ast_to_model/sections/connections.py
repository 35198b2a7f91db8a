"""Which units of a layer are connected, and the weights that it takes from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.options import Reading, read_call
from rgc.ast_to_model.scope import Unknowable, problem
from rgc.ast_to_model.sections.data import inside
from rgc.language.layers import CONNECTIONS, WEIGHTS
from rgc.model.lattice import Lattice
from rgc.model.stack import Connection, Dense, Mask, Side, WeightsFile, Window
from rgc.passes.check_file import one_array, wrong_shape
from rgc.passes.check_weights import check_weights
from rgc.text import Span


def connection(reading: Reading, visible: Side, hidden: Side, context: Context) -> Connection:
    """Which units are connected.

    Raises `SpecError` for windows that do not fit the lattices and masks of another shape, and
    `Unknowable`.
    """
    place = reading.places.get("connect")
    if place is None:
        return Dense()
    call = read_call(place, CONNECTIONS, "connection", context)
    if call is None or not call.complete:
        raise Unknowable("connect")
    if call.signature.name == "mask":
        return _mask(call, visible, hidden, context)
    return _WINDOWS[call.signature.name](call, visible, hidden, place.span)


def _dense(call: Reading, visible: Side, hidden: Side, span: Span | None) -> Connection:
    return Dense()


def _patch(call: Reading, visible: Side, hidden: Side, span: Span | None) -> Connection:
    b, reach = _integers(call, "b", "reach")
    window = Window(b, -reach, b + 2 * reach, False, f"patch(b={b}, reach={reach})")
    return _fitting(window, visible, hidden, span)


def _convolution(call: Reading, visible: Side, hidden: Side, span: Span | None) -> Connection:
    b, kernel = _integers(call, "b", "kernel")
    first = -int((kernel - b) / 2)
    window = Window(b, first, kernel, True, f"convolution(b={b}, kernel={kernel})")
    return _fitting(window, visible, hidden, span)


_WINDOWS: Mapping[str, Callable[[Reading, Side, Side, Span | None], Connection]] = {
    "dense": _dense,
    "patch": _patch,
    "convolution": _convolution,
}


def _integers(call: Reading, *names: str) -> tuple[int, ...]:
    values = {**call.signature.defaults, **call.values}
    return tuple(value for name in names if isinstance(value := values[name], int))


def _fitting(window: Window, visible: Side, hidden: Side, span: Span | None) -> Window:
    """The window, where hidden cells lie b visible cells apart. Raises `SpecError`."""
    below, above = visible.places, hidden.places
    if not isinstance(below, Lattice):
        message = f"{window} needs visible units on a lattice"
        raise problem("wrong-lattice", message, span, hint="write connect=dense")
    if any(size % window.b for size in below.cells):
        sizes = " x ".join(map(str, below.cells))
        message = f"cells {window.b} apart do not divide a lattice of {sizes}"
        hint = "connect=dense needs no division"
        raise problem("bad-division", message, span, hint=hint)
    cells = tuple(size // window.b for size in below.cells)
    if not isinstance(above, Lattice) or above.vectors != below.vectors or above.cells != cells:
        message = f"{window} needs hidden units on the same lattice, {window.b} times coarser"
        shown = str(cells[0]) if len(set(cells)) == 1 else ", ".join(map(str, cells))
        hint = f"write hidden={below.name}({shown})"
        raise problem("wrong-lattice", message, span, hint=hint)
    narrow = min(below.cells)
    if window.width > narrow:
        message = f"a window of {window.width} cells meets itself on a lattice of {narrow}"
        hint = "take a smaller one, or connect=dense"
        raise problem("lattice-too-small", message, span, hint=hint)
    return window


def _mask(call: Reading, visible: Side, hidden: Side, context: Context) -> Mask:
    if not inside(call, context) or context.folder is None:
        raise Unknowable("connect")
    path, span = str(call.values["path"]), call.places["path"].span
    _, header = one_array(context.folder, path, None, span)
    if header.shape != (visible.count, hidden.count):
        raise wrong_shape(path, header.shape, (visible.count, hidden.count), span)
    return Mask(path=path, folder=context.folder, span=span)


def weights(
    reading: Reading, number: int, sides: tuple[Side, Side], context: Context
) -> WeightsFile | None:
    """The file of weights of layer `number`, None where there is none.

    Raises `SpecError` for files that are not there, of another shape or convention, and
    `Unknowable`.
    """
    place = reading.places.get("weights")
    if place is None:
        return None
    call = read_call(place, WEIGHTS, "weights", context)
    if call is None or not call.complete or not inside(call, context) or context.folder is None:
        raise Unknowable("weights")
    values = {**call.signature.defaults, "layer": number, **call.values}
    layer, update = values["layer"], values.get("update")
    made = WeightsFile(
        path=str(values["path"]),
        convention=str(values["convention"]),
        layer=layer if isinstance(layer, int) else number,
        update=update if isinstance(update, int) else None,
        folder=context.folder,
        span=call.places["path"].span,
    )
    check_weights(made, *sides)
    return made
