"""From the rules of the grammar to the nodes of the syntax tree: one method a rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal, NoReturn

from lark import Transformer

from rgc.errors import Problem, SpecError
from rgc.syntax.ast import (
    Ascending,
    Binary,
    Call,
    Changed,
    Domain,
    Entry,
    Expectation,
    Expr,
    Faces,
    Index,
    List,
    Member,
    Members,
    Name,
    Negate,
    Node,
    Number,
    Option,
    Pairs,
    Range,
    Reduction,
    Shell,
    Sites,
    Sourced,
    Taken,
    Text,
    Tuple,
    Within,
    children,
)
from rgc.syntax.strings import unescape, unindent
from rgc.text import Span

DEPTH_LIMIT = 200  # of the syntax tree: terms of one sum, factors of one product

Children = Sequence[Any]  # Words and Nodes: Lark's children have no static type


def check_depth(root: object, words: int) -> None:
    """Raise SpecError where the tree is deeper than `DEPTH_LIMIT`, so that every walk over it may
    recurse.
    """
    if words <= DEPTH_LIMIT:
        return
    stack = [(root, 1)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, Node):
            if depth > DEPTH_LIMIT:
                _fail(
                    "too-deep",
                    f"more than {DEPTH_LIMIT} operations in a row",
                    node.span,
                    hint="group them in parentheses",
                )
            stack += [(child, depth + 1) for child in children(node)]
        elif isinstance(node, tuple):
            stack += [(part, depth) for part in node]


def _fail(
    code: str, message: str, span: Span | None, *, label: str = "", hint: str = ""
) -> NoReturn:
    raise SpecError([Problem(code, message, span, label, hint)])


def _span(children: Children) -> Span:
    first: Span = children[0].span
    return first.to(children[-1].span)


def _nodes(children: Children) -> tuple[Any, ...]:
    return tuple(child for child in children if isinstance(child, Node))


def _names(children: Children) -> tuple[str, ...]:
    return tuple(child.text for child in children if getattr(child, "type", "") == "NAME")


def _arguments(children: Children) -> tuple[tuple[Expr, ...], tuple[Option, ...]]:
    """Positional arguments and options, which stand behind them and differ in name."""
    nodes = _nodes(children)
    options = tuple(node for node in nodes if isinstance(node, Option))
    names: set[str] = set()
    for option in options:
        if option.name in names:
            _fail("duplicate-option", f"option '{option.name}' is given twice", option.span)
        names.add(option.name)
    for before, after in pairwise(nodes):
        if isinstance(before, Option) and not isinstance(after, Option):
            _fail(
                "argument-order",
                "an argument without a name stands before the options",
                after.span,
                hint="move it to the front",
            )
    return tuple(node for node in nodes if not isinstance(node, Option)), options


class Build(Transformer[Any, Any]):
    """The callbacks of the grammar; `span` of a node runs from its first word to its last."""

    def number(self, children: Children) -> Number:
        (word,) = children
        number = Number(word.text, span=word.span)
        if not math.isfinite(number.value):
            _fail(
                "number-range",
                "this number is too large for a 64-bit float",
                word.span,
                hint="the largest is about 1.8e308",
            )
        if number.value == 0 and word.text.lower().partition("e")[0].strip("0._"):
            _fail(
                "number-range",
                "this number is too small for a 64-bit float, which makes it 0",
                word.span,
                hint="the smallest is about 5e-324; write 0 for none",
            )
        return number

    def text(self, children: Children) -> Text:
        (word,) = children
        return Text(unescape(word.text[1:-1], word.span), span=word.span)

    def name(self, children: Children) -> Name:
        return Name(children[0].text, span=children[0].span)

    def items(self, children: Children) -> List:
        return List(_nodes(children), span=_span(children))

    def vector(self, children: Children) -> Tuple:
        return Tuple(_nodes(children), span=_span(children))

    def parenthesis(self, children: Children) -> Expr:
        inner: Expr = children[1]
        return replace(inner, span=_span(children))

    def points(self, children: Children) -> Range:
        start, _, stop, _, count = children
        return Range(start, stop, count, span=_span(children))

    def plus(self, children: Children) -> Expr:
        operand: Expr = children[1]
        return operand

    def negate(self, children: Children) -> Negate:
        return Negate(children[1], span=_span(children))

    def binary(self, children: Children) -> Binary:
        left, op, right = children
        return Binary(op.text, left, right, span=_span(children))

    def option(self, children: Children) -> Option:
        name, _, value = children
        return Option(name.text, value, span=_span(children))

    def call(self, children: Children) -> Name | Call:
        """`f()` is `f`: a bare word is a call without arguments."""
        arguments, options = _arguments(children)
        if not arguments and not options:
            return Name(children[0].text, span=_span(children))
        return Call(children[0].text, arguments, options, span=_span(children))

    def index(self, children: Children) -> Index:
        arguments, options = _arguments(children[1:])
        if not arguments and not options:
            _fail("empty-index", "the brackets hold no index", _span(children[1:]))
        return Index(children[0], arguments, options, span=_span(children))

    def member(self, children: Children) -> Member:
        return Member(children[0], children[2].text, span=_span(children))

    def reduction(self, children: Children) -> Reduction:
        kind, _, domain, _, body = children
        return Reduction(kind.text, domain, body, span=_span(children))

    def taken(self, children: Children) -> Taken:
        _, path, target = children
        return Taken(unescape(path.text[1:-1], path.span), target, span=_span(children))

    def changed(self, children: Children) -> Changed:
        _, options = _arguments(children[1:])
        word = children[0]
        return Changed(unescape(word.text[1:-1], word.span), options, span=_span(children))

    def sourced(self, children: Children) -> Sourced:
        text, _, source = children
        said, by = (unescape(word.text[1:-1], word.span) for word in (text, source))
        return Sourced(said, by, span=_span(children))

    # -- domains -----------------------------------------------------------------------------------

    def along(self, children: Children) -> Expr:
        direction: Expr = children[1]
        return direction

    def sites(self, children: Children) -> Sites:
        return Sites(children[0].text, span=children[0].span)

    def pairs(self, children: Children) -> Pairs:
        first, second = _names(children)
        along = _nodes(children)
        return Pairs(
            first, second, len(children[0].text), along[0] if along else None, span=_span(children)
        )

    def faces(self, children: Children) -> Domain:
        close = next(k for k, child in enumerate(children) if getattr(child, "type", "") == "RPAR")
        kind, inside, along = children[0].text, _nodes(children[:close]), _nodes(children[close:])
        corners = inside[1:] if kind == "shell" else inside
        for corner in corners:
            if not isinstance(corner, Name):
                _fail(
                    "expected-index",
                    "an index is a plain name",
                    corner.span,
                    hint=f"as in sum({kind}({_EXAMPLE.get(kind, 'i,j,k')}))",
                )
        names = tuple(corner.name for corner in corners)
        if kind != "shell":
            return Faces(kind, names, along[0] if along else None, span=_span(children))
        if len(names) != 2 or along:
            _fail(
                "shell-form",
                "a shell takes its number and two indices",
                _span(children),
                hint="as in sum(shell(4,i,j)) s[i]*s[j]",
            )
        return Shell(inside[0], *names, span=_span(children))

    def members(self, children: Children) -> Members:
        return Members(children[0].text, children[2].text, span=_span(children))

    def ascending(self, children: Children) -> Ascending:
        return Ascending(_names(children), span=_span(children))

    # -- entries -----------------------------------------------------------------------------------

    def entry(self, children: Children) -> Entry:
        if len(children) == 1:
            return Entry(children[0], span=_span(children))
        target, op, value = children
        return Entry(target, op.text, value, span=_span(children))

    def expectation(self, children: Children) -> Expectation:
        target, op, value, *rest = children
        within = next((part for part in rest if isinstance(part, tuple)), ())
        source = rest[-1] if rest and getattr(rest[-1], "type", "") == "STRING" else None
        words = [part for part in (target, op, value, *within, source) if part is not None]
        text = unescape(source.text[1:-1], source.span) if source else None
        return Expectation(target, op.text, value, within, text, span=_span(words))

    def tolerances(self, children: Children) -> tuple[Within, ...]:
        return _nodes(children)

    def tolerance(self, children: Children) -> Within:
        units: dict[str, Literal["percent", "sigma"]] = {"%": "percent", "sigma": "sigma"}
        if len(children) == 1:
            return Within(children[0], span=_span(children))
        value, unit = children
        if unit.text not in units:
            _fail(
                "unknown-unit",
                f"unknown unit '{unit.text}'",
                unit.span,
                hint="a tolerance is absolute, in % or in sigma: within 3 sigma",
            )
        return Within(value, units[unit.text], span=_span(children))

    def document_text(self, children: Children) -> Text:
        (word,) = children
        if word.type == "LONG_STRING":
            return Text(unescape(unindent(word.text[3:-3]), word.span), span=word.span)
        return Text(unescape(word.text[1:-1], word.span), span=word.span)


_EXAMPLE = {"shell": "4,i,j", "triangle": "i,j,k", "plaquette": "i,j,k,l"}
