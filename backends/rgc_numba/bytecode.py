"""Rules as bytecode: the tables that the bytecode kernel is handed instead of generated code."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.nodes import Tally
from rgc.program.lattice.outlining import outline
from rgc.program.lattice.program import Program, TallyArray
from rgc.program.lattice.sublattices import FieldLayout
from rgc_numba import counters
from rgc_numba.bernoulli import FIRST, Baked
from rgc_numba.instructions import STORE, Classes, Instructions, instructions
from rgc_numba.layout import Tables, on_rows, on_sites
from rgc_numba.shares import Layouts, Make, Now
from rgc_numba.state import aligned

Table = NDArray[np.int64]
Words = NDArray[np.uint64]

DRAWN = 128
"""Words of a row that are worked on at once where there are draws: the masks of hundreds of classes
stay in the second cache."""

PAD = 24
"""Words between buffers. A power of two from one to the next would put all of them into the same
sets of the cache."""

MORE = 3 + FIRST
"""Buffers besides those of the instructions: zeros, counters of the words, replicas undecided,
threshold bits of the first planes."""


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """The rules of a program.

    - `tables` are int64[body, 5], where its loads and its instructions begin and end in the next
      two, and its number of loads and stores; int64[load], the field of each; int64[instruction,
      5]; and int64[draw, 2], its key and its first column in the tables of `choose`.
    - `draws` are the classes of each draw.
    - `buffers` is how many buffers the instructions use.
    - `counters` is the number of rows of arrays that are counted vertically, and `busiest` the most
      words that one of them gets from a site.
    """

    tables: tuple[Table, Table, Table, Table]
    draws: tuple[Classes, ...]
    buffers: int
    counters: int
    busiest: int


def encode(program: Program) -> Code:
    """Raises `ValueError` for a program that weighs, or has a closure."""
    if any(stage.until for stage in program.schedule):
        raise ValueError("stages are repeated")
    bodies: list[Instructions] = []
    sums = {n for n, array in enumerate(program.tallies) if kind(array) == "sum"}
    for body in outline(program)[0]:
        bodies.append(instructions(body, sum(len(each.draws) for each in bodies), sums))
    loads, steps = _bounds(each.fields for each in bodies), _bounds(each.steps for each in bodies)
    addresses = [
        len(each.fields) + [step[0] for step in each.steps].count(STORE) for each in bodies
    ]
    bounds = [(*a, *b, n) for a, b, n in zip(loads, steps, addresses, strict=True)]
    draws = [draw for each in bodies for draw in each.draws]
    columns = _bounds(_padded(classes) for _, classes in draws)
    tables = (
        np.array(bounds, np.int64).reshape(-1, 5),
        np.array([field for each in bodies for field in each.fields], np.int64),
        np.array([step for each in bodies for step in each.steps], np.int64).reshape(-1, 5),
        np.array(
            [(key, a) for (key, _), (a, _) in zip(draws, columns, strict=True)], np.int64
        ).reshape(-1, 2),
    )
    tallies = [
        [(node.array, node.row) for node in rule.nodes if isinstance(node, Tally)]
        for rule in program.rules
    ]
    busiest = max((each.count(row) for each in tallies for row in set(each)), default=0)
    counted = sum(array.rows for array in program.tallies if kind(array) == "count")
    buffers = max((each.buffers for each in bodies), default=0)
    return Code(tables, tuple(classes for _, classes in draws), buffers, counted, busiest)


def _bounds(parts: Iterable[Sized]) -> list[tuple[int, int]]:
    """Where each part begins and ends when all stand one after the other."""
    return list(pairwise(accumulate((len(part) for part in parts), initial=0)))


def _padded(classes: Classes) -> range:
    """Columns of a draw: masks are merged four at a time."""
    return range(-(-len(classes) // 4) * 4)


def choose(code: Code, thresholds: Baked, planes: int) -> tuple[Table, Table]:
    """For "always" and every plane the buffers of those masks whose threshold has a bit there:
    int64[1 + planes, column], filled up with the buffer of zeros, and their number int64[draw, 1 +
    planes], rounded up to a multiple of four."""
    found = np.full(
        (1 + planes, sum(len(_padded(each)) for each in code.draws)), code.buffers, np.int64
    )
    counts = np.zeros((len(code.draws), 1 + planes), np.int64)
    for number, classes in enumerate(code.draws):
        first = code.tables[3][number, 1]
        for entry in range(1 + planes):
            here = [mask for mask, slot in classes if thresholds[slot] >> (planes - entry) & 1]
            found[entry, first : first + len(here)] = here
            counts[number, entry] = len(_padded(tuple((mask, 0) for mask in here)))
    return found, counts


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """A program where its fields lie. `tables` are the stages of `Tables`, and int64[row, column]
    of all bodies in one. The rest is as there."""

    tables: tuple[Table, Table]
    copies: tuple[Table, ...]
    fresh: tuple[int, ...]
    pace: int


def layouts(program: Program, where: Make[Tables] = on_rows) -> Layouts[Pieces]:
    """The rows of a program, or where rows do not vectorise its sites one by one."""

    def make(program: Program, now: Now) -> tuple[tuple[FieldLayout, ...], Pieces]:
        fields, made = where(program, now)
        return fields, _pieces(made)

    try:
        return Layouts(program, make)
    except ValueError:
        return layouts(program, on_sites)


def _pieces(made: Tables) -> Pieces:
    width = max((body.shape[1] for body in made.bodies), default=2)
    padded = [np.pad(body, ((0, 0), (0, width - body.shape[1]))) for body in made.bodies]
    first = np.array([0, *accumulate(len(body) for body in padded)])
    stages = made.stages.copy()
    stages[:, 1:3] += first[stages[:, :1]]
    table = np.concatenate(padded) if padded else np.zeros((0, width), np.int64)
    return Pieces((stages, np.ascontiguousarray(table)), made.copies, made.fresh, made.pace)


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """Where a share of so many words works.

    There are buffers u64[buffer, word] for `chunk` cells of a row at once, vertical counters
    u64[counter, plane, word], their carries that wait for another, and the number of batches that
    each has had.
    """

    words: int
    chunk: int
    arrays: tuple[Words, Words, Words, Table]


def room(program: Program, code: Code, words: int) -> Room:
    cells = [len(stage.cells) for stage in program.schedule]
    chunk = (
        counters.chunk(words, max(cells, default=1)) if not code.draws else max(1, DRAWN // words)
    )
    batches = code.busiest * sum(-(-each // chunk) for each in cells)
    planes = code.counters, counters.levels(batches, chunk // 8), chunk // 8 * words
    arrays = (
        aligned((code.buffers + MORE, chunk * words + PAD)),
        aligned(planes),
        aligned(planes),
        np.empty(code.counters, np.int64),
    )
    return Room(words, chunk, arrays)


def kind(array: TallyArray) -> str:
    """How a tally array is added up: `along` kept axes, in vertical counters (`count`), or as one
    `sum`."""
    return "along" if array.axes else "count" if array.replica else "sum"
