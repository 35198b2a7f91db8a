"""The static layout as tables: which row a load means, so that generated code knows neither shape
nor dimension.

The cells of a sublattice (`rgc.program.lattice.sublattices`) that share all coordinates but the
last form a row, contiguous with their words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.nodes import Load
from rgc.program.lattice.outlining import kept_axes, outline
from rgc.program.lattice.program import Program
from rgc.program.lattice.sublattices import Box, Cell, FieldLayout, Sublattice, Sublattices, Table
from rgc_numba import closures


@dataclass(frozen=True, slots=True)
class Tables:
    """What generated code walks.

    - `stages` int64[stage, 3 + 2 fields]: body, first and last row in its table, first and last
      entry in the copies of each field.
    - The table of a body, int64[row, column]: cells in the row, canonical number of the first site,
      address of every load, address of every store, and first position and pace for each of
      `kept_axes`.
    - `copies` of a field, int64[copy, 3]: destination, source, cells. The first `fresh` of them
      fill every halo.
    - `pace`: canonical numbers from one site of a row to the next.
    - `closures`: the tables of `rgc_numba.closures`. The stages of a closure are one entry of
      `stages`, with a body of its own after all others and no rows.
    """

    stages: Table
    bodies: tuple[Table, ...]
    copies: tuple[Table, ...]
    fresh: tuple[int, ...]
    pace: int
    closures: tuple[NDArray[np.int32], ...] = ()


class Layout(Sublattices):
    """The layouts of the fields of a program, and its tables. Raises `ValueError` where rows do not
    vectorise."""

    def tables(self) -> Tables:
        bodies: list[list[Table]] = [[] for _ in outline(self.program)[0]]
        copies = [[_join(self._refresh(n, None), 3)] for n in range(len(self.fields))]
        fresh = tuple(len(parts[0]) for parts in copies)
        filled, copied = [0] * len(bodies), list(fresh)
        stages, closed = [], len(bodies)
        for turn in self.program.turns:
            if self.program.schedule[turn.start].until:
                entry = [closed, 0, 0]
                closed += 1
            else:
                body = self.outlined[self.program.schedule[turn.start].rule].body
                boxes = (box for box in self.boxes if box.stage == turn.start)
                rows = _join([self._rows(box) for box in boxes], 2)
                entry = [body, filled[body], filled[body] + len(rows)]
                filled[body] += len(rows)
                bodies[body].append(rows)
            for field, parts in enumerate(copies):
                parts.append(_join(self._refresh(field, turn), 3))
                entry += [copied[field], copied[field] + len(parts[-1])]
                copied[field] += len(parts[-1])
            stages.append(entry)
        pace = self.modulus[-1] * self.program.letters
        table = np.array(stages, dtype=np.int64).reshape(len(stages), -1)
        return Tables(
            table,
            tuple(_join(b, 2) for b in bodies),
            tuple(_join(c, 3) for c in copies),
            fresh,
            pace,
            closures.tables(self.program, self._place),
        )

    def _place(self, load: Load, cells: Table) -> Table:
        """Where a load finds its words, without halos."""
        field = self.program.fields[load.field]
        stride = np.array(load.stride or (1,) * len(field.shape))
        return self.fields[load.field].places(
            load.plane, load.letter, (cells * stride + np.array(load.offset)) % field.shape
        )

    def _rows(self, box: Box) -> Table:
        """The rows of a box as entries of its body's table."""
        program, rule = self.program, self.rule(box)
        outer = _grid(box.lower[:-1], box.upper[:-1])
        first = np.concatenate([outer, np.full((len(outer), 1), box.lower[-1])], axis=1)
        cells = first * np.array(self.modulus) + np.array(box.residue)
        number = np.ravel_multi_index(tuple(cells.T), program.shape) * program.letters + rule.letter
        columns = [np.full(len(outer), box.upper[-1] - box.lower[-1]), number]
        for load in rule.loads:
            sublattice, shift = self.shift(box, load)
            columns.append(self.fields[load.field].addresses(sublattice, first + np.array(shift)))
        for store in rule.stores:
            sublattice = (store.plane, store.letter, box.residue)
            columns.append(self.fields[store.field].addresses(sublattice, first))
        for axes in kept_axes(program):
            shape = tuple(program.shape[axis] for axis in axes)
            columns.append(np.ravel_multi_index(tuple(cells[:, axes].T), shape))
            columns.append(np.full(len(outer), _pace(axes, shape, self.modulus)))
        return np.stack(columns, axis=-1).astype(np.int64)

    def _refresh(self, field: int, turn: range | None) -> list[Table]:
        """The copies into the halos of a field: of every sublattice, or of those that some stages
        write."""
        wanted = None if turn is None else self._written(field, turn)
        layout = self.fields[field]
        return [
            _copies(layout, sublattice, low, high)
            for (owner, sublattice), (low, high) in self.needs.items()
            if owner == field
            and (wanted is None or sublattice in wanted)
            and (any(low) or any(high))
        ]

    def _written(self, field: int, turn: range) -> set[Sublattice]:
        return {
            (store.plane, store.letter, box.residue)
            for box in self.boxes
            if box.stage in turn
            for store in self.rule(box).stores
            if store.field == field
        }


