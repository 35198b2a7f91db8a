"""The static layout: sublattices of a supercell with halos, so that every load of a row of sites is another row, shifted.

A field of modulus M is kept as u64[plane, letter, residue mod M, padded outer cells, padded columns, word], flat. The cells of a
sublattice that share all coordinates but the last form a row, contiguous with their words. Which row a load means stands in
tables made here, so generated code knows neither shape nor dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd, lcm, prod

import numpy as np
from numpy.typing import NDArray

from rgc.program import Cells
from rgc.program.nodes import Accept, Load, Weigh
from rgc.program.program import Field, Program, Stage
from rgc.program.tables import cell_table
from rgc_numba.bodies import Placed, kept_axes, split

Table = NDArray[np.int64]
Cell = tuple[int, ...]
Sublattice = tuple[int, int, Cell]
"""Plane, letter, residue."""

RESIDUES = 64
"""A supercell of more cells than this has rows too short to be worth it."""

JOINED = 16
"""A supercell of more cells than this is not worth sharing a layout with another program."""


@dataclass(frozen=True, slots=True)
class FieldLayout:
    """A field of `shape` cells in sublattices of `extent` cells, with halos of `low` and `high` cells on each axis."""

    shape: Cell
    planes: int
    letters: int
    modulus: Cell
    extent: Cell
    low: Cell
    high: Cell

    @property
    def padded(self) -> Cell:
        return tuple(e + a + b for e, a, b in zip(self.extent, self.low, self.high, strict=True))

    @property
    def columns(self) -> int:
        """Cells of the whole private array."""
        return self.planes * self.letters * prod(self.modulus) * prod(self.padded)

    def addresses(self, sublattice: Sublattice, cells: Table) -> Table:
        """Where cells int64[cell, axis] of a sublattice lie, in cells from the start of the array."""
        plane, letter, residue = sublattice
        number = (plane * self.letters + letter) * prod(self.modulus) + _ravel(residue, self.modulus)
        inner = np.ravel_multi_index(tuple((cells + np.array(self.low)).T), self.padded)
        return np.asarray(number * prod(self.padded) + inner, dtype=np.int64)


NOTHING = FieldLayout((), 0, 0, (), (), (), ())
"""The layout of a field that a program does not use."""


@dataclass(frozen=True, slots=True)
class Box:
    """The cells modulus * y + residue, lower <= y < upper, of a stage."""

    stage: int
    residue: Cell
    lower: Cell
    upper: Cell


@dataclass(frozen=True, slots=True)
class Tables:
    """What generated code walks.

    `stages` int64[stage, 3 + 2 fields]: body, first and last row in its table, first and last entry in the copies of each field.
    The table of a body is int64[row, column]: cells in the row, canonical number of the first site, address of every load, address of
    every store, and first position and pace for each of `kept_axes`. `copies` of a field: int64[copy, 3] with destination,
    source, cells; the first `fresh` of them fill every halo. `pace`: canonical numbers from one site of a row to the next.
    """

    stages: Table
    bodies: tuple[Table, ...]
    copies: tuple[Table, ...]
    fresh: tuple[int, ...]
    pace: int


class Layout:
    """The layouts of the fields of a program, and its tables. Where it can be, a layout is a refinement of those that the fields
    have `now`, so that programs which take turns come to agree on one. Raises `ValueError` where rows do not vectorise."""

    def __init__(self, program: Program, now: Sequence[FieldLayout | None] = ()) -> None:
        self._program = program
        self._strides = _strides(program)
        self._now = now
        self._modulus = _refined(program, _modulus(program), self._strides, now)
        self._placed = split(program)[1]
        self._boxes = [box for n, stage in enumerate(program.schedule) for box in self._boxes_of(n, stage)]
        self._needs = self._halos()
        self.fields = tuple(self._field(n, field) for n, field in enumerate(program.fields))

    def _boxes_of(self, number: int, stage: Stage) -> Iterator[Box]:
        cells = stage.cells
        assert isinstance(cells, Cells)  # noqa: S101  # _modulus has refused lists
        for residue in product(*map(range, self._modulus)):
            if tuple(r % m for r, m in zip(residue, cells.modulus, strict=True)) in set(cells.residues):
                bounds = list(zip(cells.lower, cells.upper, residue, self._modulus, strict=True))
                lower = tuple(-((r - low) // m) for low, _, r, m in bounds)
                upper = tuple(-((r - high) // m) for _, high, r, m in bounds)
                if all(a < b for a, b in zip(lower, upper, strict=True)):
                    yield Box(number, residue, lower, upper)

    def _shift(self, box: Box, load: Load) -> tuple[Sublattice, Cell]:
        """The sublattice that a load reads, and by how many of its cells it is shifted."""
        stride = self._strides[load.field]
        moduli = [m * s for m, s in zip(self._modulus, stride, strict=True)]
        moved = [r * s + o for r, s, o in zip(box.residue, stride, load.offset, strict=True)]
        residue = tuple(x % m for x, m in zip(moved, moduli, strict=True))
        return (load.plane, load.letter, residue), tuple(x // m for x, m in zip(moved, moduli, strict=True))

    def _halos(self) -> dict[tuple[int, Sublattice], tuple[Cell, Cell]]:
        """The cells that loads read below and above each sublattice, by axis."""
        needs: dict[tuple[int, Sublattice], tuple[Cell, Cell]] = {}
        for box in self._boxes:
            for load in self._rule(box).loads:
                self._check_edges(box, load)
                sublattice, shift = self._shift(box, load)
                extent = self._extent(load.field)
                low = tuple(max(0, -(a + q)) for a, q in zip(box.lower, shift, strict=True))
                high = tuple(max(0, b + q - e) for b, q, e in zip(box.upper, shift, extent, strict=True))
                old = needs.get((load.field, sublattice), (low, high))
                needs[load.field, sublattice] = _larger(old[0], low), _larger(old[1], high)
        return needs

    def _check_edges(self, box: Box, load: Load) -> None:
        """Raise `ValueError` if a load leaves a lattice that is not a whole number of supercells: it would come back elsewhere."""
        edges = zip(box.lower, box.upper, box.residue, self._modulus, strict=True)
        places = zip(
            load.offset, self._strides[load.field], self._program.fields[load.field].shape, strict=True
        )
        for (low, high, residue, m), (offset, stride, size) in zip(edges, places, strict=True):
            first, last = ((y * m + residue) * stride + offset for y in (low, high - 1))
            if (first < 0 or last >= size) and size % (m * stride):
                raise ValueError(f"{size} cells are no multiple of {m * stride}")

    def _rule(self, box: Box) -> Placed:
        return self._placed[self._program.schedule[box.stage].rule]

    def _extent(self, field: int) -> Cell:
        shape = self._program.fields[field].shape
        moduli = zip(shape, self._modulus, self._strides[field], strict=True)
        return tuple(-(-size // (m * s)) for size, m, s in moduli)

    def _field(self, number: int, field: Field) -> FieldLayout:
        if number not in self._strides:
            return NOTHING
        zero = (0,) * len(field.shape)
        low, high = zero, zero
        for (owner, _), (below, above) in self._needs.items():
            if owner == number:
                low, high = _larger(low, below), _larger(high, above)
        modulus = tuple(m * s for m, s in zip(self._modulus, self._strides[number], strict=True))
        extent = self._extent(number)
        now = self._now[number] if self._now else None
        if now is not None and now.modulus == modulus:
            low, high = _larger(low, now.low), _larger(high, now.high)
        return FieldLayout(field.shape, field.planes, field.letters, modulus, extent, low, high)

    def tables(self) -> Tables:
        bodies: list[list[Table]] = [[] for _ in split(self._program)[0]]
        copies = [[_join(self._refresh(n, None), 3)] for n in range(len(self.fields))]
        fresh = tuple(len(parts[0]) for parts in copies)
        filled, copied = [0] * len(bodies), list(fresh)
        stages = []
        for number, stage in enumerate(self._program.schedule):
            rule = self._placed[stage.rule]
            rows = _join([self._rows(box) for box in self._boxes if box.stage == number], 2)
            entry = [rule.body, filled[rule.body], filled[rule.body] + len(rows)]
            filled[rule.body] += len(rows)
            bodies[rule.body].append(rows)
            for field, parts in enumerate(copies):
                parts.append(_join(self._refresh(field, number), 3))
                entry += [copied[field], copied[field] + len(parts[-1])]
                copied[field] += len(parts[-1])
            stages.append(entry)
        pace = self._modulus[-1] * self._program.letters
        table = np.array(stages, dtype=np.int64).reshape(len(stages), -1)
        return Tables(
            table, tuple(_join(b, 2) for b in bodies), tuple(_join(c, 3) for c in copies), fresh, pace
        )

    def _rows(self, box: Box) -> Table:
        """The rows of a box as entries of its body's table."""
        program, rule = self._program, self._rule(box)
        outer = _grid(box.lower[:-1], box.upper[:-1])
        first = np.concatenate([outer, np.full((len(outer), 1), box.lower[-1])], axis=1)
        cells = first * np.array(self._modulus) + np.array(box.residue)
        number = np.ravel_multi_index(tuple(cells.T), program.shape) * program.letters + rule.letter
        columns = [np.full(len(outer), box.upper[-1] - box.lower[-1]), number]
        for load in rule.loads:
            sublattice, shift = self._shift(box, load)
            columns.append(self.fields[load.field].addresses(sublattice, first + np.array(shift)))
        for store in rule.stores:
            sublattice = (store.plane, rule.letter, box.residue)
            columns.append(self.fields[store.field].addresses(sublattice, first))
        for axes in kept_axes(program):
            shape = tuple(program.shape[axis] for axis in axes)
            columns.append(np.ravel_multi_index(tuple(cells[:, axes].T), shape))
            columns.append(np.full(len(outer), _pace(axes, shape, self._modulus)))
        return np.stack(columns, axis=-1).astype(np.int64)

    def _refresh(self, field: int, stage: int | None) -> list[Table]:
        """The copies into the halos of a field: of every sublattice, or of those that a stage writes."""
        wanted = None if stage is None else self._written(field, stage)
        layout = self.fields[field]
        return [
            _copies(layout, sublattice, low, high)
            for (owner, sublattice), (low, high) in self._needs.items()
            if owner == field and (wanted is None or sublattice in wanted) and (any(low) or any(high))
        ]

    def _written(self, field: int, stage: int) -> set[Sublattice]:
        return {
            (store.plane, self._rule(box).letter, box.residue)
            for box in self._boxes
            if box.stage == stage
            for store in self._rule(box).stores
            if store.field == field
        }


