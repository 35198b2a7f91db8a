"""Closures: rules that only set bits, repeated until nothing changes.

The sites of all stages of a closure are visited line by line along the last axis, whatever
sublattices they lie in, and every line forth and back: each site reads what those before it have
just stored, so that a bit runs along a whole line in one visit. Lines take turns from the first to
the last and back, and only those are visited again that read what has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.nodes import Load, Store
from rgc.program.lattice.outlining import Body, outline
from rgc.program.lattice.program import Program
from rgc_numba.source import LINE, indent, logic

Table = NDArray[np.int64]

Places = NDArray[np.int32]
"""Half as large as int64, since tables take their room in the cache beside the words."""

Where = Callable[[Load, Table], Table]
"""In which place of the array of its field the words lie that a load reads at cells int64[cell,
axis]."""


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """What generated code walks.

    - `sites` int32[site, 1 + load + store]: the body, and the place of every load and every store.
    - `lines` int32[line + 1]: the first site of every line, and how many sites there are.
    - `readers` int32[line, reader]: the other lines that read what a line stores, filled up with a
      number beyond the last.
    """

    sites: Places
    lines: Places
    readers: Places


def closed(program: Program) -> list[range]:
    """The stages of each closure."""
    return [turn for turn in program.turns if program.schedule[turn.start].until]


def run_once(program: Program) -> list[int]:
    """The bodies of rules that are in no closure."""
    outlined = outline(program)[1]
    return sorted({outlined[stage.rule].body for stage in program.schedule if not stage.until})


def tables(program: Program, where: Where) -> tuple[Places, ...]:
    """`sites`, `lines` and `readers` of every closure, one after the other. Raises `ValueError` for
    a lattice too large for them."""
    made = [_closure(program, turn, where) for turn in closed(program)]
    return tuple(
        table for closure in made for table in (closure.sites, closure.lines, closure.readers)
    )


def _closure(program: Program, turn: range, where: Where) -> Closure:
    bodies, outlined = outline(program)
    parts, numbers = [], []
    for number in turn:
        stage = program.schedule[number]
        rule, cells = outlined[stage.rule], cell_table(stage.cells, program.shape)
        places = [where(load, cells) for load in (*rule.loads, *rule.stores)]
        parts.append(np.stack([np.full(len(cells), rule.body), *places], axis=-1))
        flat = np.ravel_multi_index(tuple(cells.T), program.shape)
        numbers.append(flat * program.letters + rule.letter)
    width = max(part.shape[1] for part in parts)
    whole = np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts])
    if whole.max() > np.iinfo(np.int32).max:
        raise ValueError("more places than 32 bits can tell")
    canonical = np.concatenate(numbers)
    order = np.argsort(canonical, kind="stable")
    line = canonical[order] // (program.shape[-1] * program.letters)
    first = np.flatnonzero(np.diff(line, prepend=-1))
    lines, sites = np.append(first, len(line)), whole[order]
    readers = _readers(bodies, sites, np.repeat(np.arange(len(first)), np.diff(lines)))
    return Closure(
        *(np.ascontiguousarray(each, dtype=np.int32) for each in (sites, lines, readers))
    )


def _columns(body: Body) -> tuple[list[int], list[int]]:
    """The fields of the loads and of the stores of a body."""
    loads = {node.offset[0]: node.field for node in body.nodes if isinstance(node, Load)}
    return (
        [loads[n] for n in range(len(loads))],
        [node.field for node in body.nodes if isinstance(node, Store)],
    )


def _readers(bodies: tuple[Body, ...], sites: Table, line: Table) -> Table:
    """The readers of every line. `line` is that of each site."""
    writers: list[Table] = []  # field, place, line
    readings: list[Table] = []
    for number in np.unique(sites[:, 0]):
        here = np.flatnonzero(sites[:, 0] == number)
        loads, stores = _columns(bodies[number])
        for k, field in enumerate([*loads, *stores]):
            entry = np.stack([np.full(len(here), field), sites[here, 1 + k], line[here]], axis=-1)
            (readings if k < len(loads) else writers).append(entry)
    written, read = np.concatenate(writers), np.concatenate(readings)
    size = 1 + max(written[:, 1].max(), read[:, 1].max())
    owner = np.full((1 + max(written[:, 0].max(), read[:, 0].max()), size), -1)
    owner[written[:, 0], written[:, 1]] = written[:, 2]
    source = owner[read[:, 0], read[:, 1]]
    others = (source >= 0) & (source != read[:, 2])
    pairs = np.unique(np.stack([source, read[:, 2]], axis=-1)[others], axis=0)
    count = 1 + line.max()
    counts = np.bincount(pairs[:, 0], minlength=count)
    table = np.full((count, max(1, counts.max(initial=0))), count)
    first = np.cumsum(counts) - counts
    table[pairs[:, 0], np.arange(len(pairs)) - first[pairs[:, 0]]] = pairs[:, 1]
    return table


def names(program: Program) -> list[str]:
    """What generated code calls the tables."""
    return [
        f"{name}{n}" for n in range(len(closed(program))) for name in ("sites", "lines", "readers")
    ]


def calls(program: Program, first: int, words: str, fields: list[str]) -> dict[int, str]:
    """The calls of the functions, by the numbers from `first` on that drivers know them by."""
    given, number = f"{words}, {', '.join(fields)}", range(len(closed(program)))
    return {first + n: f"closure_{n}(sites{n}, lines{n}, readers{n}, {given})" for n in number}


def functions(program: Program) -> list[str]:
    """The function of every closure. The words of the site in place q of a field are `size` from
    word q * pitch + lo of its flat array on."""
    bodies, outlined = outline(program)
    texts = []
    for number, turn in enumerate(closed(program)):
        inside = sorted({outlined[program.schedule[n].rule].body for n in turn})
        texts.append(_function(program, number, {n: bodies[n] for n in inside}))
    return texts


def _function(program: Program, number: int, bodies: dict[int, Body]) -> str:
    fields = ", ".join(f"f{n}" for n in range(len(program.fields)))
    lines = [
        "",
        "@compiled",
        f"def closure_{number}(sites, lines, readers, pitch, lo, size, {fields}):",
        "    last = readers.shape[0] - 1",
        "    waiting = np.ones(last + 2, np.uint8)",
        "    forth, left = True, True",
        "    while left:",
        "        left = False",
        "        for k in range(last + 1):",
        "            line = k if forth else last - k",
        "            if waiting[line] != 0:",
        "                changed = ZERO",
        "                count = lines[line + 1] - lines[line]",
        "                for m in range(2 * count - 1):",
        "                    ahead = m if m < count else 2 * count - 2 - m",
        "                    n = np.uint64(lines[line] + ahead)",
    ]
    for at, (body, each) in enumerate(bodies.items()):
        lines += indent([f"{'el' if at else ''}if sites[n, 0] == {body}:"], 5)
        lines += indent(_visit(each), 6)
    lines += [
        "                waiting[line] = changed != ZERO",
        "                if changed != ZERO:",
        "                    left = True",
        "                    for r in range(readers.shape[1]):",
        "                        waiting[readers[line, r]] = 1",
        "        forth = not forth",
    ]
    return "\n".join(lines) + "\n"


def _visit(body: Body) -> list[str]:
    """Statements that run a rule on the words of site n, and say in `changed` which bits it set.
    Words are taken by whole cache lines while there are any, then by halves, then one by one."""
    loads, stores = _columns(body)
    places = range(len(loads) + len(stores))
    lines = [f"q{k} = np.int64(sites[n, {1 + k}]) * pitch + lo" for k in places] + ["start = 0"]
    for count in (LINE, LINE // 2, 1):
        lines += [
            f"for j in range(start, size - {count - 1}, {count}):",
            *indent([*_words(body, count), f"start = j + {count}"], 1),
        ]
    return lines


def _words(body: Body, count: int) -> list[str]:
    """Statements that run a rule on so many words from j on, node by node, so that LLVM makes
    vectors of them. Nothing is stored before all is loaded: it cannot know that places differ."""
    loads, _ = _columns(body)
    inside, kept = [], []
    lanes = [f"w{lane}" for lane in range(count)]
    for number, node in enumerate(body.nodes):
        for lane, name in enumerate(lanes):
            match node:
                case Load(field, (column,)):
                    inside.append(f"v{number}{name} = f{field}[np.uint64(q{column} + j + {lane})]")
                case Store(field, word, column):
                    place = f"f{field}[np.uint64(q{len(loads) + column} + j + {lane})]"
                    inside.append(f"v{number}{name} = v{word}{name} ^ {place}")
                    kept.append(f"{place} = v{word}{name}")
                case _:
                    inside += logic(number, node, {}, name)
        if isinstance(node, Store):
            inside.append("changed |= " + " | ".join(f"v{number}{name}" for name in lanes))
    return [*inside, *kept]
