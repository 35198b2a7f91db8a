"""Programs on the static layout: a load of all sites of a box is a slice, from a place that stands
in a table.

The array of a field is u64[sublattice, padded cells, padded row * words]. A lattice of one axis has
rows in a single line. Boxes of one body and one extent are entries of one set of tables, so that
they are compiled once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from rgc.program.lattice.outlining import outline
from rgc.program.lattice.program import Program
from rgc.program.lattice.sublattices import Box, Cell, FieldLayout, Sublattices
from rgc_jax import tallies
from rgc_jax.call import Totals, turns

Table = NDArray[np.int32]
Signs = tuple[int, ...]
"""For each axis whether a piece of a halo lies below (-1), above (1) or beside (0) the cells that
it continues."""

WALKS = 12
"""A program of more kinds of boxes than this takes longer to compile than it is worth."""


def lines(cell: Cell, alone: int) -> Cell:
    """A lattice of one axis gets one before it."""
    return cell if len(cell) > 1 else (alone, *cell)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Walk:
    """Boxes of one body and one extent.

    - `loads` and `stores` int32[box, load, 1 + axis] are the sublattice, and the first cell from
      the corner of the padded array.
    - `numbers` u64[box] is the canonical number of the first site.
    - `lower` and `residue` are int32[box, axis].
    """

    body: int
    extent: Cell
    loads: Table
    stores: Table
    numbers: NDArray[np.uint64]
    lower: Table
    residue: Table


class Rows:
    """A program and where its fields lie. Raises `ValueError` where rows do not vectorise, or for
    too many bodies and extents."""

    def __init__(self, program: Program, now: Sequence[FieldLayout | None] = ()) -> None:
        self.program, self._geometry = program, Sublattices(program, now)
        self.layouts, self.modulus = self._geometry.fields, self._geometry.modulus
        self.paces = lines(self._geometry.paces, 0)
        self.bodies = outline(program)[0]
        boxes: dict[tuple[int, Cell], list[Box]] = {}
        order: list[tuple[int, tuple[int, int]]] = []
        for box in self._geometry.boxes:
            alike = boxes.setdefault((self._geometry.rule(box).body, lines(box.extent, 1)), [])
            order.append((box.stage, (list(boxes.values()).index(alike), len(alike))))
            alike.append(box)
        self.turns = turns(program, order)
        if len(boxes) > WALKS:
            raise ValueError(f"{len(boxes)} kinds of boxes")
        self.walks = [self._walk(body, extent, alike) for (body, extent), alike in boxes.items()]
        self.halos = [self._signs(number) for number in range(len(program.fields))]
        self._check_whole()

    def _walk(self, body: int, extent: Cell, boxes: Sequence[Box]) -> Walk:
        geometry, loads, stores = self._geometry, [], []
        for box in boxes:
            rule = geometry.rule(box)
            moved = [(geometry.shift(box, load), load.field) for load in rule.loads]
            loads.append([self._start(field, *place, box.lower) for place, field in moved])
            mine = [
                ((store.plane, store.letter, box.residue), store.field) for store in rule.stores
            ]
            zero = (0,) * len(box.lower)
            stores.append([self._start(field, place, zero, box.lower) for place, field in mine])
        numbers = np.array([geometry.number(box) for box in boxes], dtype=np.uint64)
        width = 1 + len(extent)
        return Walk(
            body=body,
            extent=extent,
            loads=np.array(loads, dtype=np.int32).reshape(len(boxes), -1, width),
            stores=np.array(stores, dtype=np.int32).reshape(len(boxes), -1, width),
            numbers=numbers,
            lower=np.array([lines(box.lower, 0) for box in boxes], dtype=np.int32),
            residue=np.array([lines(box.residue, 0) for box in boxes], dtype=np.int32),
        )

    def _start(self, field: int, place: tuple[int, int, Cell], shift: Cell, lower: Cell) -> Cell:
        layout = self.layouts[field]
        cell = tuple(a + q + b for a, q, b in zip(layout.low, shift, lower, strict=True))
        return (layout.number(place), *lines(cell, 0))

    def _signs(self, field: int) -> list[Signs]:
        """The pieces of the halos of a field that loads read."""
        found: set[Signs] = set()
        geometry = self._geometry
        for box in geometry.boxes:
            for load in geometry.rule(box).loads:
                if load.field == field:
                    _, shift = geometry.shift(box, load)
                    sides = zip(
                        box.lower, box.upper, shift, self.layouts[field].extent, strict=True
                    )
                    signs = [
                        [0, *([-1] if a + q < 0 else []), *([1] if b + q > e else [])]
                        for a, b, q, e in sides
                    ]
                    found.update(lines(each, 0) for each in product(*signs) if any(each))
        return sorted(found)

    def _check_whole(self) -> None:
        """A halo is filled from whole sublattices that are at least as wide."""
        for number, signs in enumerate(self.halos):
            layout = self.layouts[number]
            for axis, (low, high, extent) in enumerate(
                zip(layout.low, layout.high, layout.extent, strict=True)
            ):
                if max(low, high) > extent:
                    raise ValueError("a halo is wider than its sublattice")
                for box in self._geometry.boxes if signs and low + high else ():
                    stored = any(store.field == number for store in self._geometry.rule(box).stores)
                    if stored and (box.lower[axis], box.upper[axis]) != (0, extent):
                        raise ValueError("a part of a sublattice is written")

    def array(self, number: int, words: int) -> tuple[int, ...]:
        """The shape of the array of a field."""
        layout = self.layouts[number]
        *outer, row = lines(layout.padded, 1)
        return (layout.sublattices, *outer, row * words)

    def empty(self, words: int) -> Totals:
        """What tallies have counted before anything is."""
        return tallies.empty(self.program, self.modulus, words)

    def joined(self, totals: Totals) -> Totals:
        """int64[row, *kept axes, lane] of totals."""
        return tallies.joined(self.program, totals)

    def refresh(self, number: int, array: jax.Array, words: int) -> jax.Array:
        """The array of a field with its halos filled, as far as they are read."""
        if not self.halos[number]:
            return array
        layout = self.layouts[number]
        inner = [
            (low, extent)
            for low, extent in zip(lines(layout.low, 0), lines(layout.extent, 1), strict=True)
        ]
        for axis in range(1, array.ndim):
            unit = words if axis == array.ndim - 1 else 1
            low, extent = inner[axis - 1]
            high = array.shape[axis] // unit - low - extent
            if low + high:
                middle = lax.slice_in_dim(array, low * unit, (low + extent) * unit, axis=axis)
                last = lax.slice_in_dim(middle, (extent - low) * unit, extent * unit, axis=axis)
                head = lax.slice_in_dim(middle, 0, high * unit, axis=axis)
                array = jnp.concatenate([last, middle, head], axis=axis)
        return array
