"""The generated interpreter of the bytecode kernel.

It knows how many fields there are, what the tally arrays keep and whether anything is drawn, and
nothing else of a program: rules, shapes and classes come as tables. Words are brought from rows of
sites into buffers until those are full. Then every instruction of the rule runs over its buffers.
"""

from __future__ import annotations

from rgc.program.lattice.nodes import Bernoulli, Store
from rgc.program.lattice.outlining import kept_axes
from rgc.program.lattice.program import Program
from rgc_numba import bernoulli, counters, rows
from rgc_numba.bytecode import MORE, kind
from rgc_numba.instructions import AND, DRAW, NOT, NOTHING, OR, STORE, TALLY, XOR
from rgc_numba.source import POPCOUNT, each_word, indent, preamble

LOGIC = {
    AND: "row[a, i] & row[b, i]",
    OR: "row[a, i] | row[b, i]",
    XOR: "row[a, i] ^ row[b, i]",
    NOT: "~row[a, i]",
    NOTHING: "ZERO",
}

MERGE = '''

@compiled
def merge(row, into, masks, count, size):
    """The union of the buffers of masks[:count], a multiple of four."""
    for j in range(size):
        row[into, np.uint64(j)] = ZERO
    for n in range(0, count, 4):
        a, b = np.uint64(masks[n]), np.uint64(masks[n + 1])
        c, d = np.uint64(masks[n + 2]), np.uint64(masks[n + 3])
        for j in range(size):
            i = np.uint64(j)
            row[into, i] |= row[a, i] | row[b, i] | row[c, i] | row[d, i]
'''

DRAW_HEAD = """
@compiled
def draw(row, into, place, size, x, y, masks, counts, planes):
    left, limits = place + ONE, place + ONE + ONE
    merge(row, into, masks[0], counts[0], size)
    for k in range(FIRST):
        merge(row, limits + np.uint64(k), masks[1 + k], counts[1 + k], size)
    start = spread(x, ZERO)
"""

DRAW_REST = """
    for j in range(size):
        i = np.uint64(j)
        u, v, k = row[left, i], row[into, i], FIRST
        while u != ZERO and k < planes:
            r = word_at(x, y, start + row[place, i], np.uint64(k))
            t = ZERO
            for n in range(counts[1 + k]):
                t |= row[np.uint64(masks[1 + k, n]), i]
            d = t ^ r
            v |= u & t & d
            u &= ~d
            k += 1
        row[into, i] = v
"""


def source(program: Program) -> str:
    parts = [preamble(program.generator), rows.REFRESH]
    parts += [bernoulli.constants(), MERGE, _drawing()] if _has(program, Bernoulli) else []
    parts += [POPCOUNT, counters.HELPERS] if program.tallies else []
    return "\n".join([*parts, _logic(), _moves(program), _carry_out(program), _driver(program)])


def _drawing() -> str:
    """A Bernoulli word: the first planes of every word, then the rest of those that are still
    undecided."""
    inside = ["v = row[into, i]", "u = ~v", "z = start + row[place, i]"]
    for k in range(bernoulli.FIRST):
        inside += [f"r, t = word_at(x, y, z, K{k}), row[limits + K{k}, i]", *bernoulli.decide("v")]
    inside += ["row[into, i] = v", "row[left, i] = u"]
    return DRAW_HEAD + "\n".join(indent(each_word(inside), 1)) + DRAW_REST


def _has(program: Program, kind: type) -> bool:
    return any(isinstance(node, kind) for rule in program.rules for node in rule.nodes)


def _fields(program: Program) -> str:
    return ", ".join(f"f{n}" for n in range(len(program.fields)))


def _tallies(program: Program) -> str:
    return "".join(f", t{n}" for n in range(len(program.tallies)))


def _shared(program: Program) -> str:
    """Arguments from `run` to `carry_out`."""
    rule = "rows, loads, draws, found, counts, keys, planes"
    room = "row, place, counter, pending, carry, batches"
    return f"{rule}, {room}, pieces, kept, words, lo, step, {_fields(program)}{_tallies(program)}"


