"""The text spelling: from a source to its syntax tree.

Every section and entry is parsed by itself, so that no error hides another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rgc.errors import Problems, SpecError
from rgc.syntax.ast import (
    ENTRY_SECTIONS,
    EXPECTATION_SECTIONS,
    EXPRESSION_SECTIONS,
    ITEM_SECTIONS,
    LIST_SECTIONS,
    TEXT_SECTIONS,
    Document,
    Entry,
    Expr,
    Item,
    Section,
    addends,
)
from rgc.syntax.comments import Comment, attach
from rgc.syntax.grammar import Start, Unexpected, Word, derive, scan
from rgc.syntax.layout import Chunk, check_nesting, split_entries, split_sections
from rgc.syntax.mistakes import explain
from rgc.syntax.sections import Body, Part, check_duplicates, check_entry, check_sections
from rgc.text import Source, Span


def parse(source: Source) -> Document:
    """The syntax tree of a spec in the text spelling. Raises SpecError with every problem found."""
    problems = Problems()
    words = scan(source)
    comments = [Comment.of(word) for word in words if word.type == "COMMENT"]
    parts = []
    for chunk in split_sections([word for word in words if word.type != "COMMENT"], problems):
        part = _section(chunk, problems)
        if part is not None:
            parts.append(part)
    check_sections([part.section for part in parts], problems)
    problems.raise_errors()
    return attach(source, parts, comments)


def parse_expression(source: Source) -> Expr:
    """The expression, list or range that a text holds, as in `--set K=...`. Raises SpecError."""
    expression: Expr = _read("value", scan(source), source)
    return expression


def parse_entry(source: Source) -> Entry:
    """The entry `K = 0.44` or `J ~ normal(0, 1)` that a whole text holds. Raises SpecError."""
    entry: Entry = _read("entry", scan(source), source)
    return entry


def _read(start: Start, words: Iterable[Word], source: Source) -> Any:
    run = [word for word in words if word.type not in ("NEWLINE", "COMMENT")]
    check_nesting(run)
    end = len(source.text)
    return parse_words(start, run, Span(source, end, end))


def parse_words(start: Start, words: Sequence[Word], end: Span) -> Any:
    """What the words of one expression or entry mean. Raises SpecError with the mistake in the
    user's words.
    """
    try:
        return derive(start, words, end)
    except Unexpected as unexpected:
        raise SpecError([explain(unexpected, end)]) from None


def _section(chunk: Chunk, problems: Problems) -> Part | None:
    name = chunk.name.text
    body: Body | None
    if name in LIST_SECTIONS:
        body = _entries(chunk, problems)
        spans = tuple(entry.span for entry in body if entry.span)
    else:
        inner = _single(chunk, problems)
        if inner is None:
            return None
        body = inner.value if name in TEXT_SECTIONS else inner
        terms = addends(inner) if name in EXPRESSION_SECTIONS else (("+", inner),)
        spans = tuple(term.span for _, term in terms if term.span)
    end = chunk.end
    section = Section(name, body, span=chunk.name.span.to(end), name_span=chunk.name.span)
    return Part(section, spans)


def _single(chunk: Chunk, problems: Problems) -> Any:
    """The one expression or text of a section, or None where it is wrong."""
    words = [word for word in chunk.words if word.type != "NEWLINE"]
    if not words:
        problems.error("empty-section", f"section '{chunk.name.text}' is empty", chunk.name.span)
    elif chunk.closed:
        start: Start = "document_text" if chunk.name.text in TEXT_SECTIONS else "value"
        try:
            return parse_words(start, words, chunk.end)
        except SpecError as error:
            problems.extend(error.problems)
    return None


def _entries(chunk: Chunk, problems: Problems) -> tuple[Any, ...]:
    name = chunk.name.text
    entries = (
        [_entry(name, run, problems) for run in split_entries(_inside(chunk, problems), problems)]
        if chunk.closed
        else []
    )
    parsed = tuple(entry for entry in entries if entry is not None)
    check_duplicates(name, parsed, problems)
    return parsed


def _entry(section: str, words: Sequence[Word], problems: Problems) -> Any:
    start: Start = "entry"
    if section in EXPECTATION_SECTIONS:
        start = "expectation"
    elif section in ITEM_SECTIONS:
        start = "value"
    last = words[-1].span
    try:
        node = parse_words(start, words, Span(last.source, last.end, last.end))
    except SpecError as error:
        problems.extend(error.problems)
        return None
    if section in ITEM_SECTIONS:
        return Item(node, span=node.span)
    if section in ENTRY_SECTIONS:
        check_entry(section, node, problems)
    return node


def _inside(chunk: Chunk, problems: Problems) -> Sequence[Word]:
    """The words between the braces of a list; `spins` may do without them."""
    name, words = chunk.name, chunk.words
    opening = next((k for k, word in enumerate(words) if word.type != "NEWLINE"), None)
    if opening is None or words[opening].type != "LBRACE":
        if opening is None:
            problems.error(
                "empty-section",
                f"section '{name.text}' is empty",
                name.span,
                hint=f"{name.text} {{ ... }}",
            )
        elif name.text != "spins":
            problems.error(
                "missing-brace",
                f"the list of '{name.text}' has no braces",
                words[opening].span,
                hint=f"{name.text} {{ ... }}",
            )
        return words
    depth = 0
    for position in range(opening, len(words)):
        depth += (words[position].type == "LBRACE") - (words[position].type == "RBRACE")
        if depth == 0:
            break
    else:
        return words[opening + 1 :]  # never closed: reported by the layout
    for word in words[position + 1 :]:
        if word.type != "NEWLINE":
            problems.error(
                "after-brace",
                f"'{word.text}' stands behind the list of '{name.text}'",
                word.span,
                hint="entries stand inside the braces",
            )
            break
    return words[opening + 1 : position]
