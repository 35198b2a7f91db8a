"""From operators to a program that measures them.

Bits of products and signs are counted: S = (number of them) - 2 * (number at -1). On a torus, spins
of a product that coincide cancel, and those of a sign are one spin. At open edges a product is left
out where one of its cells is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from itertools import product as cartesian
from math import lcm, prod
from typing import TYPE_CHECKING

from rgc.model.groups import Group, Reach, Sign, Signs, present
from rgc.model.lattice import Cell, Lattice
from rgc.model.observables import Tallied
from rgc.model.operators import Product, Spin
from rgc.model.sectors import SectorOperator
from rgc.model.sites import Cells
from rgc.model.spins import Species
from rgc.model_to_program.code_words import load_states, negative_word
from rgc.model_to_program.fields import spin_fields
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.passes.gather_stars import wrapped
from rgc.program.lattice.program import Program, Rule, Stage, TallyArray
from rgc.program.lattice.verify import verify

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]

BATCH = 96
"""Products that one rule measures at most: a compiler's time grows faster than the length of a
rule."""


@dataclass(frozen=True, slots=True)
class TallyRequest:
    """One result array: a row for each operator, for each replica if `replica`, for each coordinate
    of the axes in `axes` (those of the cell at which a product stands)."""

    operators: tuple[Tallied, ...]
    replica: bool = True
    axes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The program of one record, which changes no field. places[array] int64[rows, *axes] is how
    many products each sum has."""

    program: Program
    places: tuple[Counts, ...]

    def sums(self, counts: Sequence[Counts], replicas: int) -> list[Counts]:
        """S from what a kernel counted, int64[record, rows, *axes, replicas] both. Where replicas
        are not kept, S is the sum over all `replicas` of them."""
        return [
            (places[..., None] if array.replica else places * replicas) - 2 * count
            for array, places, count in zip(self.program.tallies, self.places, counts, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One product or sign of one row, on the cells with these residues."""

    array: int
    row: int
    word: Product | Sign
    reach: Reach
    modulus: Cell
    residues: frozenset[Cell]

    def stands(self, cell: Cell, lattice: Lattice) -> bool:
        residue = tuple(x % m for x, m in zip(cell, self.modulus, strict=True))
        return residue in self.residues and present(
            self.reach, cell, lattice.shape, lattice.boundary
        )


def operators_to_tallies(
    lattice: Lattice, species: Sequence[Species], arrays: Sequence[TallyRequest]
) -> Record:
    """The program that measures every operator of every array, in rules of at most `BATCH`
    products. Field n holds species n, and products of a rule share their common parts.

    A group of `merge_terms` is measured as it enters the Hamiltonian, so that H = sum_g c_g S_g +
    constants.
    """
    entries = [
        entry
        for number, array in enumerate(arrays)
        for entry in _entries(number, array, lattice, species)
    ]
    shapes = tuple(
        TallyArray(len(array.operators), replica=array.replica, axes=array.axes) for array in arrays
    )
    classes = [
        (batch, cells)
        for here, cells in _classes(entries, lattice)
        for batch in _batches(here, lattice)
    ]
    rules = {here: number for number, here in enumerate(dict.fromkeys(here for here, _ in classes))}
    program = Program(
        name="measure",
        shape=lattice.cells,
        letters=len(lattice.basis),
        fields=spin_fields(lattice, species),
        rules=tuple(_rule(here, species) for here in rules),
        schedule=tuple(Stage(rules[here], cells) for here, cells in classes),
        tallies=shapes,
    )
    verify(program)
    return Record(program, _places(shapes, classes, lattice))


def _entries(
    array: int, tallies: TallyRequest, lattice: Lattice, species: Sequence[Species]
) -> Iterator[_Entry]:
    origin = (0,) * lattice.dimension
    for row, operator in enumerate(tallies.operators):
        for k, spins in enumerate(operator.products):
            reach = (
                operator.reaches[k]
                if isinstance(operator, Group | Signs)
                else _reach(spins, lattice)
            )
            modulus, residues = (1,) * lattice.dimension, frozenset([origin])
            if isinstance(operator, SectorOperator):
                modulus, residues = operator.modulus, frozenset(operator.residues[k])
            elif isinstance(operator, Signs) and operator.where is not None:
                modulus, residues = operator.where[0], frozenset(operator.where[1])
            yield _Entry(
                array=array,
                row=row,
                word=_joined(operator.signs[k], lattice, species)
                if isinstance(operator, Signs)
                else _cancelled(spins, lattice),
                reach=reach,
                modulus=modulus,
                residues=residues,
            )


def _reach(spins: Product, lattice: Lattice) -> Reach:
    axes = range(lattice.dimension)
    return tuple(
        (min((s.cell[k] for s in spins), default=0), max((s.cell[k] for s in spins), default=0))
        for k in axes
    )


def _cancelled(spins: Product, lattice: Lattice) -> Product:
    """What remains of a product when spins that coincide on the torus cancel, s * s = 1."""
    odd: dict[Spin, Spin] = {}
    for spin in spins:
        place = Spin(wrapped(spin.cell, lattice), spin.letter, spin.species)
        if odd.pop(place, None) is None:
            odd[place] = spin
    return tuple(sorted(odd.values()))


def _joined(sign: Sign, lattice: Lattice, species: Sequence[Species]) -> Sign | Product:
    """The sign as a function of different spins of the torus. One that is 1 in all of their states
    is the product of no spin.
    """
    places = [Spin(wrapped(s.cell, lattice), s.letter, s.species) for s in sign.spins]
    first = dict(zip(reversed(places), reversed(sign.spins), strict=True))
    order = sorted(first)
    counts = [range(len(species[spin.species].codes)) for spin in sign.spins]
    by_state = dict(zip(cartesian(*counts), sign.negative, strict=True))
    negative = []
    for states in cartesian(*(range(len(species[place.species].codes)) for place in order)):
        at = dict(zip(order, states, strict=True))
        negative.append(by_state[tuple(at[place] for place in places)])
    return Sign(tuple(first[place] for place in order), tuple(negative)) if any(negative) else ()


def _classes(
    entries: Sequence[_Entry], lattice: Lattice
) -> Iterator[tuple[tuple[_Entry, ...], Cells]]:
    """The lattice in classes of cells at which the same entries stand."""
    modulus = tuple(
        lcm(*(entry.modulus[axis] for entry in entries)) for axis in range(lattice.dimension)
    )
    for intervals in cartesian(
        *(_intervals(entries, lattice, axis) for axis in range(lattice.dimension))
    ):
        lower, upper = tuple(low for low, _ in intervals), tuple(high for _, high in intervals)
        here: dict[tuple[_Entry, ...], list[Cell]] = {}
        for residue in cartesian(*map(range, modulus)):
            cell = tuple(
                low + (r - low) % m for r, low, m in zip(residue, lower, modulus, strict=True)
            )
            if all(x < high for x, high in zip(cell, upper, strict=True)):
                here.setdefault(
                    tuple(entry for entry in entries if entry.stands(cell, lattice)), []
                ).append(residue)
        yield from (
            (which, Cells(modulus, tuple(residues), lower, upper))
            for which, residues in here.items()
        )


def _batches(entries: tuple[_Entry, ...], lattice: Lattice) -> Iterator[tuple[_Entry, ...]]:
    """The entries of each rule. In a single cell that has many products in one row, each of them
    has a rule of its own: those have the same form."""
    if prod(lattice.cells) == 1:
        rows = Counter((entry.array, entry.row) for entry in entries)
        alone = {row for row, number in rows.items() if number > BATCH}
        yield from ((entry,) for entry in entries if (entry.array, entry.row) in alone)
        entries = tuple(entry for entry in entries if (entry.array, entry.row) not in alone)
    for first in range(0, len(entries), BATCH):
        yield entries[first : first + BATCH]


def _intervals(entries: Sequence[_Entry], lattice: Lattice, axis: int) -> list[tuple[int, int]]:
    """The intervals of an axis on which no product begins or ceases to stand."""
    size = lattice.cells[axis]
    marks = set()
    if lattice.boundary[axis] == "open":
        marks = {
            mark
            for entry in entries
            for mark in (-entry.reach[axis][0], size - entry.reach[axis][1])
        }
    return list(pairwise([0, *sorted(x for x in marks if 0 < x < size), size]))


def _rule(entries: Sequence[_Entry], species: Sequence[Species]) -> Rule:
    code = RuleWriter(0)
    products = sorted(
        {entry.word for entry in entries if not isinstance(entry.word, Sign) and entry.word},
        key=lambda product: (len(product), product),
    )
    for spin in sorted({spin for spins in products for spin in spins}):
        code.spin(spin)
    for spins in products:
        code.product(spins)
    for entry in entries:
        if isinstance(entry.word, Sign):
            states = [load_states(code, spin, species[spin.species]) for spin in entry.word.spins]
            word = negative_word(code, entry.word.negative, states)
            code.tally(entry.array, entry.row, word)
        elif entry.word:
            code.tally(entry.array, entry.row, code.product(entry.word))
    return code.rule()


def _places(
    arrays: Sequence[TallyArray],
    classes: Sequence[tuple[tuple[_Entry, ...], Cells]],
    lattice: Lattice,
) -> tuple[Counts, ...]:
    import numpy as np

    from rgc.program.lattice.cells import cell_table

    places = [
        np.zeros((array.rows, *(lattice.cells[axis] for axis in array.axes)), np.int64)
        for array in arrays
    ]
    for entries, cells in classes:
        table = cell_table(cells, lattice.cells)
        for entry in entries:
            index = tuple(table[:, axis] for axis in arrays[entry.array].axes)
            if index:
                np.add.at(places[entry.array][entry.row], index, 1)
            else:
                places[entry.array][entry.row] += len(table)
    return tuple(places)