def _logic() -> str:
    """One operation on whole buffers."""
    lines = ["", "@compiled", "def logic(row, operation, into, a, b, size):"]
    for operation, expression in LOGIC.items():
        loop = each_word([f"row[into, i] = {expression}"])
        lines += [f"    {'el' if operation else ''}if operation == {operation}:", *indent(loop, 2)]
    return "\n".join(lines) + "\n"


def _moves(program: Program) -> str:
    """Words of a field into a buffer and back, by the number of the field."""
    lines = []
    for name, statement in (
        ("bring", "row[buffer, at + i] = {}[to + i]"),
        ("put", "{}[to + i] = row[buffer, at + i]"),
    ):
        lines += [
            "",
            "@compiled",
            f"def {name}(row, buffer, at, field, to, size, {_fields(program)}):",
        ]
        for n in range(len(program.fields)):
            loop = each_word([statement.format(f"f{n}")])
            lines += [f"    {'el' if n else ''}if field == {n}:", *indent(loop, 2)]
        lines.append("")
    return "\n".join(lines)


def _carry_out(program: Program) -> str:
    """All instructions of a rule on buffers that hold `fill` words, which are `held` pieces of
    rows."""
    lines = ["", "@compiled", f"def carry_out(code, first, last, fill, held, {_shared(program)}):"]
    lines += [
        "    for n in range(first, last):",
        "        operation, a, b = code[n, 0], np.uint64(code[n, 1]), np.uint64(code[n, 2])",
        f"        if operation < {DRAW}:",
        "            logic(row, operation, a, b, np.uint64(code[n, 3]), fill)",
    ]
    cases = [(DRAW, _draw())] if _has(program, Bernoulli) else []
    cases += [(STORE, _store(program))] if _has(program, Store) else []
    cases += [(TALLY + 2 * n, _tally(program, n)) for n in range(len(program.tallies))]
    cases += [
        (
            TALLY + 2 * n + 1,
            [
                f"t{n}[step, code[n, 4], 0, 0] += "
                "total_xor(row, code[n, 1], b, np.uint64(code[n, 3]), fill)"
            ],
        )
        for n, array in enumerate(program.tallies)
        if kind(array) == "sum"
    ]
    for operation, body in cases:
        lines += [f"        elif operation == {operation}:", *indent(body, 3)]
    return "\n".join(lines) + "\n"


def _draw() -> list[str]:
    return [
        "key, first = draws[code[n, 2], 0], draws[code[n, 2], 1]",
        "draw(row, a, place, fill, keys[key, 0], keys[key, 1], "
        "found[:, first:], counts[code[n, 2]], planes)",
    ]


def _store(program: Program) -> list[str]:
    return [
        "for k in range(held):",
        "    at, size, r, start = pieces[k, 0], pieces[k, 1], pieces[k, 2], pieces[k, 3]",
        "    to = np.uint64((rows[r, 2 + loads + code[n, 3]] + start) * words)",
        f"    put(row, a, np.uint64(at * words), code[n, 2], to, size * words, {_fields(program)})",
    ]


def _slot(program: Program, n: int) -> str:
    """The number of the first vertical counter of a tally array."""
    before = [m for m, array in enumerate(program.tallies[:n]) if kind(array) == "count"]
    return " + ".join(f"t{m}.shape[1]" for m in before) or "0"


