"""Every invariant of a program. A violation is a bug of the compiler, never the user's mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rgc.model.sites import Cells, SiteSet
from rgc.program.family import ProgramError
from rgc.program.lattice.cells import cell_table
from rgc.program.lattice.codes import without_states, wrong_code
from rgc.program.lattice.monotone import not_monotone
from rgc.program.lattice.nodes import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Couple,
    Drawn,
    Equals,
    Load,
    Logistic,
    Node,
    Store,
    Tally,
    Value,
    Weigh,
)
from rgc.program.lattice.program import Field, Program, Rule, Stage
from rgc.program.lattice.truth_tables import truth_tables

Yield = Literal["word", "count", "lanes", "nothing"]
Cells64 = NDArray[np.int64]
"""int64[cell, axis]."""


def verify(program: Program) -> None:
    """Check operands and their types, indices of fields, letters, planes, slots, weights, draws and
    tallies, disjoint classes of states (up to 14 inputs), loads within open axes, that a draw
    serves a site once in a step, that no rule reads what its stage writes elsewhere unless it is
    one of a closure and only sets bits, and that what is stored is a state (up to 20 inputs).

    Raises `ProgramError` naming the first violation.
    """
    _check_fields(program)
    for number, rule in enumerate(program.rules):
        where = f"rule {number} of '{program.name}'"
        for k, node in enumerate(rule.nodes):
            for complaint in _complaints(program, rule, k, node):
                raise ProgramError(f"{where}, v{k}: {complaint}")
        _check_rule(program, rule, where)
        complaint = wrong_code(program, rule)
        _expect(not complaint, f"{where}: {complaint}")
    drawn: dict[tuple[int, int], NDArray[np.bool_]] = {}
    for number, stage in enumerate(program.schedule):
        where = f"stage {number} of '{program.name}'"
        _expect(0 <= stage.rule < len(program.rules), f"{where}: no rule {stage.rule}")
        _check_cells(program, stage.cells, where)
        table = cell_table(stage.cells, program.shape)
        _expect(stage.until in (None, "unchanged"), f"{where}: until '{stage.until}'")
        if stage.until:
            complaint = not_monotone(program.rules[stage.rule])
            _expect(not complaint, f"{where} is repeated, and {complaint}")
        if len(table):
            _check_stage(program, stage, table, where)
            _check_draws(program, program.rules[stage.rule], table, drawn, where)


def _expect(holds: bool, complaint: str) -> None:
    if not holds:
        raise ProgramError(complaint)


def _check_fields(program: Program) -> None:
    for field in program.fields:
        _expect(
            len(field.shape) == len(field.periodic),
            f"field '{field.name}': one boundary for each axis",
        )
        _expect(
            min(field.shape, default=1) > 0 and field.letters > 0 and field.planes > 0,
            f"field '{field.name}': empty",
        )
        _expect(
            field.states is None or 0 < field.states <= 1 << field.planes,
            f"field '{field.name}': {field.states} states in {field.planes} planes",
        )
    _expect(program.planes in (32, 64), f"'{program.name}': planes must be 32 or 64")
    for array in program.tallies:
        inside = all(0 <= axis < len(program.shape) for axis in array.axes)
        _expect(
            inside and tuple(sorted(set(array.axes))) == array.axes,
            f"'{program.name}': axes of a tally array",
        )


def _yields(node: Node) -> Yield:
    match node:
        case Count():
            return "count"
        case Weigh() | Couple():
            return "lanes"
        case Store() | Tally():
            return "nothing"
        case _:
            return "word"


def _operands(node: Node) -> tuple[tuple[Value, ...], Yield]:
    """The operands of a node and what they must yield. The mask of a `Couple` is a word besides."""
    match node:
        case Load():
            return (), "word"
        case Bit(_, operands) | Count(operands) | Weigh(operands):
            return operands, "word"
        case Equals(count, _):
            return (count,), "count"
        case Bernoulli(classes):
            return tuple(mask for mask, _ in classes), "word"
        case Accept(lanes, _) | Logistic(lanes, _) | Couple(lanes):
            return (lanes,), "lanes"
        case Store(word=word) | Tally(word=word):
            return (word,), "word"


def _complaints(program: Program, rule: Rule, k: int, node: Node) -> Iterator[str]:
    operands, kind = _operands(node)
    wanted = [(operand, kind) for operand in operands]
    if isinstance(node, Couple) and node.mask is not None:
        wanted.append((node.mask, "word"))
    for operand, kind in wanted:
        if not 0 <= operand < k:
            yield f"operand v{operand} does not come before"
        elif _yields(rule.nodes[operand]) != kind:
            yield f"operand v{operand} is no {kind}"
    match node:
        case Load():
            yield from _place(program, node.field, node.plane, node.letter)
            yield from _load(program, node)
        case Store(field):
            _, plane, letter = node.place(rule.letter)
            yield from _place(program, field, plane, letter)
            if 0 <= field < len(program.fields) and program.fields[field].shape != program.shape:
                yield "stores to a field of another shape"
        case Bit(op, words) if len(words) != 1 if op == "not" else len(words) < 2:
            yield f"{op} of {len(words)} words"
        case Count(()):
            yield "count of nothing"
        case Equals(_, number) if number < 0:
            yield "a negative count"
        case Bernoulli(classes, otherwise):
            slots = [slot for _, slot in classes] + ([] if otherwise is None else [otherwise])
            if not slots or not all(0 <= slot < program.slots for slot in slots):
                yield f"threshold slots {slots} of {program.slots}"
        case Weigh(masks, slots, base):
            if len(masks) != len(slots) or not all(
                0 <= slot < program.weights for slot in (*slots, base)
            ):
                yield f"weight slots {(*slots, base)} of {program.weights}"
        case Couple(_, field, matrix, _, plane):
            yield from _place(program, field, plane, 0)
            if not 0 <= matrix < program.couplings:
                yield f"matrix {matrix} of {program.couplings}"
            if 0 <= field < len(program.fields) and not _alike(program, program.fields[field]):
                yield f"field {field} has other sites than the program"
        case Tally(array, row):
            if not 0 <= array < len(program.tallies) or not 0 <= row < program.tallies[array].rows:
                yield f"no row {row} of tally array {array}"
        case _:
            pass


def _alike(program: Program, field: Field) -> bool:
    return (field.shape, field.letters) == (program.shape, program.letters)


def _place(program: Program, field: int, plane: int, letter: int) -> Iterator[str]:
    if not 0 <= field < len(program.fields):
        yield f"no field {field}"
    elif not (
        0 <= plane < program.fields[field].planes and 0 <= letter < program.fields[field].letters
    ):
        yield f"no plane {plane}, letter {letter} in field {field}"


def _load(program: Program, node: Load) -> Iterator[str]:
    dimension = len(program.shape)
    if len(node.offset) != dimension or (node.stride is not None and len(node.stride) != dimension):
        yield f"offset and stride need {dimension} components"
    elif (
        0 <= node.field < len(program.fields) and len(program.fields[node.field].shape) != dimension
    ):
        yield f"field {node.field} has another dimension"


def _check_rule(program: Program, rule: Rule, where: str) -> None:
    _expect(0 <= rule.letter < program.letters, f"{where}: no letter {rule.letter}")
    draws = [node.draw for node in rule.nodes if isinstance(node, Drawn)]
    _expect(len(set(draws)) == len(draws), f"{where}: a draw is used twice")
    _expect(
        all(0 <= draw < program.draws for draw in draws),
        f"{where}: draws {draws} of {program.draws}",
    )
    written: set[tuple[int, int, int]] = set()
    for k, node in enumerate(rule.nodes):
        if isinstance(node, Load):
            _expect(
                (node.field, node.plane, node.letter) not in written,
                f"{where}, v{k}: loads what the rule has stored",
            )
        elif isinstance(node, Store):
            place = node.place(rule.letter)
            _expect(place not in written, f"{where}, v{k}: stores twice")
            written.add(place)
    _check_classes(program, rule, where)


def _check_classes(program: Program, rule: Rule, where: str) -> None:
    if not any(isinstance(node, Bernoulli) and len(node.classes) > 1 for node in rule.nodes):
        return
    known = truth_tables(rule)
    if known is None:
        return
    never = without_states(program, rule, *known)
    for k, node in enumerate(rule.nodes):
        if isinstance(node, Bernoulli):
            taken = 0
            for mask, _ in node.classes:
                table = (known[0][mask] or 0) & ~never
                _expect(not taken & table, f"{where}, v{k}: classes overlap")
                taken |= table


def _check_cells(program: Program, cells: SiteSet, where: str) -> None:
    dimension = len(program.shape)
    if isinstance(cells, Cells):
        parts = (cells.modulus, cells.lower, cells.upper, *cells.residues)
        _expect(
            all(len(part) == dimension for part in parts), f"{where}: cells of another dimension"
        )
        inside = all(
            0 <= a <= b <= n
            for a, b, n in zip(cells.lower, cells.upper, program.shape, strict=True)
        )
        reduced = all(
            0 <= x < m for r in cells.residues for x, m in zip(r, cells.modulus, strict=True)
        )
        _expect(inside and reduced, f"{where}: cells outside the lattice")
    else:
        increasing = all(a < b for a, b in zip(cells.cells, cells.cells[1:], strict=False))
        sites = int(np.prod(program.shape))
        _expect(
            increasing and all(0 <= x < sites for x in cells.cells),
            f"{where}: listed cells must increase",
        )


def _check_draws(
    program: Program,
    rule: Rule,
    table: Cells64,
    drawn: dict[tuple[int, int], NDArray[np.bool_]],
    where: str,
) -> None:
    """A draw gives a site one word in a step: a second use would be the same number."""
    for node in rule.nodes:
        if isinstance(node, Drawn):
            used = drawn.setdefault((node.draw, rule.letter), np.zeros(program.shape, dtype=bool))
            _expect(
                not used[tuple(table.T)].any(), f"{where}: draw {node.draw} serves a site twice"
            )
            used[tuple(table.T)] = True


def _check_stage(program: Program, stage: Stage, table: Cells64, where: str) -> None:
    rule, cells = program.rules[stage.rule], stage.cells
    low, high = table.min(axis=0), table.max(axis=0)
    written = {node.place(rule.letter) for node in rule.nodes if isinstance(node, Store)}
    for k, node in enumerate(rule.nodes):
        if isinstance(node, Couple):
            read = any((of, plane) == (node.field, node.plane) for of, plane, _ in written)
            _expect(not read or len(table) == 1, f"{where}, v{k}: reads what it writes elsewhere")
        if isinstance(node, Load):
            field, stride = (
                program.fields[node.field],
                np.array(node.stride or (1,) * len(program.shape)),
            )
            first, last = low * stride + node.offset, high * stride + node.offset
            stays = np.array(field.periodic) | ((first >= 0) & (last < field.shape))
            _expect(bool(stays.all()), f"{where}, v{k}: loads beyond an open edge")
            if stage.until:
                continue  # what it writes it may read
            if (node.field, node.plane, node.letter) in written and not _apart(cells, node, field):
                read = (table * stride + np.array(node.offset)) % field.shape
                _expect(
                    not _meets(table, read, program),
                    f"{where}, v{k}: reads what it writes elsewhere",
                )


def _apart(cells: SiteSet, node: Load, field: Field) -> bool:
    """Whether the residues alone tell that no other cell of the set is read: a short cut of
    `_meets`."""
    if node.stride is not None or not isinstance(cells, Cells):
        return False
    axes = zip(node.offset, field.shape, field.periodic, cells.modulus, strict=True)
    if any(offset and wraps and size % m for offset, size, wraps, m in axes):
        return False
    inside = set(cells.residues)
    read = (zip(r, node.offset, cells.modulus, strict=True) for r in cells.residues)
    return not any(node.offset) or not any(
        tuple((x + y) % m for x, y, m in each) in inside for each in read
    )


def _meets(own: Cells64, read: Cells64, program: Program) -> bool:
    """Whether a cell reads another one of the set."""
    mine = np.zeros(program.shape, dtype=bool)
    mine[tuple(own.T)] = True
    elsewhere = (own != read).any(axis=1)
    return bool((mine[tuple(read.T)] & elsewhere).any())
