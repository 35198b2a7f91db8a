"""YAML as a tree of scalars, lists and mappings with places.

Nothing is resolved, so that `no`, `010` and `1e-3` stay as written. The tree is built from parser
events, and no object is ever constructed. Aliases, anchors, tags, several documents and keys that
are not scalars are refused, and nesting is limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from rgc.errors import Problem, SpecError
from rgc.syntax.comments import Comment
from rgc.syntax.layout import NESTING_LIMIT
from rgc.text import Source, Span


@dataclass(frozen=True, slots=True)
class Scalar:
    """`style` is the first mark of the scalar as written: `'`, `"`, `|`, `>`, or the empty string
    for a plain one.
    """

    value: str
    style: str
    span: Span

    @property
    def offsets(self) -> Sequence[int]:
        """The place in the source of every character of the value, and of its end."""
        return _offsets(self.value, self.style, self.span)


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[Tree, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Mapping:
    pairs: tuple[tuple[Scalar, Tree], ...]
    span: Span


Tree = Scalar | Items | Mapping


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come; a mapping collects keys and values in turn."""

    start: int
    is_mapping: bool
    parts: list[Tree] = field(default_factory=list)


def read_yaml(source: Source) -> tuple[Tree | None, list[Comment]]:
    """The one document of a source, or None for an empty one, and its comments.

    Raises SpecError at the first fault.
    """
    scalars: list[Scalar] = []
    root: list[Tree] = []
    stack: list[_Open] = []
    documents = 0
    for event in _events(source):
        span = Span(source, event.start_mark.index, event.end_mark.index)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refuse(
                    "yaml-documents",
                    "a spec is one YAML document",
                    span,
                    "write the second into a file of its own",
                )
        _check_plain(event, span)
        if isinstance(event, yaml.ScalarEvent):
            scalar = Scalar(event.value, event.style or "", span)
            _check_characters(scalar)
            scalars.append(scalar)
            _add(scalar, stack, root)
        elif isinstance(event, yaml.CollectionStartEvent):
            stack.append(_Open(span.start, isinstance(event, yaml.MappingStartEvent)))
            if len(stack) > NESTING_LIMIT:
                raise _refuse("too-deep", f"nested more than {NESTING_LIMIT} deep", span)
        elif isinstance(event, yaml.CollectionEndEvent):
            _add(_close(stack.pop(), span), stack, root)
    return (root[0] if root else None), list(_comments(source, scalars))