def on_rows(
    program: Program, now: Sequence[FieldLayout | None] = ()
) -> tuple[tuple[FieldLayout, ...], Tables]:
    """The layouts of the fields and the tables of rows. Raises `ValueError` where rows do not
    vectorise."""
    layout = Layout(program, now)
    return layout.fields, layout.tables()


def on_sites(
    program: Program, now: Sequence[FieldLayout | None] = ()
) -> tuple[tuple[FieldLayout, ...], Tables]:
    """The same with one site in every row and no sublattices: any program."""
    del now
    one, zero = (1,) * len(program.shape), (0,) * len(program.shape)
    fields = tuple(
        FieldLayout(
            shape=f.shape,
            planes=f.planes,
            letters=f.letters,
            modulus=one,
            extent=f.shape,
            low=zero,
            high=zero,
        )
        for f in program.fields
    )
    bodies, outlined = outline(program)
    parts: list[list[Table]] = [[] for _ in bodies]
    filled = [0] * len(bodies)
    stages = []
    for stage in program.schedule:
        rule, cells = outlined[stage.rule], cell_table(stage.cells, program.shape)
        number = np.ravel_multi_index(tuple(cells.T), program.shape) * program.letters + rule.letter
        columns = [np.ones(len(cells), dtype=np.int64), number]
        for load in rule.loads:
            wrapped = (cells * (load.stride or one) + np.array(load.offset)) % fields[
                load.field
            ].shape
            columns.append(fields[load.field].addresses((load.plane, load.letter, zero), wrapped))
        for store in rule.stores:
            columns.append(fields[store.field].addresses((store.plane, store.letter, zero), cells))
        for axes in kept_axes(program):
            shape = tuple(program.shape[axis] for axis in axes)
            columns += [
                np.ravel_multi_index(tuple(cells[:, axes].T), shape),
                np.zeros(len(cells), np.int64),
            ]
        parts[rule.body].append(np.stack(columns, axis=-1).astype(np.int64))
        stages.append(
            (rule.body, filled[rule.body], filled[rule.body] + len(cells), *([0, 0] * len(fields)))
        )
        filled[rule.body] += len(cells)
    none = (np.zeros((0, 3), dtype=np.int64),) * len(fields)
    table = np.array(stages, dtype=np.int64).reshape(-1, 3 + 2 * len(fields))
    return fields, Tables(
        table, tuple(_join(part, 2) for part in parts), none, (0,) * len(fields), 0
    )


def _copies(layout: FieldLayout, sublattice: Sublattice, low: Cell, high: Cell) -> Table:
    """Destination, source and length of the contiguous segments of a halo. Rows inside the
    sublattice only get their ends."""
    extent = np.array(layout.extent)
    outer = _grid(
        tuple(-a for a in low[:-1]),
        tuple(e + b for e, b in zip(layout.extent[:-1], high[:-1], strict=True)),
    )
    inside = ((outer >= 0) & (outer < extent[:-1])).all(axis=1)
    pieces = []
    for start, length in _pieces(-low[-1], layout.extent[-1] + high[-1], layout.extent[-1]):
        rows = outer if start < 0 or start >= layout.extent[-1] else outer[~inside]
        cells = np.concatenate([rows, np.full((len(rows), 1), start)], axis=1)
        source = layout.addresses(sublattice, cells % extent)
        pieces.append(
            np.stack(
                [layout.addresses(sublattice, cells), source, np.full(len(rows), length)], axis=-1
            )
        )
    return _join(pieces, 3)


def _pieces(start: int, stop: int, period: int) -> Iterator[tuple[int, int]]:
    """Start and length of the parts of a range that lie within one period."""
    while start < stop:
        end = min(stop, (start // period + 1) * period)
        yield start, end - start
        start = end


def _pace(axes: Cell, shape: Cell, modulus: Cell) -> int:
    """How far the position along kept axes moves from one cell of a row to the next."""
    last = len(modulus) - 1
    return prod(shape[axes.index(last) + 1 :]) * modulus[last] if last in axes else 0


def _grid(lower: Cell, upper: Cell) -> Table:
    """The cells of a box as int64[cell, axis], row-major."""
    axes = [np.arange(a, b, dtype=np.int64) for a, b in zip(lower, upper, strict=True)]
    if not axes:
        return np.zeros((1, 0), dtype=np.int64)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def _join(parts: list[Table], width: int) -> Table:
    return (
        np.ascontiguousarray(np.concatenate(parts))
        if parts
        else np.zeros((0, width), dtype=np.int64)
    )
