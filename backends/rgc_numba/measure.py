"""The measuring kernel: programs that only load, combine and tally are carried out from tables, so that operators compile nothing.

Words are brought from rows of sites into buffers until those are full; then every instruction of the rule runs over its buffers.
The generated source knows how many fields there are and what the tally arrays keep, and nothing else of a program.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from rgc.program.bodies import kept_axes, split
from rgc.program.nodes import Tally
from rgc.program.program import Program, TallyArray
from rgc.program.sublattices import FieldLayout
from rgc_numba import counters, rows
from rgc_numba.instructions import AND, NOT, OR, TALLY, XOR, instructions
from rgc_numba.layout import Tables, on_rows, on_sites
from rgc_numba.shares import Layouts, Make, Now
from rgc_numba.source import POPCOUNT, PREAMBLE, each_word, indent

Table = NDArray[np.int64]
Words = NDArray[np.uint64]

LOGIC = {AND: "x & y", OR: "x | y", XOR: "x ^ y", NOT: "~x"}


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """The rules of a program as data.

    `tables`: int64[body, 4], where its loads and its instructions begin and end in the other two; int64[load], the field of each;
    int64[instruction, 4]. `buffers`: how many the instructions use; `counters`: rows of arrays that are counted vertically;
    `busiest`: words that one row of them gets from a site at most.
    """

    tables: tuple[Table, Table, Table]
    buffers: int
    counters: int
    busiest: int


def encode(program: Program) -> Code:
    """Raises `ValueError` for a program that draws, stores or weighs."""
    bodies = [instructions(body) for body in split(program)[0]]
    loads = accumulate((len(body.fields) for body in bodies), initial=0)
    steps = accumulate((len(body.steps) for body in bodies), initial=0)
    bounds = [(*a, *b) for a, b in zip(pairwise(loads), pairwise(steps), strict=True)]
    code = [step for body in bodies for step in body.steps]
    tables = (
        np.array(bounds, np.int64).reshape(-1, 4),
        np.array([field for body in bodies for field in body.fields], np.int64),
        np.array(code, np.int64).reshape(-1, 4),
    )
    tallies = [
        [(node.array, node.row) for node in rule.nodes if isinstance(node, Tally)] for rule in program.rules
    ]
    busiest = max((each.count(row) for each in tallies for row in set(each)), default=0)
    counted = sum(array.rows for array in program.tallies if kind(array) == "count")
    return Code(tables, max((body.buffers for body in bodies), default=0), counted, busiest)


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """`tables`: int64[stage, 3], body, first and last row, and int64[row, column] as in `Tables`, all bodies in one; `copies` and
    `fresh` as there."""

    tables: tuple[Table, Table]
    copies: tuple[Table, ...]
    fresh: tuple[int, ...]


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
    stages = made.stages[:, :3].copy()
    stages[:, 1:] += first[stages[:, :1]]
    table = np.concatenate(padded) if padded else np.zeros((0, width), np.int64)
    return Pieces((stages, np.ascontiguousarray(table)), made.copies, made.fresh)


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """Where a share of so many words works: `chunk` cells of a row at once, in `buffers`; the vertical counters u64[counter, plane,
    word], their planes of carries that wait for another, and the number of batches each has had."""

    words: int
    chunk: int
    buffers: Words
    counter: Words
    pending: Words
    batches: Table

    @property
    def arrays(self) -> tuple[Words, Words, Words, Table]:
        return self.buffers, self.counter, self.pending, self.batches


def room(program: Program, code: Code, words: int) -> Room:
    cells = [len(stage.cells) for stage in program.schedule]
    chunk = counters.chunk(words, max(cells, default=1))
    batches = code.busiest * sum(-(-each // chunk) for each in cells)
    planes = code.counters, counters.levels(batches, chunk // 8), chunk // 8 * words
    return Room(
        words,
        chunk,
        np.empty(code.buffers * rows.PITCH, np.uint64),
        np.empty(planes, np.uint64),
        np.empty(planes, np.uint64),
        np.empty(code.counters, np.int64),
    )


def kind(array: TallyArray) -> str:
    """How a tally array is added up: `along` kept axes, in vertical counters (`count`), or as one `sum`."""
    return "along" if array.axes else "count" if array.replica else "sum"


def source(program: Program) -> str:
    """The generated module; it depends on the number of fields and on what the tally arrays keep."""
    parts = [PREAMBLE + f"PITCH = np.uint64({rows.PITCH})\n", rows.REFRESH, POPCOUNT, counters.HELPERS]
    parts += [_logic(), _bring(program), _carry_out(program), _driver(program)]
    return "\n".join(parts)


def _logic() -> str:
    """One operation on whole buffers."""
    lines = ["", "@compiled", "def logic(row, operation, into, a, b, size):"]
    for operation, expression in LOGIC.items():
        loop = each_word(["x, y = row[a + i], row[b + i]", f"row[into + i] = {expression}"])
        lines += [f"    {'el' if operation else ''}if operation == {operation}:", *indent(loop, 2)]
    return "\n".join(lines) + "\n"


def _bring(program: Program) -> str:
    """Words of a field into a buffer, by the number of the field."""
    lines = ["", "@compiled", f"def bring(row, into, field, first, size, {_fields(program)}):"]
    for n in range(len(program.fields)):
        loop = each_word([f"row[into + i] = f{n}[np.uint64(first) + i]"])
        lines += [f"    {'el' if n else ''}if field == {n}:", *indent(loop, 2)]
    return "\n".join(lines) + "\n"


def _fields(program: Program) -> str:
    return ", ".join(f"f{n}" for n in range(len(program.fields)))


def _shared(program: Program) -> str:
    names = ["row", "counter", "pending", "carry", "batches", "pieces", "words", "lo", "step"]
    return ", ".join([*names, *(f"t{n}" for n in range(len(program.tallies)))])


def _carry_out(program: Program) -> str:
    """All instructions of a rule on buffers that hold `fill` words, which are `held` pieces of rows."""
    lines = ["", "@compiled", f"def carry_out(code, first, last, fill, held, {_shared(program)}):"]
    lines += [
        "    for n in range(first, last):",
        "        operation, a = code[n, 0], np.uint64(code[n, 1]) * PITCH",
        f"        if operation < {TALLY}:",
        "            logic(row, operation, a, np.uint64(code[n, 2]) * PITCH, np.uint64(code[n, 3]) * PITCH, fill)",
    ]
    for n in range(len(program.tallies)):
        lines += [f"        elif operation == {TALLY + n}:", *indent(_tally(program, n), 3)]
    return "\n".join(lines) + "\n"


def _slot(program: Program, n: int) -> str:
    """The number of the first vertical counter of a tally array."""
    before = [m for m, array in enumerate(program.tallies[:n]) if kind(array) == "count"]
    return " + ".join(f"t{m}.shape[1]" for m in before) or "0"


def _tally(program: Program, n: int) -> list[str]:
    array = program.tallies[n]
    match kind(array):
        case "sum":
            return [f"t{n}[step, code[n, 2], 0, 0] += total(row, a, fill)"]
        case "count":
            return [
                f"o = {_slot(program, n)} + code[n, 2]",
                "collect(row, a, fill, counter[o], pending[o], carry, batches[o])",
                "batches[o] += 1",
            ]
    column = 2 + 2 * kept_axes(program).index(array.axes)
    name, more = ("along_lanes", ", 64 * lo") if array.replica else ("along", "")
    place = f"a + np.uint64(pieces[k, 0] * words), pieces[k, 1], words, pieces[k, {column}], pieces[k, {column + 1}]"
    return ["for k in range(held):", f"    {name}(row, {place}, t{n}[step, code[n, 2]]{more})"]


def _driver(program: Program) -> str:
    copies = ", ".join(f"copies{n}" for n in range(len(program.fields)))
    tallies = ", ".join(f"t{n}" for n in range(len(program.tallies)))
    given = f"where, rules, {copies}, fresh, steps, room, words, chunk, lo, {_fields(program)}, {tallies}"
    lines = ["", "@compiled", f"def run({given}):", *indent(_start(program), 1)]
    lines += ["    for step in range(steps):", *indent(_step(program), 2)]
    return "\n".join(lines) + "\n"


def _start(program: Program) -> list[str]:
    return [
        "stages, rows = where",
        "bodies, fields, code = rules",
        *(f"refresh(f{n}, copies{n}, 0, fresh[{n}], words)" for n in range(len(program.fields))),
        "row, counter, pending, batches = room",
        "carry = np.empty(counter.shape[2], np.uint64)",
        f"pieces = np.empty((chunk, {2 + 2 * len(kept_axes(program))}), np.int64)",
    ]


def _step(program: Program) -> list[str]:
    """Every stage, its rows brought piece by piece; then the vertical counters are read."""
    call = f"carry_out(code, bodies[body, 2], bodies[body, 3], fill * words, held, {_shared(program)})"
    lines = [
        "batches[:] = 0",
        "for stage in range(stages.shape[0]):",
        "    body, fill, held = stages[stage, 0], 0, 0",
        "    for n in range(stages[stage, 1], stages[stage, 2]):",
        "        start = 0",
        "        while start < rows[n, 0]:",
        *indent(_piece(program), 3),
        "            if fill == chunk:",
        f"                {call}",
        "                fill, held = 0, 0",
        "    if fill > 0:",
        f"        {call}",
    ]
    for n, array in enumerate(program.tallies):
        if kind(array) == "count":
            read = f"lanes(counter[o], pending[o], carry, batches[o], words, t{n}[step, k, 0], 64 * lo)"
            lines += [f"for k in range(t{n}.shape[1]):", f"    o = {_slot(program, n)} + k"]
            lines += ["    if batches[o]:", f"        {read}"]
    return lines


def _piece(program: Program) -> list[str]:
    """As much of a row as fits into the buffers."""
    lines = [
        "size, loads = min(rows[n, 0] - start, chunk - fill), bodies[body, 1] - bodies[body, 0]",
        "for k in range(loads):",
        "    into, first = np.uint64(k) * PITCH + np.uint64(fill * words), (rows[n, 2 + k] + start) * words",
        f"    bring(row, into, fields[bodies[body, 0] + k], first, size * words, {_fields(program)})",
        "pieces[held, 0], pieces[held, 1] = fill, size",
    ]
    for k in range(len(kept_axes(program))):
        position, pace = (f"rows[n, 2 + loads + {2 * k + j}]" for j in (0, 1))
        lines.append(f"pieces[held, {2 + 2 * k}] = {position} + start * {pace}")
        lines.append(f"pieces[held, {3 + 2 * k}] = {pace}")
    return [*lines, "held += 1", "fill += size", "start += size"]
