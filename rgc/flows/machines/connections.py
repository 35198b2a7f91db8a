"""Which weights of a layer there are, and which of them are one and the same."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rgc.errors import Problem, SpecError
from rgc.flows.data.files import first_place, place, read_array
from rgc.model.lattice import Lattice
from rgc.model.stack import Mask, Rbm, Side, Window

Classes = NDArray[np.int32]
"""The number of the class that each entry of an array belongs to; -1 where there is no entry."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ties:
    """Parameters that are one and the same: `weights` int32[visible features, hidden features],
    `visible` and `hidden` int32[features], each with classes numbered from 0.
    """

    weights: Classes
    visible: Classes
    hidden: Classes


def mask_of(layer: Rbm) -> NDArray[np.bool_] | None:
    """Which weights there are, bool[visible features, hidden features]; None where all are.

    Raises `SpecError` for a file of other numbers than 0 and 1.
    """
    match layer.connect:
        case Window():
            return ties_of(layer).weights >= 0
        case Mask() as mask:
            return _by_features(_mask(mask, layer), layer)
    return None


def _mask(mask: Mask, layer: Rbm) -> NDArray[np.bool_]:
    """bool[visible unit, hidden unit] of the file."""
    shape = (layer.visible.count, layer.hidden.count)
    values = read_array(mask.folder, mask.path, shape, mask.span)
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        at = first_place(wrong)
        message = f"'{mask.path}' holds {values[at]:g} in {place(*at)}: a mask holds 0 and 1"
        raise SpecError([Problem("out-of-range", message, mask.span)])
    return values.astype(np.bool_)


def _by_features(units: NDArray[np.bool_], layer: Rbm) -> NDArray[np.bool_]:
    """Each unit repeated for its features."""
    wide, high = (side.features // side.count for side in (layer.visible, layer.hidden))
    return np.repeat(np.repeat(units, wide, axis=0), high, axis=1)


def ties_of(layer: Rbm) -> Ties:
    """The classes of the parameters of a layer that is connected by windows.

    A weight of a window that is `shared` belongs to the displacement of the visible cell from the
    block of the hidden unit, to the letters of both, and to their features; biases to letter and
    feature. Without sharing each parameter is a class of its own. Raises `TypeError` for another
    connection.
    """
    window, below, above = layer.connect, layer.visible.places, layer.hidden.places
    if not (
        isinstance(window, Window) and isinstance(below, Lattice) and isinstance(above, Lattice)
    ):
        raise TypeError(f"a layer that is connected by {window} has no windows")
    units = np.full((layer.visible.count, layer.hidden.count), -1, dtype=np.int64)
    letters, columns = len(below.basis), np.arange(layer.hidden.count)
    cells = np.stack(np.unravel_index(columns // len(above.basis), above.cells))
    for number, step in enumerate(product(range(window.width), repeat=below.dimension)):
        place = cells * window.b + window.first + np.array(step)[:, None]
        rows, inside = _numbers(place, below)
        for letter in range(letters):
            kind = (number * letters + letter) * len(above.basis) + columns % len(above.basis)
            at = (rows * letters + letter)[inside], columns[inside]
            units[at] = kind[inside] if window.shared else (at[0] * layer.hidden.count + at[1])
    return Ties(
        weights=_featured(units, layer),
        visible=_biases(layer.visible, window.shared),
        hidden=_biases(layer.hidden, window.shared),
    )


def _numbers(
    cells: NDArray[np.int64], lattice: Lattice
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The numbers of cells int64[axis, cell] around the boundary, and which of them there are:
    none lie beyond an open edge."""
    sizes = np.array(lattice.cells)[:, None]
    beyond = (cells < 0) | (cells >= sizes)
    open_edge = np.array([edge == "open" for edge in lattice.boundary])[:, None]
    numbers = np.ravel_multi_index(tuple(cells % sizes), lattice.cells)
    return np.asarray(numbers), ~(beyond & open_edge).any(axis=0)


def _featured(units: NDArray[np.int64], layer: Rbm) -> Classes:
    """Classes by features of those by units, numbered without gaps."""
    wide, high = (side.features // side.count for side in (layer.visible, layer.hidden))
    pairs = np.arange(wide * high).reshape(1, wide, 1, high)
    whole = units[:, None, :, None]
    classes = np.where(whole >= 0, whole * (wide * high) + pairs, -1)
    return _renumbered(classes.reshape(len(units) * wide, -1))


def _renumbered(classes: NDArray[np.int64]) -> Classes:
    """The same classes, numbered from 0 in rising order."""
    known, numbers = np.unique(classes, return_inverse=True)
    numbers = numbers.reshape(classes.shape) - (1 if known[0] < 0 else 0)
    return numbers.astype(np.int32)


def _biases(side: Side, shared: bool) -> Classes:
    """By letter and feature, or each by itself."""
    numbers = np.arange(side.features, dtype=np.int32)
    if not shared or not isinstance(side.places, Lattice):
        return numbers
    letters, wide = len(side.places.basis), side.features // side.count
    return numbers % (letters * wide)
