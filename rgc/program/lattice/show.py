"""A program as people read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from rgc.model.sites import Cells
from rgc.program.lattice.nodes import (
    Accept,
    Bernoulli,
    Bit,
    Count,
    Couple,
    Equals,
    Load,
    Logistic,
    Node,
    Store,
    Tally,
    Weigh,
)
from rgc.program.lattice.program import Program, Rule, SiteSet, Stage, TallyArray
from rgc.text import letter as name_of

_SYMBOLS = {"and": " & ", "or": " | ", "xor": " ^ "}
_WIDTH = 110


def show(program: Program) -> str:
    """The whole program: fields, every rule, the schedule, the tables it is handed."""
    lines = [
        _head(program),
        *(f"  field {number}: {_field(program, number)}" for number in range(len(program.fields))),
    ]
    for number in range(len(program.rules)):
        lines += show_rule(program, number)
    return "\n".join([*lines, *_schedule(program), *_tables(program)])


def show_rule(program: Program, number: int) -> list[str]:
    """One rule. Nodes of one kind that follow each other share lines."""
    rule = program.rules[number]
    lines = [f"  rule {number}, site {name_of(rule.letter)}:"]
    for _, run in groupby(enumerate(rule.nodes), key=lambda each: type(each[1])):
        lines += _wrapped(_texts(program, rule, list(run)))
    return lines


def _texts(program: Program, rule: Rule, run: Sequence[tuple[int, Node]]) -> Iterator[str]:
    """Nodes of one kind. Successive comparisons of one count are one range."""
    if isinstance(run[0][1], Equals):
        pairs = [(k, node) for k, node in run if isinstance(node, Equals)]
        for _, group in groupby(pairs, key=lambda each: (each[1].count, each[1].number - each[0])):
            same = list(group)
            numbers = _range("", [node.number for _, node in same])
            yield f"{_range('v', [k for k, _ in same])} = v{same[0][1].count} == {numbers}"
        return
    for k, node in run:
        text = _node(program, rule, node)
        yield text if isinstance(node, Store | Tally) else f"v{k} = {text}"


def _range(name: str, numbers: Sequence[int]) -> str:
    """`v3`, or `v3..v7` of successive numbers."""
    first, last = f"{name}{numbers[0]}", f"{name}{numbers[-1]}"
    return first if len(numbers) == 1 else f"{first}..{last}"


def _slots(name: str, pairs: Sequence[tuple[int, int]]) -> str:
    """Masks and their slots, `v3: T0`, or `v3..v7: T0..T4` where both are successive."""
    runs = groupby(enumerate(pairs), key=lambda each: (each[1][0] - each[0], each[1][1] - each[0]))
    groups = [[pair for _, pair in run] for _, run in runs]
    return ", ".join(
        f"{_range('v', [m for m, _ in g])}: {_range(name, [s for _, s in g])}" for g in groups
    )


def _wrapped(texts: Iterable[str]) -> Iterator[str]:
    """Several to a line while they fit. One that does not fit alone goes over several lines."""
    line = ""
    for text in texts:
        if line and len(line) + len(text) + 2 <= _WIDTH:
            line += f"; {text}"
            continue
        if line:
            yield line
        *full, line = wrap(text, _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 8)
        yield from full
    if line:
        yield line


def _head(program: Program) -> str:
    size = " x ".join(map(str, program.shape))
    letters = f", {program.letters} letters" if program.letters > 1 else ""
    draws = f"{program.generator}, {program.planes} planes"
    return f"program {program.name} on {size} cells{letters}, {draws}"


def _field(program: Program, number: int) -> str:
    field = program.fields[number]
    size = " x ".join(
        str(n) if wraps else f"{n} (open)"
        for n, wraps in zip(field.shape, field.periodic, strict=True)
    )
    return f"{field.name}, {size} cells, {field.letters} letters, {field.planes} planes"


def _node(program: Program, rule: Rule, node: Node) -> str:
    match node:
        case Load():
            return _load(program, node)
        case Bit(op, operands):
            return (
                f"~v{operands[0]}" if op == "not" else _SYMBOLS[op].join(f"v{k}" for k in operands)
            )
        case Count(words):
            return f"count({_values(words)})"
        case Equals(count, number):
            return f"v{count} == {number}"
        case Bernoulli(classes, otherwise, draw):
            slots = [_slots("T", classes)] if classes else []
            rest = [] if otherwise is None else [f"else: T{otherwise}"]
            return f"bernoulli(draw {draw}; {', '.join(slots + rest)})"
        case Weigh(masks, slots, base):
            return f"weigh(W{base}; {_slots('W', list(zip(masks, slots, strict=True)))})"
        case Couple(lanes, field, matrix, mask, plane):
            turned = "" if mask is None else f" ^ v{mask}"
            name = _name(program, field, plane, 0).removesuffix(f".{name_of(0)}")
            return f"v{lanes} + couple(J{matrix}; {name}{turned})"
        case Accept(lanes, draw):
            return f"accept(draw {draw}; v{lanes})"
        case Logistic(lanes, draw):
            return f"logistic(draw {draw}; v{lanes})"
        case Store(word=word):
            return f"store {_name(program, *node.place(rule.letter))} = v{word}"
        case Tally(array, row, word):
            return f"tally {array}[{row}] += v{word}"


def _values(values: tuple[int, ...]) -> str:
    return ", ".join(f"v{k}" for k in values)


def _name(program: Program, field: int, plane: int, letter: int) -> str:
    target = program.fields[field]
    plane_text = f".{plane}" if target.planes > 1 else ""
    return f"{target.name}{plane_text}" + (f".{name_of(letter)}" if target.letters > 1 else "")


def _load(program: Program, node: Load) -> str:
    offset = ",".join(map(str, node.offset))
    stride = "" if node.stride is None else "x".join(map(str, node.stride)) + "*R+"
    return f"{_name(program, node.field, node.plane, node.letter)}[{stride}{offset}]"


def _schedule(program: Program) -> list[str]:
    return [
        f"  then rule {stage.rule} on {_cells(stage.cells)}{_until(stage)}"
        for stage in program.schedule[:_SHOWN]
    ] + ([f"  ... {_more(program.schedule[_SHOWN:])}"] if len(program.schedule) > _SHOWN else [])


def _until(stage: Stage) -> str:
    return f", until {stage.until}" if stage.until else ""


_SHOWN = 8


def _more(stages: tuple[Stage, ...]) -> str:
    rules = Counter(stage.rule for stage in stages)
    return f"{len(stages)} more stages of rules {', '.join(map(str, sorted(rules)))}"


def _cells(cells: SiteSet) -> str:
    if not isinstance(cells, Cells):
        return f"{len(cells)} listed cells"
    box = " x ".join(f"[{low},{high})" for low, high in zip(cells.lower, cells.upper, strict=True))
    if all(m == 1 for m in cells.modulus):
        return f"the {len(cells)} cells {box}"
    residues = " ".join("(" + ",".join(map(str, r)) + ")" for r in cells.residues[:_SHOWN])
    rest = " ..." if len(cells.residues) > _SHOWN else ""
    return f"{len(cells)} cells {residues}{rest} mod ({','.join(map(str, cells.modulus))}) in {box}"


def _tables(program: Program) -> list[str]:
    lines = []
    if program.slots or program.weights or program.draws:
        couplings = f"{program.couplings} matrices of couplings J, " * bool(program.couplings)
        lines.append(
            f"  arguments: {program.slots} thresholds T, {program.weights} weights W, {couplings}"
            f"{program.draws} draws a step"
        )
    return lines + [
        f"  tally array {number}: {_tally(each)}" for number, each in enumerate(program.tallies)
    ]


def _tally(array: TallyArray) -> str:
    kept = [f"axis {axis}" for axis in array.axes] + (["replica"] if array.replica else [])
    return f"{array.rows} rows" + (f", kept by {' and '.join(kept)}" if kept else "")
