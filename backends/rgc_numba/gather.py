"""The gather kernel: a loop over sites with neighbour tables, a loop over words. Any program, any
lattice, no layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.nodes import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Couple,
    Equals,
    Load,
    Logistic,
    Store,
    Tally,
    Weigh,
)
from rgc.program.lattice.outlining import Body, Outlined, kept_axes, outline
from rgc.program.lattice.program import Program
from rgc_numba import closures
from rgc_numba.source import (
    ACCEPT,
    COUPLE,
    LOGISTIC,
    POPCOUNT,
    add_up,
    dispatch,
    indent,
    logic,
    preamble,
)

Rows = NDArray[np.int64]


def tables(program: Program) -> tuple[Rows, list[NDArray[Any]]]:
    """Where everything is. `stages` int64[stage, 3]: number of the body, first and last row
    (exclusive) in that body's table. Stages of one body that follow each other are one, whose sites
    are visited in their order. The stages of a closure are one, numbered after all bodies.

    The table of a body is int64[site, column]: the canonical number of the running site, the row of
    every load and of every store in its field `u64[row, word]`, the position along the kept axes
    for each of `kept_axes`, and the slots of weights that are apart. After the bodies come the
    tables of `rgc_numba.closures`.
    """
    bodies, outlined = outline(program)
    parts: list[list[Rows]] = [[] for _ in bodies]
    stages, filled, closed = [], [0] * len(bodies), len(bodies)
    for turn in program.turns:
        stage = program.schedule[turn.start]
        if stage.until:
            stages.append((closed, 0, 0))
            closed += 1
            continue
        rule = outlined[stage.rule]
        part = _columns(program, rule, cell_table(stage.cells, program.shape))
        first, filled[rule.body] = filled[rule.body], filled[rule.body] + len(part)
        if stages and stages[-1][0] == rule.body:
            first = stages.pop()[1]
        stages.append((rule.body, first, filled[rule.body]))
        parts[rule.body].append(part)
    empty = np.zeros((0, 1), dtype=np.int64)
    joined: list[NDArray[Any]] = [
        np.ascontiguousarray(np.concatenate(part)) if part else empty for part in parts
    ]
    joined += closures.tables(program, partial(_row, program))
    return np.array(stages, dtype=np.int64).reshape(-1, 3), joined


def _columns(program: Program, rule: Outlined, cells: Rows) -> Rows:
    number = _flat(cells, program.shape) * program.letters + rule.letter
    columns = [number]
    columns += [_row(program, load, cells) for load in rule.loads]
    columns += [_row(program, store, cells) for store in rule.stores]
    for axes in kept_axes(program):
        columns.append(_flat(cells[:, axes], tuple(program.shape[axis] for axis in axes)))
    columns += [np.full(len(cells), slot) for slot in rule.slots]
    return np.stack(columns, axis=-1)


def _row(program: Program, load: Load, cells: Rows) -> Rows:
    field = program.fields[load.field]
    stride = np.array(load.stride if load.stride is not None else (1,) * len(field.shape))
    target = (cells * stride + np.array(load.offset, dtype=np.int64)) % np.array(field.shape)
    plane = load.plane * int(np.prod(field.shape))
    return (plane + _flat(target, field.shape)) * field.letters + load.letter


def _flat(cells: Rows, shape: tuple[int, ...]) -> Rows:
    return np.asarray(np.ravel_multi_index(tuple(cells.T), shape), dtype=np.int64)


def source(program: Program) -> str:
    """The generated module. It depends on the bodies only, not on the shape: `run` takes the
    tables."""
    bodies, _ = outline(program)
    parts = [preamble(program.generator)]
    if any(isinstance(node, Accept) for body in bodies for node in body.nodes):
        parts.append(ACCEPT)
    if any(isinstance(node, Logistic) for body in bodies for node in body.nodes):
        parts.append(LOGISTIC)
    if any(isinstance(node, Couple) for body in bodies for node in body.nodes):
        parts.append(COUPLE)
    if program.tallies:
        parts.append(POPCOUNT)
    once = closures.run_once(program)
    parts += [_rule(program, number, bodies[number]) for number in once]
    parts += closures.functions(program)
    parts.append(_driver(program, len(bodies), once))
    return "\n".join(parts)


def _shared(program: Program) -> str:
    """Arguments that every function takes: fields, values, tallies."""
    names = [f"f{n}" for n in range(len(program.fields))]
    names += ["thresholds", "weights", "couplings", "blocks", "coarse", "fine", "lanes"]
    names += [f"t{n}" for n in range(len(program.tallies))]
    return ", ".join(names)


def _rule(program: Program, number: int, body: Body) -> str:
    at = 1 + max((node.offset[0] + 1 for node in body.nodes if isinstance(node, Load)), default=0)
    stores = sum(isinstance(node, Store) for node in body.nodes)
    kept = {axes: f"q{at + stores + n}" for n, axes in enumerate(kept_axes(program))}
    first_slot = at + stores + len(kept)
    slots = _slots(body)
    last = first_slot + slots
    lines = [
        "",
        "@compiled",
        f"def rule_{number}(table, first, last, lo, hi, word0, step, keys, {_shared(program)}):",
    ]
    lines.append("    for n in range(first, last):")
    lines += indent([f"q{column} = table[n, {column}]" for column in range(1, last)], 2)
    lines += ["        site = np.uint64(table[n, 0]) << SITE", "        for w in range(lo, hi):"]
    lines.append("            c = ((word0 + np.uint64(w)) << WORD) + site")
    planes: dict[int, int] = {}
    stored: list[str] = []
    for index, node in enumerate(body.nodes):
        match node:
            case Load(field, (column,)):
                made = [f"v{index} = f{field}[q{1 + column}, w]"]
            case Store(field, value, column):
                stored.append(f"f{field}[q{at + column}, w] = v{value}")
                made = []
            case Bit() | Count() | Equals():
                made = logic(index, node, planes)
            case Bernoulli():
                made = bernoulli(index, node, program.planes)
            case Weigh():
                made = weigh(index, node, (lambda n: f"q{first_slot + n}") if slots else str)
            case Couple():
                made = [couple(index, node, program)]
            case Accept(x, slot):
                key = f"keys[{slot}, 0], keys[{slot}, 1]"
                made = [f"v{index} = accept(lanes[{x}], {key}, c, coarse, fine)"]
            case Logistic(x, slot):
                key = f"keys[{slot}, 0], keys[{slot}, 1]"
                made = [f"v{index} = logistic(lanes[{x}], {key}, c)"]
            case Tally():
                made = _tally(program, node, kept)
        lines += indent(made, 3)
    lines += indent(stored, 3)
    return "\n".join(lines) + "\n"


def bernoulli(index: int, node: Bernoulli, planes: int) -> list[str]:
    """Statements of a Bernoulli word: bit planes, most significant first, until every replica is
    decided."""
    terms = [(f"v{mask}", slot) for mask, slot in node.classes]
    lines = []
    if node.otherwise is not None:
        rest = " | ".join(name for name, _ in terms)
        lines.append(f"v{index}e = " + (f"~({rest})" if terms else "ONES"))
        terms.append((f"v{index}e", node.otherwise))
    if not terms:
        return [f"v{index} = ZERO"]
    any_class = " | ".join(name for name, _ in terms)
    always = " | ".join(f"({name} & thresholds[{slot}, 0, w])" for name, slot in terms)
    limit = " | ".join(f"({name} & thresholds[{slot}, 1 + k, w])" for name, slot in terms)
    return [
        *lines,
        f"v{index} = {always}",
        f"u = ({any_class}) & ~v{index}",
        f"z = spread(keys[{node.draw}, 0], c)",
        "k = 0",
        f"while u != ZERO and k < {planes}:",
        f"    r = word_at(keys[{node.draw}, 0], keys[{node.draw}, 1], z, np.uint64(k))",
        f"    t = {limit}",
        f"    v{index} |= u & t & ~r",
        "    u &= ~(t ^ r)",
        "    k += 1",
    ]


def _slots(body: Body) -> int:
    """How many slots of weights a body has apart."""
    sums = (node for node in body.nodes if isinstance(node, Weigh))
    return sum(len(node.slots) + 1 for node in sums) if body.apart else 0


def weigh(index: int, node: Weigh, slot: Callable[[int], str]) -> list[str]:
    """Statements that leave the weights of the 64 replicas of a word in row `index` of `lanes`.

    Masks of one slot are added up as words first, so that each plane of their number is taken apart
    into lanes, not each mask: of 96 products with one weight there are seven planes.
    """
    by_slot: dict[int, list[str]] = {}
    for mask, number in zip(node.masks, node.slots, strict=True):
        by_slot.setdefault(number, []).append(f"v{mask}")
    added: list[str] = []
    lines = [
        "for r in range(64):",
        "    i = np.uint64(r)",
        f"    x = weights[{slot(node.base)}, at + i]",
    ]
    for number, words in by_slot.items():
        sums, planes = add_up(words, f"v{index}n{number}")
        added += sums
        count = " + ".join(
            f"(({plane} >> i) & ONE)" + (f" * np.uint64({1 << k})" if k else "")
            for k, plane in enumerate(planes)
        )
        lines.append(f"    x += weights[{slot(number)}, at + i] * np.int32({count})")
    return [*added, "at = np.uint64(64 * w)", *lines, f"    lanes[{index}, i] = x"]


def couple(index: int, node: Couple, program: Program) -> str:
    """The statement that leaves coupled lanes in row `index` of `lanes`."""
    sites = prod(program.shape) * program.letters
    rows = f"f{node.field}[{node.plane * sites} : {(node.plane + 1) * sites}]"
    mask = "ZERO" if node.mask is None else f"v{node.mask}"
    own = f"couplings[{node.matrix}, table[n, 0]]"
    return f"couple(lanes[{index}], lanes[{node.lanes}], {own}, blocks[w], {rows}, w, {mask})"


def _tally(program: Program, node: Tally, kept: dict[tuple[int, ...], str]) -> list[str]:
    array = program.tallies[node.array]
    at = kept[array.axes] if array.axes else "0"
    if not array.replica:
        return [f"t{node.array}[step, {node.row}, {at}, 0] += popcount(v{node.word})"]
    entry = f"t{node.array}[step, {node.row}, {at}, 64 * w + r]"
    return [
        "for r in range(64):",
        f"    {entry} += np.int64((v{node.word} >> np.uint64(r)) & ONE)",
    ]


def _driver(program: Program, bodies: int, once: Sequence[int]) -> str:
    names = ", ".join([*(f"table{n}" for n in range(bodies)), *closures.names(program)])
    shared = _shared(program)
    lines = ["", "@compiled", f"def run(stages, {names}, lo, hi, word0, keys, {shared}):"]
    lines += [
        "    for step in range(keys.shape[0]):",
        "        for stage in range(stages.shape[0]):",
    ]
    lines.append(
        "            body, first, last = stages[stage, 0], stages[stage, 1], stages[stage, 2]"
    )
    given = f"lo, hi, word0, step, keys[step], {shared}"
    calls = {n: f"rule_{n}(table{n}, first, last, {given})" for n in once}
    flat = [f"f{n}.reshape(-1)" for n in range(len(program.fields))]
    calls |= closures.calls(program, bodies, "f0.shape[1], lo, hi - lo", flat)
    return "\n".join([*lines, *indent(dispatch(calls), 3)]) + "\n"
