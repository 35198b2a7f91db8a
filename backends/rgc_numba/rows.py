"""The row kernel: rules on whole rows of sites in the static layout, written so that LLVM makes
vector code of the loops.

A rule is cut at its draws into parts. Each part is one loop over the words of a row: it loads,
computes, and leaves what later parts need in buffers. After a loop that decides the first planes of
a draw, a second one visits the words still undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from rgc.program.lattice.nodes import Bernoulli, Bit, Count, Equals, Load, Node, Store
from rgc.program.lattice.outlining import Body, outline
from rgc.program.lattice.program import Program
from rgc_numba import bernoulli, closures
from rgc_numba.bernoulli import Baked
from rgc_numba.source import LINE, dispatch, each_word, indent, logic, preamble

CHUNK = 512
"""Words of a row that are worked on at once. A few buffers of this size stay in the first cache."""

PITCH = CHUNK + 24
"""Words from one buffer to the next. A power of two would put all of them into the same sets of the
cache."""

REFRESH = '''

@compiled
def refresh(field, copies, first, last, words):
    """Copy pieces of rows into halos."""
    for n in range(first, last):
        to, source, size = copies[n, 0] * words, copies[n, 1] * words, copies[n, 2] * words
        for j in range(size):
            field[np.uint64(to + j)] = field[np.uint64(source + j)]
'''

ROWS = [
    "for n in range(first, last):",
    "    for start in range(0, rows[n, 0], chunk):",
    "        size = (min(rows[n, 0], start + chunk) - start) * words",
    "        site = np.uint64(rows[n, 1] + start * pace)",
    "        c = ((word0 + np.uint64(lo)) << WORD) + (site << SITE)",
]
"""The loops over the rows of a stage and their chunks, where c is the counter of the first word of
a chunk."""


def source(program: Program, baked: Baked | None) -> str:
    """The generated module. It depends on the bodies and on what is baked in, not on the shape."""
    bodies, _ = outline(program)
    parts = [preamble(program.generator), bernoulli.constants(), REFRESH, bernoulli.HELPERS]
    once = closures.run_once(program)
    parts += [_Writer(program, bodies[number], baked).function(number) for number in once]
    parts += closures.functions(program)
    parts.append(_driver(program, bodies, once))
    return "\n".join(parts)


def shared(program: Program) -> str:
    """Arguments of every rule: the run, the row geometry, the fields."""
    names = ["words", "chunk", "lo", "word0", "pace", "ramp", "thresholds"]
    names += [f"f{n}" for n in range(len(program.fields))]
    return ", ".join(names)


@dataclass(slots=True)
class _Part:
    """The nodes between two draws, and the draw that ends them."""

    nodes: list[int]
    draw: int | None = None


class _Writer:
    """Writes the function of one body."""

    def __init__(self, program: Program, body: Body, baked: Baked | None) -> None:
        self.program, self.nodes, self.baked = program, body.nodes, baked
        self.parts = [_Part([])]
        for number, node in enumerate(body.nodes):
            if isinstance(node, Bernoulli):
                self.parts[-1].draw = number
                self.parts.append(_Part([]))
            elif not isinstance(node, Store):
                self.parts[-1].nodes.append(number)
        self.home = {
            n: k
            for k, part in enumerate(self.parts)
            for n in [*part.nodes, part.draw]
            if n is not None
        }
        self.stores = [node for node in body.nodes if isinstance(node, Store)]
        self.first: list[str] = []
        self.planes: dict[int, int] = {}
        self.buffers: dict[str, None] = {}
        self.loads = 1 + max(
            (node.offset[0] for node in body.nodes if isinstance(node, Load)), default=-1
        )

    def function(self, number: int) -> str:
        inner = [line for k in range(len(self.parts)) for line in self._part(k)]
        inner += self._stored()
        lines = [*self._buffers(), *self.first, *ROWS, *indent([*self._slices(), *inner], 2)]
        head = f"def rule_{number}(rows, first, last, keys, {shared(self.program)}):"
        return "\n".join(["", "@compiled", head, *indent(lines, 1)]) + "\n"

    def _buffers(self) -> list[str]:
        """One array holds all buffers: LLVM knows that they are apart."""
        size = len(self.buffers) * PITCH
        lines = [
            f"row = np.empty({size + LINE}, np.uint64)",
            f"row = row[-np.int64(row.ctypes.data // 8) % {LINE} :]",
        ]
        return (lines if self.buffers else []) + [
            f"{name} = np.uint64({n * PITCH})" for n, name in enumerate(self.buffers)
        ]

    def _slices(self) -> list[str]:
        lines = []
        for node in dict.fromkeys(node for node in self.nodes if isinstance(node, Load)):
            column = node.offset[0]
            lines.append(f"p{column} = (rows[n, {2 + column}] + start) * words")
            lines.append(f"l{column} = f{node.field}[p{column} : p{column} + size]")
        return lines

    def _part(self, k: int) -> list[str]:
        part = self.parts[k]
        body: list[str] = []
        have: set[int] = set()
        for number in part.nodes:
            body += self._operands(number, k, have)
            body += self._compute(number)
            have.add(number)
        draw = bernoulli.Draw()
        if part.draw is not None:
            node = self.nodes[part.draw]
            assert isinstance(node, Bernoulli)  # noqa: S101
            for mask in (mask for mask, _ in node.classes):
                body += self._fetch(mask, k, have)
            draw = bernoulli.write(
                part.draw, node, self.program, self.baked, partial(self._again, k)
            )
            body += draw.inside
            self.first += draw.first
            self._need(*draw.buffers)
        body += self._kept(k)
        return [*draw.before, *each_word(body), *draw.after]

    def _again(self, k: int, wanted: Sequence[int]) -> list[str]:
        """Statements that compute values of part k once more, with all that they need."""
        needed = set(wanted)
        for number in reversed(range(len(self.nodes))):
            if number in needed and self.home[number] == k and number != self.parts[k].draw:
                needed.update(operands(self.nodes[number]))
        lines: list[str] = []
        have: set[int] = set()
        for number in sorted(needed):
            lines += self._fetch(number, k, have) or self._compute(number)
        return lines

    def _operands(self, number: int, k: int, have: set[int]) -> list[str]:
        return [
            line
            for operand in operands(self.nodes[number])
            for line in self._fetch(operand, k, have)
        ]

    def _fetch(self, number: int, k: int, have: set[int]) -> list[str]:
        """Statements that bring the value of an earlier part into this loop."""
        if number in have or self.home[number] == k:
            return []
        have.add(number)
        node = self.nodes[number]
        if isinstance(node, Load):
            return self._compute(number)
        return [f"{name} = row[{self._need('b' + name[1:])} + i]" for name in self._names(number)]

    def _names(self, number: int) -> list[str]:
        if isinstance(self.nodes[number], Count):
            return [f"v{number}_{plane}" for plane in range(self.planes[number])]
        return [f"v{number}"]

    def _kept(self, k: int) -> list[str]:
        """Statements that leave in buffers what later parts and the stores use."""
        lines = []
        later = {o for n, home in self.home.items() if home > k for o in operands(self.nodes[n])}
        stored = {store.word for store in self.stores}
        for number in self.parts[k].nodes:
            if number in stored or (number in later and not isinstance(self.nodes[number], Load)):
                lines += [
                    f"row[{self._need('b' + name[1:])} + i] = {name}"
                    for name in self._names(number)
                ]
        return lines

    def _compute(self, number: int) -> list[str]:
        match self.nodes[number]:
            case Load(_, (column,)):
                return [f"v{number} = l{column}[j]"]
            case Bit() | Count() | Equals() as node:
                return logic(number, node, self.planes)
        raise TypeError(f"rows cannot compute {self.nodes[number]!r}")

    def _need(self, *names: str) -> str:
        self.buffers.update(dict.fromkeys(names))
        return names[0] if names else ""

    def _stored(self) -> list[str]:
        """Statements that write the results over the row. They come last, alone: a loop that also
        loads would not vectorise."""
        lines = []
        for column, store in enumerate(self.stores):
            lines.append(f"p = (rows[n, {2 + self.loads + column}] + start) * words")
            lines.append(f"s{column} = f{store.field}[p : p + size]")
        for column, store in enumerate(self.stores):
            lines += each_word([f"s{column}[j] = row[b{store.word} + i]"])
        return lines


def operands(node: Node) -> tuple[int, ...]:
    match node:
        case Bit(_, values) | Count(values):
            return values
        case Equals(value, _):
            return (value,)
        case Bernoulli(classes):
            return tuple(mask for mask, _ in classes)
        case Store(_, word):
            return (word,)
    return ()


def _driver(program: Program, bodies: tuple[Body, ...], once: Sequence[int]) -> str:
    fields = range(len(program.fields))
    names = (
        [f"table{n}" for n in range(len(bodies))]
        + [f"copies{n}" for n in fields]
        + [*closures.names(program), "fresh", "keys"]
    )
    lines = ["", "@compiled", f"def run(stages, {', '.join(names)}, {shared(program)}):"]
    lines += [f"    refresh(f{n}, copies{n}, 0, fresh[{n}], words)" for n in fields]
    lines += [
        "    for step in range(keys.shape[0]):",
        "        for stage in range(stages.shape[0]):",
    ]
    lines.append(
        "            body, first, last = stages[stage, 0], stages[stage, 1], stages[stage, 2]"
    )
    calls = {n: f"rule_{n}(table{n}, first, last, keys[step], {shared(program)})" for n in once}
    calls |= closures.calls(program, len(bodies), "words, 0, words", [f"f{n}" for n in fields])
    lines += indent(dispatch(calls), 3)
    for n in fields:
        bounds = f"stages[stage, {3 + 2 * n}], stages[stage, {4 + 2 * n}]"
        lines.append(f"            refresh(f{n}, copies{n}, {bounds}, words)")
    return "\n".join(lines) + "\n"