def on_rows(
    program: Program, now: Sequence[FieldLayout | None] = ()
) -> tuple[tuple[FieldLayout, ...], Tables]:
    """The layouts of the fields and the tables of rows. Raises `ValueError` where rows do not vectorise."""
    layout = Layout(program, now)
    return layout.fields, layout.tables()


def on_sites(
    program: Program, now: Sequence[FieldLayout | None] = ()
) -> tuple[tuple[FieldLayout, ...], Tables]:
    """The same with one site in every row and no sublattices: any program."""
    del now
    one, zero = (1,) * len(program.shape), (0,) * len(program.shape)
    fields = tuple(
        FieldLayout(f.shape, f.planes, f.letters, one, f.shape, zero, zero) for f in program.fields
    )
    bodies, placed = split(program)
    parts: list[list[Table]] = [[] for _ in bodies]
    filled = [0] * len(bodies)
    stages = []
    for stage in program.schedule:
        rule, cells = placed[stage.rule], cell_table(stage.cells, program.shape)
        number = np.ravel_multi_index(tuple(cells.T), program.shape) * program.letters + rule.letter
        columns = [np.ones(len(cells), dtype=np.int64), number]
        for load in rule.loads:
            wrapped = (cells * (load.stride or one) + np.array(load.offset)) % fields[load.field].shape
            columns.append(fields[load.field].addresses((load.plane, load.letter, zero), wrapped))
        for store in rule.stores:
            columns.append(fields[store.field].addresses((store.plane, rule.letter, zero), cells))
        for axes in kept_axes(program):
            shape = tuple(program.shape[axis] for axis in axes)
            columns += [np.ravel_multi_index(tuple(cells[:, axes].T), shape), np.zeros(len(cells), np.int64)]
        parts[rule.body].append(np.stack(columns, axis=-1).astype(np.int64))
        stages.append((rule.body, filled[rule.body], filled[rule.body] + len(cells), *([0, 0] * len(fields))))
        filled[rule.body] += len(cells)
    none = (np.zeros((0, 3), dtype=np.int64),) * len(fields)
    table = np.array(stages, dtype=np.int64).reshape(-1, 3 + 2 * len(fields))
    return fields, Tables(table, tuple(_join(part, 2) for part in parts), none, (0,) * len(fields), 0)


