"""What a schedule visits: every site, how often, and which sites read each other within a set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rgc.model.lattice import Cell
from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.nodes import Couple, Load, Store
from rgc.program.lattice.program import Program, Rule


def sites(program: Program, most: int | None = None) -> Iterator[tuple[Rule, int, Cell]]:
    """Rule, its number and cell of every site of a step, in order.

    With `most` there are about so many, evenly spread over the stages: two of each at least, and of
    a schedule with more stages than `most`, as of a graph whose sites are all different, so many.
    """
    schedule = program.schedule if most is None else _spread(program.schedule, most)
    for stage in schedule:
        table = cell_table(stage.cells, program.shape)
        if most is not None:
            table = _spread(table, max(2, most // len(schedule)))
        for cell in table.tolist():
            yield program.rules[stage.rule], stage.rule, tuple(cell)


def _spread(of: Any, most: int) -> Any:
    """So many of them, evenly spread, or all where there are no more."""
    if len(of) <= most:
        return of
    chosen = np.unique(np.linspace(0, len(of) - 1, most).astype(int))
    return of[chosen] if isinstance(of, np.ndarray) else [of[k] for k in chosen]


def writes(program: Program) -> list[Any]:
    """For each field int[plane, *cells, letter], how often a step writes each spin."""
    counts = [
        np.zeros((field.planes, *field.shape, field.letters), dtype=int) for field in program.fields
    ]
    for stage in program.schedule:
        rule, where = program.rules[stage.rule], tuple(cell_table(stage.cells, program.shape).T)
        for node in rule.nodes:
            if isinstance(node, Store):
                _, plane, letter = node.place(rule.letter)
                np.add.at(counts[node.field], (plane, *where, letter), 1)
    return counts


def conflict(program: Program) -> str:
    """The first site that reads what another of its set writes, in words, or the empty string."""
    for number, stage in enumerate(program.schedule):
        rule, table = program.rules[stage.rule], cell_table(stage.cells, program.shape)
        written = {node.place(rule.letter) for node in rule.nodes if isinstance(node, Store)}
        inside = np.zeros(program.shape, dtype=bool)
        inside[tuple(table.T)] = True
        for node in rule.nodes:
            everywhere = isinstance(node, Couple) and (node.field, node.plane) in {
                (field, plane) for field, plane, _ in written
            }
            if everywhere and len(table) > 1:
                first = tuple(table[0].tolist())
                return f"site set {number + 1}: {first} reads all others of the same set"
            if isinstance(node, Load) and (node.field, node.plane, node.letter) in written:
                read = (table * (node.stride or 1) + node.offset) % program.fields[node.field].shape
                met = inside[tuple(read.T)] & (read != table).any(axis=1)
                if met.any():
                    cell, other = (
                        tuple(cells[int(np.argmax(met))].tolist()) for cells in (table, read)
                    )
                    return f"site set {number + 1}: {cell} reads {other} of the same set"
    return ""
