"""The geometry of a static layout: sublattices of a supercell with halos, in which every load of a
rule is a shift.

A field of modulus M is kept as u64[plane, letter, residue mod M, padded cells, word]. The cells of
one residue lie as a lattice of their own, so a neighbour of every site of a sublattice is another
sublattice, moved as a whole. Backends that vectorise over rows of sites take the shifts from here
and decide themselves how they store and walk the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd, lcm, prod

import numpy as np
from numpy.typing import NDArray

from rgc.model.sites import Cells
from rgc.program.lattice.nodes import Couple, Load, Weigh
from rgc.program.lattice.outlining import Outlined, outline
from rgc.program.lattice.program import Field, Program, Stage

Table = NDArray[np.int64]
Cell = tuple[int, ...]
Sublattice = tuple[int, int, Cell]
"""Plane, letter, residue."""

RESIDUES = 64
"""A supercell of more cells than this has rows too short to be worth it."""

JOINED = 16
"""A supercell of more cells than this is not worth sharing a layout with another program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLayout:
    """A field of `shape` cells in sublattices of `extent` cells, with halos of `low` and `high`
    cells on each axis."""

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
    def sublattices(self) -> int:
        return self.planes * self.letters * prod(self.modulus)

    @property
    def columns(self) -> int:
        """Cells of the whole private array."""
        return self.sublattices * prod(self.padded)

    def number(self, sublattice: Sublattice) -> int:
        """Which of the sublattices it is, in the order in which they are kept."""
        plane, letter, residue = sublattice
        return (plane * self.letters + letter) * prod(self.modulus) + ravel(residue, self.modulus)

    def addresses(self, sublattice: Sublattice, cells: Table) -> Table:
        """Where cells int64[cell, axis] of a sublattice lie, in cells from the start of the
        array."""
        inner = np.ravel_multi_index(tuple((cells + np.array(self.low)).T), self.padded)
        return np.asarray(self.number(sublattice) * prod(self.padded) + inner, dtype=np.int64)

    def places(self, plane: int, letter: int, cells: Table) -> Table:
        """Where cells int64[cell, axis] of the field lie, whatever their sublattices."""
        modulus = np.array(self.modulus)
        residues = np.ravel_multi_index(tuple((cells % modulus).T), self.modulus)
        inner = self.addresses((plane, letter, (0,) * len(self.modulus)), cells // modulus)
        return np.asarray(inner + residues * prod(self.padded), dtype=np.int64)


NOTHING = FieldLayout(shape=(), planes=0, letters=0, modulus=(), extent=(), low=(), high=())
"""The layout of a field that a program does not use."""


@dataclass(frozen=True, slots=True)
class Box:
    """The cells modulus * y + residue, lower <= y < upper, of a stage."""

    stage: int
    residue: Cell
    lower: Cell
    upper: Cell

    @property
    def extent(self) -> Cell:
        return tuple(b - a for a, b in zip(self.lower, self.upper, strict=True))


class Sublattices:
    """The layouts of the fields of a program and the boxes of its stages. Where it can be, a layout
    is a refinement of those that the fields have `now`, so that programs which take turns come to
    agree on one. Raises `ValueError` where rows do not vectorise.

    `needs[field, sublattice]`: the cells that loads read below and above a sublattice, by axis.
    """

    def __init__(self, program: Program, now: Sequence[FieldLayout | None] = ()) -> None:
        self.program = program
        self.strides = _strides(program)
        self._now = now
        self.modulus = _refined(program, _modulus(program), self.strides, now)
        self.outlined = outline(program)[1]
        self.boxes = [
            box for n, stage in enumerate(program.schedule) for box in self._boxes_of(n, stage)
        ]
        self.needs = self._halos()
        self.fields = tuple(self._field(n, field) for n, field in enumerate(program.fields))

    def rule(self, box: Box) -> Outlined:
        """The rule of the stage of a box."""
        return self.outlined[self.program.schedule[box.stage].rule]

    def shift(self, box: Box, load: Load) -> tuple[Sublattice, Cell]:
        """The sublattice that a load reads, and by how many of its cells it is shifted."""
        stride = self.strides[load.field]
        moduli = [m * s for m, s in zip(self.modulus, stride, strict=True)]
        moved = [r * s + o for r, s, o in zip(box.residue, stride, load.offset, strict=True)]
        residue = tuple(x % m for x, m in zip(moved, moduli, strict=True))
        return (load.plane, load.letter, residue), tuple(
            x // m for x, m in zip(moved, moduli, strict=True)
        )

    def number(self, box: Box) -> int:
        """The canonical number of the first site of a box."""
        first = (
            lower * m + r for lower, m, r in zip(box.lower, self.modulus, box.residue, strict=True)
        )
        return (
            ravel(tuple(first), self.program.shape) * self.program.letters + self.rule(box).letter
        )

    @property
    def paces(self) -> Cell:
        """Canonical numbers from one site of a sublattice to the next, by axis."""
        shape = self.program.shape
        return tuple(
            m * self.program.letters * prod(shape[axis + 1 :])
            for axis, m in enumerate(self.modulus)
        )

    def _boxes_of(self, number: int, stage: Stage) -> Iterator[Box]:
        cells = stage.cells
        assert isinstance(cells, Cells)  # noqa: S101  # _modulus has refused lists
        for residue in product(*map(range, self.modulus)):
            if tuple(r % m for r, m in zip(residue, cells.modulus, strict=True)) in set(
                cells.residues
            ):
                bounds = list(zip(cells.lower, cells.upper, residue, self.modulus, strict=True))
                lower = tuple(-((r - low) // m) for low, _, r, m in bounds)
                upper = tuple(-((r - high) // m) for _, high, r, m in bounds)
                if all(a < b for a, b in zip(lower, upper, strict=True)):
                    yield Box(number, residue, lower, upper)

    def _halos(self) -> dict[tuple[int, Sublattice], tuple[Cell, Cell]]:
        needs: dict[tuple[int, Sublattice], tuple[Cell, Cell]] = {}
        for box in self.boxes:
            for load in self.rule(box).loads:
                self._check_edges(box, load)
                sublattice, shift = self.shift(box, load)
                extent = self._extent(load.field)
                low = tuple(max(0, -(a + q)) for a, q in zip(box.lower, shift, strict=True))
                high = tuple(
                    max(0, b + q - e) for b, q, e in zip(box.upper, shift, extent, strict=True)
                )
                old = needs.get((load.field, sublattice), (low, high))
                needs[load.field, sublattice] = _larger(old[0], low), _larger(old[1], high)
        return needs

    def _check_edges(self, box: Box, load: Load) -> None:
        """Raise `ValueError` if a load leaves a lattice that is not a whole number of supercells:
        it would come back elsewhere."""
        edges = zip(box.lower, box.upper, box.residue, self.modulus, strict=True)
        places = zip(
            load.offset,
            self.strides[load.field],
            self.program.fields[load.field].shape,
            strict=True,
        )
        for (low, high, residue, m), (offset, stride, size) in zip(edges, places, strict=True):
            first, last = ((y * m + residue) * stride + offset for y in (low, high - 1))
            if (first < 0 or last >= size) and size % (m * stride):
                raise ValueError(f"{size} cells are no multiple of {m * stride}")

    def _extent(self, field: int) -> Cell:
        shape = self.program.fields[field].shape
        moduli = zip(shape, self.modulus, self.strides[field], strict=True)
        return tuple(-(-size // (m * s)) for size, m, s in moduli)

    def _field(self, number: int, field: Field) -> FieldLayout:
        if number not in self.strides:
            return NOTHING
        zero = (0,) * len(field.shape)
        low, high = zero, zero
        for (owner, _), (below, above) in self.needs.items():
            if owner == number:
                low, high = _larger(low, below), _larger(high, above)
        modulus = tuple(m * s for m, s in zip(self.modulus, self.strides[number], strict=True))
        extent = self._extent(number)
        now = self._now[number] if self._now else None
        if now is not None and now.modulus == modulus:
            low, high = _larger(low, now.low), _larger(high, now.high)
        return FieldLayout(
            shape=field.shape,
            planes=field.planes,
            letters=field.letters,
            modulus=modulus,
            extent=extent,
            low=low,
            high=high,
        )


def ravel(cell: Cell, shape: Cell) -> int:
    """The row-major number of a cell."""
    return int(np.ravel_multi_index(cell, shape))


def _modulus(program: Program) -> Cell:
    """The smallest supercell of all stages. Raises `ValueError` for listed cells, lanes, or a
    supercell too large."""
    modulus = (1,) * len(program.shape)
    for stage in program.schedule:
        if not isinstance(stage.cells, Cells):
            raise ValueError("cells are listed")
        modulus = tuple(lcm(a, b) for a, b in zip(modulus, stage.cells.modulus, strict=True))
    if prod(modulus) > RESIDUES:
        raise ValueError(f"a supercell of {prod(modulus)} cells")
    if any(isinstance(node, Weigh | Couple) for rule in program.rules for node in rule.nodes):
        raise ValueError("lanes are computed one by one")
    return modulus


def _refined(
    program: Program, modulus: Cell, strides: dict[int, Cell], now: Sequence[FieldLayout | None]
) -> Cell:
    """The smallest supercell that is also one of the present layouts of the fields that are read,
    or the given one if rows would be short or the supercell did not divide the lattice."""
    joined = modulus
    for number in {load.field for rule in outline(program)[1] for load in rule.loads}:
        layout = now[number] if now else None
        if layout is not None:
            axes = zip(joined, layout.modulus, strides[number], strict=True)
            joined = tuple(lcm(m, n // gcd(n, s)) for m, n, s in axes)
    fits = all(size % m == 0 for size, m in zip(program.shape, joined, strict=True))
    return joined if fits and prod(joined) <= JOINED else modulus


def _strides(program: Program) -> dict[int, Cell]:
    """The stride by which each field is read, without the fields that are not used. Raises
    `ValueError` for a field read in two ways."""
    one = (1,) * len(program.shape)
    strides: dict[int, Cell] = {}
    for rule in outline(program)[1]:
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


def _larger(a: Cell, b: Cell) -> Cell:
    return tuple(max(x, y) for x, y in zip(a, b, strict=True))