def _copies(layout: FieldLayout, sublattice: Sublattice, low: Cell, high: Cell) -> Table:
    """Destination, source and length of the contiguous pieces of a halo; rows inside the sublattice only get their ends."""
    extent = np.array(layout.extent)
    outer = _grid(
        tuple(-a for a in low[:-1]), tuple(e + b for e, b in zip(layout.extent[:-1], high[:-1], strict=True))
    )
    inside = ((outer >= 0) & (outer < extent[:-1])).all(axis=1)
    pieces = []
    for start, length in _pieces(-low[-1], layout.extent[-1] + high[-1], layout.extent[-1]):
        rows = outer if start < 0 or start >= layout.extent[-1] else outer[~inside]
        cells = np.concatenate([rows, np.full((len(rows), 1), start)], axis=1)
        source = layout.addresses(sublattice, cells % extent)
        pieces.append(
            np.stack([layout.addresses(sublattice, cells), source, np.full(len(rows), length)], axis=-1)
        )
    return _join(pieces, 3)


def _pieces(start: int, stop: int, period: int) -> Iterator[tuple[int, int]]:
    """Start and length of the parts of a range that lie within one period."""
    while start < stop:
        end = min(stop, (start // period + 1) * period)
        yield start, end - start
        start = end


def _modulus(program: Program) -> Cell:
    """The smallest supercell of all stages. Raises `ValueError` for listed cells, lanes, or a supercell too large."""
    modulus = (1,) * len(program.shape)
    for stage in program.schedule:
        if not isinstance(stage.cells, Cells):
            raise ValueError("cells are listed")
        modulus = tuple(lcm(a, b) for a, b in zip(modulus, stage.cells.modulus, strict=True))
    if prod(modulus) > RESIDUES:
        raise ValueError(f"a supercell of {prod(modulus)} cells")
    if any(isinstance(node, Weigh | Accept) for rule in program.rules for node in rule.nodes):
        raise ValueError("lanes are computed one by one")
    return modulus


def _refined(
    program: Program, modulus: Cell, strides: dict[int, Cell], now: Sequence[FieldLayout | None]
) -> Cell:
    """The smallest supercell that is also one of the present layouts of the fields that are read; the given one if its rows would be
    short or it did not divide the lattice."""
    joined = modulus
    for number in {load.field for rule in split(program)[1] for load in rule.loads}:
        layout = now[number] if now else None
        if layout is not None:
            axes = zip(joined, layout.modulus, strides[number], strict=True)
            joined = tuple(lcm(m, n // gcd(n, s)) for m, n, s in axes)
    fits = all(size % m == 0 for size, m in zip(program.shape, joined, strict=True))
    return joined if fits and prod(joined) <= JOINED else modulus


def _strides(program: Program) -> dict[int, Cell]:
    """The stride by which each field is read; fields that are not used are left out. Raises `ValueError` for a field read in two ways."""
    one = (1,) * len(program.shape)
    strides: dict[int, Cell] = {}
    for rule in split(program)[1]:
        used = [(load.field, load.stride or one) for load in rule.loads]
        for number, stride in used + [(store.field, one) for store in rule.stores]:
            if strides.setdefault(number, stride) != stride:
                raise ValueError("a field is read with two strides")
    for number, stride in strides.items():
        shape = program.fields[number].shape
        if len(shape) != len(one) or any(
            n != s * c for n, s, c in zip(shape, stride, program.shape, strict=True)
        ):
            raise ValueError("a field is not the running lattice times the stride")
    return strides


def _pace(axes: Cell, shape: Cell, modulus: Cell) -> int:
    """How far the position along kept axes moves from one cell of a row to the next."""
    last = len(modulus) - 1
    return prod(shape[axes.index(last) + 1 :]) * modulus[last] if last in axes else 0


def _larger(a: Cell, b: Cell) -> Cell:
    return tuple(max(x, y) for x, y in zip(a, b, strict=True))


def _ravel(cell: Cell, shape: Cell) -> int:
    return int(np.ravel_multi_index(cell, shape))


def _grid(lower: Cell, upper: Cell) -> Table:
    """The cells of a box as int64[cell, axis], row-major."""
    axes = [np.arange(a, b, dtype=np.int64) for a, b in zip(lower, upper, strict=True)]
    if not axes:
        return np.zeros((1, 0), dtype=np.int64)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def _join(parts: list[Table], width: int) -> Table:
    return np.ascontiguousarray(np.concatenate(parts)) if parts else np.zeros((0, width), dtype=np.int64)