def _tally(program: Program, n: int) -> list[str]:
    array = program.tallies[n]
    match kind(array):
        case "sum":
            return [f"t{n}[step, code[n, 2], 0, 0] += total(row[a], ZERO, fill)"]
        case "count":
            return [
                f"o = {_slot(program, n)} + code[n, 2]",
                "collect(row[a], ZERO, fill, counter[o], pending[o], carry, batches[o])",
                "batches[o] += 1",
            ]
    column = 2 * kept_axes(program).index(array.axes)
    name, more = ("along_lanes", ", 64 * lo") if array.replica else ("along", "")
    return [
        "for k in range(held):",
        "    at, size, r, start = pieces[k, 0], pieces[k, 1], pieces[k, 2], pieces[k, 3]",
        f"    position, pace = rows[r, kept + {column}], rows[r, kept + {column + 1}]",
        f"    target = t{n}[step, code[n, 2]]",
        f"    {name}(row[a], np.uint64(at * words), size, words, "
        f"position + start * pace, pace, target{more})",
    ]


def _driver(program: Program) -> str:
    copies = ", ".join(f"copies{n}" for n in range(len(program.fields)))
    given = "where, rules, chosen, fresh, keys, planes, room, words, chunk, lo, word0, pace, ramp"
    lines = ["", "@compiled", f"def run({given}, {copies}, {_fields(program)}{_tallies(program)}):"]
    lines += [
        *indent(_start(program), 1),
        "    for step in range(keys.shape[0]):",
        *indent(_step(program), 2),
    ]
    return "\n".join(lines) + "\n"


def _start(program: Program) -> list[str]:
    return [
        "stages, rows = where",
        "bodies, fields, code, draws = rules",
        "found, counts = chosen",
        "row, counter, pending, batches = room",
        "carry = np.empty(counter.shape[2], np.uint64)",
        "pieces = np.empty((chunk, 4), np.int64)",
        f"place = np.uint64(row.shape[0] - {MORE - 1})",
        *(f"refresh(f{n}, copies{n}, 0, fresh[{n}], words)" for n in range(len(program.fields))),
    ]


def _step(program: Program) -> list[str]:
    """Every stage, its rows brought segment by segment. Then the vertical counters are read."""
    shared = _shared(program).replace("keys", "keys[step]")
    call = f"carry_out(code, bodies[body, 2], bodies[body, 3], fill * words, held, {shared})"
    lines = [
        "batches[:] = 0",
        "for stage in range(stages.shape[0]):",
        "    body, fill, held = stages[stage, 0], 0, 0",
        "    loads, kept = bodies[body, 1] - bodies[body, 0], 2 + bodies[body, 4]",
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
    for n in range(len(program.fields)):
        bounds = f"stages[stage, {3 + 2 * n}], stages[stage, {4 + 2 * n}]"
        lines.append(f"    refresh(f{n}, copies{n}, {bounds}, words)")
    for n, array in enumerate(program.tallies):
        if kind(array) == "count":
            sums = f"t{n}[step, k, 0], 64 * lo"
            read = f"lanes(counter[o], pending[o], carry, batches[o], words, {sums})"
            lines += [f"for k in range(t{n}.shape[1]):", f"    o = {_slot(program, n)} + k"]
            lines += ["    if batches[o]:", f"        {read}"]
    return lines


def _piece(program: Program) -> list[str]:
    """As much of a row as fits into the buffers, with the counters of its words where there are
    draws."""
    lines = [
        "size, at = min(rows[n, 0] - start, chunk - fill), np.uint64(fill * words)",
        "for k in range(loads):",
        "    to = np.uint64((rows[n, 2 + k] + start) * words)",
        "    bring(row, np.uint64(k), at, fields[bodies[body, 0] + k], to, size * words, "
        f"{_fields(program)})",
    ]
    if _has(program, Bernoulli):
        lines += [
            "site = np.uint64(rows[n, 1] + start * pace)",
            "base = spread(ZERO, ((word0 + np.uint64(lo)) << WORD) + (site << SITE))",
            "for j in range(size * words):",
            "    row[place, at + np.uint64(j)] = base + ramp[j]",
        ]
    return [
        *lines,
        "pieces[held, 0], pieces[held, 1], pieces[held, 2], pieces[held, 3] = fill, size, n, start",
        "held += 1",
        "fill += size",
        "start += size",
    ]