def _events(source: Source) -> Iterator[Any]:
    try:
        yield from yaml.parse(source.text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        start = min(mark.index if mark else 0, len(source.text))
        raise _unclosed(error, source) or _explain(error, Span(source, start, start + 1)) from None
    except yaml.YAMLError as error:
        start = getattr(error, "position", 0)
        raise _refuse(
            "yaml-syntax", "this text is not YAML", Span(source, start, start + 1)
        ) from None
    except (ValueError, OverflowError):  # the scanner's chr() of an escape
        match = _TOO_LARGE.search(source.text)
        start, end = match.span() if match else (0, 0)
        raise _refuse(
            "bad-escape", "this character does not exist", Span(source, start, end)
        ) from None


_MISREAD = {
    "sequence entries are not allowed": "yaml-dash",
    "mapping values are not allowed": "yaml-colon",
    "found character '\\t'": "yaml-tab",
    "found character '%'": "yaml-quote",
    "found character '@'": "yaml-quote",
    "found character '`'": "yaml-quote",
    "while scanning an alias": "yaml-alias",
    "while scanning an anchor": "yaml-alias",
}
_QUOTE = "put the value in quotes, or behind | on lines of its own"


def _unclosed(error: yaml.MarkedYAMLError, source: Source) -> SpecError | None:
    """The error of a `{` or `[` that the end of the file leaves open, at that bracket."""
    if error.context_mark is None or "<stream end>" not in (error.problem or ""):
        return None
    start = error.context_mark.index
    opener = source.text[start : start + 1]
    if opener not in ("{", "["):
        return None
    return _refuse(
        "unclosed-bracket", f"'{opener}' is never closed", Span(source, start, start + 1)
    )


def _explain(error: yaml.MarkedYAMLError, span: Span) -> SpecError:
    told = f"{error.context or ''} {error.problem or ''}"
    code = next((code for words, code in _MISREAD.items() if words in told), "yaml-syntax")
    messages = {
        "yaml-dash": ("YAML reads '- ' here as the item of a list", _QUOTE),
        "yaml-colon": ("YAML reads ': ' here as the end of a key", _QUOTE),
        "yaml-tab": ("YAML is not indented with tabs", "use spaces"),
        "yaml-quote": ("YAML keeps this character for itself", _QUOTE),
        "yaml-alias": (
            "YAML reads a leading '*' or '&' as an alias or anchor, which a spec has not",
            _QUOTE,
        ),
    }
    message, hint = messages.get(
        code, (f"this is not YAML: {(error.problem or 'unknown fault').strip()}", "")
    )
    return _refuse(code, message, span, hint)


def _check_plain(event: Any, span: Span) -> None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise _refuse(
            "yaml-alias", "a spec has no YAML aliases and anchors ('*name', '&name')", span, _QUOTE
        )
    if getattr(event, "tag", None) is not None:
        raise _refuse(
            "yaml-tag", f"a spec has no YAML tags ('{event.tag}')", span, "write the value alone"
        )


def _refuse(code: str, message: str, span: Span, hint: str = "") -> SpecError:
    return SpecError([Problem(code, message, span, hint=hint)])


def _add(tree: Tree, stack: list[_Open], root: list[Tree]) -> None:
    if not stack:
        root.append(tree)
        return
    top = stack[-1]
    if top.is_mapping and len(top.parts) % 2 == 0 and not isinstance(tree, Scalar):
        raise _refuse(
            "yaml-key",
            "a key is a plain word",
            tree.span,
            "put a text with brackets or braces in quotes",
        )
    top.parts.append(tree)


def _check_characters(scalar: Scalar) -> None:
    surrogate = _SURROGATE.search(scalar.value)
    if surrogate:
        start = scalar.offsets[surrogate.start()]
        raise _refuse(
            "bad-escape",
            "this character does not exist",
            Span(scalar.span.source, start, start + 6),
        )


def _close(done: _Open, end: Span) -> Tree:
    last = done.parts[-1].span.end if done.parts else end.end
    span = Span(end.source, done.start, end.end if end.text in ("]", "}") else last)
    if not done.is_mapping:
        return Items(tuple(done.parts), span)
    keys = [part for part in done.parts[::2] if isinstance(part, Scalar)]
    return Mapping(tuple(zip(keys, done.parts[1::2], strict=True)), span)


# -- places and comments ---------------------------------------------------------------------------

_TOO_LARGE = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK = re.compile(r"\s*")
_ESCAPE = re.compile(r"\\(x..|u.{4}|U.{8}|.)", re.DOTALL)
_JOINED = re.compile(r"\\\n[ \t]*")
_COMMENT = re.compile(r"(?:^|(?<=[ \t\n]))#[^\n]*")


def _offsets(value: str, style: str, span: Span) -> Sequence[int]:
    """Value and source text walked side by side: runs of white space that hold a line end differ,
    escapes are longer.
    """
    raw = span.source.text
    at = span.start + (style in ("'", '"') and style != "")
    places: list[int] = []
    fresh = False
    if style in ("|", ">"):
        at, fresh = raw.find("\n", at, span.end) + 1, True
    while len(places) < len(value):
        here = value[len(places)]
        run = _BLANK.match(raw, at, span.end)
        if run and run.group() and (fresh or "\n" in run.group()):
            length = len(_BLANK.match(value, len(places)).group())  # type: ignore[union-attr]
            places += [at] * length
            at, fresh = run.end(), False
            continue
        fresh = False
        step = 1
        if style == '"' and raw[at : at + 1] == "\\":
            joined = _JOINED.match(raw, at)
            if joined:
                at = joined.end()
                continue
            step = len(_ESCAPE.match(raw, at).group())  # type: ignore[union-attr]
        elif style == "'" and here == "'":
            step = 2
        elif raw[at : at + 1] != here:
            return [span.start] * (len(value) + 1)
        places.append(at)
        at += step
    return [*places, min(at, span.end)]


def _comments(source: Source, scalars: Sequence[Scalar]) -> Iterator[Comment]:
    """What begins with `#` behind white space, outside scalars; the line of a `|` may carry one
    too.
    """
    at = 0
    for scalar in [*scalars, None]:
        end = scalar.span.start if scalar else len(source.text)
        yield from _between(source, at, end)
        if scalar is None:
            break
        at = scalar.span.end
        if scalar.style in ("|", ">"):
            header = source.text.find("\n", scalar.span.start, scalar.span.end)
            yield from _between(
                source, scalar.span.start, scalar.span.end if header < 0 else header
            )


def _between(source: Source, start: int, end: int) -> Iterator[Comment]:
    for match in _COMMENT.finditer(source.text, start, end):
        yield Comment(
            match.group()[1:].removeprefix(" ").rstrip(), Span(source, match.start(), match.end())
        )
