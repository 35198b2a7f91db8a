"""The syntax tree: what a spec says, in either spelling, before anything is known about what it
means.

Every node is frozen; `span` (and nothing else) stays outside equality. Digits of numbers, the order
of entries, `=` or `~` and comments are kept; layout, redundant parentheses and the choice of a call
form are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from rgc.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span | None = field(default=None, compare=False, repr=False)


# -- expressions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number with its digits as written, e.g. `1e-3`, `20_000`."""

    digits: str

    @property
    def value(self) -> float:
        return float(self.digits.replace("_", ""))


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A quoted string (or the bare text of a text or path option in YAML)."""

    value: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class List(Node):
    """`[a, b]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    """`(a, b)`: a lattice vector."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`start:stop:count`, ends included."""

    start: Expr
    stop: Expr
    count: Expr


@dataclass(frozen=True, slots=True)
class Negate(Node):
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`left op right` with op one of `+ - * / ^`."""

    op: Literal["+", "-", "*", "/", "^"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Option(Node):
    """`name=value` inside a call or a selector."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(arguments, option=value)`; a bare word without parentheses is a `Name`."""

    name: str
    arguments: tuple[Expr, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`base[arguments, option=value]`: a spin at a site, an entry of a matrix, a selector of a
    target.
    """

    base: Expr
    arguments: tuple[Expr, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`base.name`: a basis letter of a cell, an end of an edge, `fixed_point.K`."""

    base: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Reduction(Node):
    """`sum(domain) body`, binding the product to its right and nothing more."""

    kind: Literal["sum", "prod", "mean"]
    domain: Domain
    body: Expr


@dataclass(frozen=True, slots=True)
class Taken(Node):
    """`from "binder.rgc" K_c`: what another spec answers, named as `expect` would name it."""

    path: str
    target: Expr


@dataclass(frozen=True, slots=True)
class Changed(Node):
    """`"ising.rgc" { K = 0.2:0.4:3 }`: another spec with other values of its parameters."""

    path: str
    settings: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Sourced(Node):
    """`"Each layer is an RG step" from "Martin 2015"`: a text and whose it is."""

    text: str
    source: str


Expr = (
    Number
    | Text
    | Name
    | List
    | Tuple
    | Range
    | Negate
    | Binary
    | Call
    | Index
    | Member
    | Reduction
    | Taken
    | Changed
    | Sourced
)


# -- what a reduction runs over --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sites(Node):
    """`(i)`: every site of every basis letter."""

    index: str


@dataclass(frozen=True, slots=True)
class Pairs(Node):
    """`<i,j>`, `<<i,j>>`, `<<<i,j>>>` (order 1, 2, 3), with `along x` only those of displacement
    +-x.
    """

    first: str
    second: str
    order: int = 1
    along: Expr | None = None


@dataclass(frozen=True, slots=True)
class Shell(Node):
    """`shell(n,i,j)`: every pair at the n-th distance once."""

    order: Expr
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Faces(Node):
    """`plaquette(i,j,k,l)`, `triangle(i,j,k)`, ...: every face of that kind once, with named
    corners; `along` its normal.
    """

    kind: str
    corners: tuple[str, ...]
    along: Expr | None = None


@dataclass(frozen=True, slots=True)
class Members(Node):
    """`i in f`: f is a collection (`cells`, `edges`, `blocks`, `cubes`, `plaquettes`, ...) or the
    index of an outer reduction.
    """

    index: str
    collection: str


@dataclass(frozen=True, slots=True)
class Ascending(Node):
    """`i < j < k`: every set of distinct sites once."""

    indices: tuple[str, ...]


Domain = Sites | Pairs | Shell | Faces | Members | Ascending


# -- sections --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented(Node):
    """Comments, without their `#`: `above` on lines of their own, `beside` on the entry's line."""

    above: tuple[str, ...] = ()
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Entry(Commented):
    """One line of `parameters` (`=` or `~`), `spins` (`:`), `runs` (`=`), `scan` (`=`), `measure`
    (`=`, or bare: op and value None).

    The target is a `Name`, or a `Call` for a function `J(r) = ...`; a bare measure or scan measure
    is any expression.
    """

    target: Expr
    op: Literal["=", "~", ":"] | None = None
    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Item(Commented):
    """One line of `stack`: a layer."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Within(Node):
    """`within a`, `within a %`, `within a sigma`."""

    value: Expr
    unit: Literal["absolute", "percent", "sigma"] = "absolute"


@dataclass(frozen=True, slots=True)
class Expectation(Commented):
    """One line of `EXPECTATION_SECTIONS`: `target = value within ... and ... from "source"`, or
    `target below|above value`.
    """

    target: Expr
    op: Literal["=", "below", "above"]
    value: Expr
    within: tuple[Within, ...] = ()
    source: str | None = None


# -- walks -----------------------------------------------------------------------------------------


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in the order of the text."""
    for member in fields(node):
        value = getattr(node, member.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Node):
                yield part


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it, parents first, in the order of the text."""
    yield node
    for child in children(node):
        yield from walk(child)


def rewritten(expression: Expr, function: Callable[[Expr], Expr | None]) -> Expr:
    """The expression with parts replaced, from the outside inwards.

    `function` gives what stands instead of a part, which is not looked into again, or None to go on
    with the parts below it. Domains of sums are looked into, and every node that stays keeps its
    place in the text.
    """
    result: Expr = _rewritten(expression, function)
    return result


def _rewritten(node: Any, function: Callable[[Expr], Expr | None]) -> Any:
    if isinstance(node, tuple):
        return tuple(_rewritten(part, function) for part in node)
    if not isinstance(node, Node):
        return node
    if isinstance(node, Expr) and (replacement := function(node)) is not None:
        return replacement
    parts = {member.name: getattr(node, member.name) for member in fields(node)}
    return replace(node, **{name: _rewritten(part, function) for name, part in parts.items()})


def addends(expression: Expr) -> tuple[tuple[Literal["+", "-"], Expr], ...]:
    """The signed terms of the outermost sum: `a - b + c` gives `+ a`, `- b`, `+ c`."""
    terms: list[tuple[Literal["+", "-"], Expr]] = []
    while isinstance(expression, Binary) and expression.op in ("+", "-"):
        terms.append((expression.op, expression.right))
        expression = expression.left
    return (("+", expression), *reversed(terms))


TEXT_SECTIONS = ("title", "about", "include")
EXPRESSION_SECTIONS = ("lattice", "hamiltonian", "block", "data", "map", "flow", "claim")
ENTRY_SECTIONS = ("parameters", "spins", "runs", "scan", "measure")
ITEM_SECTIONS = ("stack",)
EXPECTATION_SECTIONS = ("supports", "refutes", "identity", "expect")
LIST_SECTIONS = (*ENTRY_SECTIONS, *ITEM_SECTIONS, *EXPECTATION_SECTIONS)
SECTIONS = (
    *("title", "about", "include", "parameters", "lattice", "spins", "hamiltonian", "block"),
    *("data", "stack", "map", "flow", "runs", "scan", "measure"),
    *("claim", "supports", "refutes", "identity", "expect"),
)


@dataclass(frozen=True, slots=True)
class Note(Commented):
    """The comments of one term of an expression that stands on several lines, as a Hamiltonian
    does.

    `term` counts the addends of the body's outermost sum from 0; only terms that have comments have
    a note.
    """

    term: int


@dataclass(frozen=True, slots=True)
class Section(Commented):
    """A section by its name. The body is a string (`TEXT_SECTIONS`), an expression
    (`EXPRESSION_SECTIONS`), or a tuple of `Entry` (`ENTRY_SECTIONS`), `Item` (`ITEM_SECTIONS`) or
    `Expectation` (`EXPECTATION_SECTIONS`).

    `name_span` is the word itself; `beside` is the comment on its line, `notes` those on later
    lines of a body that has no entries, `below` those after the last entry or term.
    """

    name: str
    body: str | Expr | tuple[Entry | Item | Expectation, ...]
    below: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    name_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Document(Node):
    """A whole spec in the order of the text; `below` holds the comments after its last section."""

    sections: tuple[Section, ...]
    below: tuple[str, ...] = ()

    def section(self, name: str) -> Section | None:
        """The section of that name, or None."""
        return next((section for section in self.sections if section.name == name), None)

    def place(self, name: str) -> Span | None:
        """Where a section says what it says: its expression, or its name if it holds a text or
        entries. None without the section.
        """
        section = self.section(name)
        if section is None:
            return None
        return section.body.span if isinstance(section.body, Node) else section.name_span
