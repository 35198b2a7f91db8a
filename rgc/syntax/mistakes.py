"""Where the grammar stops: the mistake in the user's words.

The table of known mistakes is `grammar/mistakes.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from unicodedata import category

from rgc.errors import Problem
from rgc.syntax.ast import SECTIONS
from rgc.syntax.grammar import Start, Unexpected, Word, data_file, derive, scan
from rgc.text import Source, Span

KEYWORDS = frozenset(
    ["SUM", "PROD", "MEAN", "IN", "ALONG", "WITHIN", "FROM", "BELOW", "ABOVE", "AND"]
)

_END = "$END"
_SIGNS = {
    "PLUS": "+",
    "MINUS": "-",
    "STAR": "*",
    "SLASH": "/",
    "CIRCUMFLEX": "^",
    "EQUAL": "=",
    "TILDE": "~",
    "COLON": ":",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": ",",
    "DOT": ".",
    "LESSTHAN": "<",
    "MORETHAN": ">",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """`message` and `hint` may hold `{word}`, the word at fault, and `{last}`, the one before."""

    code: str
    message: str
    hint: str
    examples: tuple[tuple[Start, str], ...]


def explain(error: Unexpected, end: Span) -> Problem:
    """The problem at the word that does not fit; `end` is the place behind the last word."""
    word = error.words[error.position] if error.position < len(error.words) else None
    span = word.span if word else end
    special = word and (
        _indented_section(error)
        or _layout_word(word)
        or _reserved(word, error.expected)
        or _defined(error, word)
    )
    if special:
        return special
    mistake = _known(error)
    if mistake:
        texts = {
            "{word}": word.text if word else "",
            "{last}": _last(error).text if error.position else "",
        }
        message, hint = (_fill(text, texts) for text in (mistake.message, mistake.hint))
        return Problem(mistake.code, message, span, hint=hint)
    wanted = _wanted(error.expected)
    if word is None:
        return Problem("unexpected-end", "this ends too early", span, label=wanted)
    return Problem("unexpected-word", f"'{word.text}' does not fit here", span, label=wanted)


@cache
def mistakes() -> tuple[Mistake, ...]:
    """The table of known mistakes."""
    import yaml

    table = yaml.safe_load(data_file("mistakes.yaml").read_text("utf-8"))
    return tuple(
        Mistake(row["code"], row["message"], row["hint"], tuple(map(_example, row["examples"])))
        for row in table
    )


def _example(written: str | dict[Start, str]) -> tuple[Start, str]:
    return ("value", written) if isinstance(written, str) else next(iter(written.items()))


def fault(start: Start, text: str) -> Unexpected | None:
    """Where the grammar stops in a text, or None where it does not."""
    source = Source("<example>", text)
    words = [word for word in scan(source) if word.type not in ("NEWLINE", "COMMENT")]
    try:
        derive(start, words, Span(source, len(text), len(text)))
    except Unexpected as unexpected:
        return unexpected
    return None


def _signatures(error: Unexpected) -> Iterator[tuple[Any, ...]]:
    """What two faults have in common, the closest likeness first: the parser's state, or the words
    around.
    """
    word = error.words[error.position] if error.position < len(error.words) else None
    kind = word.type if word else _END
    if word and word.type == "UNKNOWN":
        yield (word.text,)
        return
    before = _last(error).type if error.position else ""
    yield (error.start, error.state, before, kind)
    yield (error.state, before, kind)
    yield (error.start, before, kind)


@cache
def _table() -> dict[tuple[Any, ...], Mistake]:
    table: dict[tuple[Any, ...], Mistake] = {}
    for mistake in mistakes():
        for start, text in mistake.examples:
            error = fault(start, text)
            for signature in _signatures(error) if error else ():
                table.setdefault(signature, mistake)
    return table


def _known(error: Unexpected) -> Mistake | None:
    table = _table()
    return next((table[signature] for signature in _signatures(error) if signature in table), None)


def _last(error: Unexpected) -> Word:
    return error.words[error.position - 1]


def _fill(text: str, texts: dict[str, str]) -> str:
    for name, value in texts.items():
        text = text.replace(name, value[:40])
    return text


def _indented_section(error: Unexpected) -> Problem | None:
    """The name of a section that begins a line inside another one, at the fault or before it."""
    for word in error.words[max(error.position - 1, 0) : error.position + 1]:
        line, column = word.span.position
        if word.text in SECTIONS and not word.span.source.line(line)[: column - 1].strip():
            hint = "a section name stands in column one"
            return Problem(
                "section-indented", f"section '{word.text}' is indented", word.span, hint=hint
            )
    return None


def _layout_word(word: Word) -> Problem | None:
    if word.type == "OPEN_STRING":
        return Problem(
            "unclosed-text",
            "this text is never closed",
            word.span,
            hint='a text ends on its line; about """...""" may be longer',
        )
    if word.type == "OPEN_LONG_STRING":
        return Problem("unclosed-text", 'this text is never closed by """', word.span)
    if word.type == "UNKNOWN" and (word.text,) not in _table():
        hint = "names are made of the letters a-z, A-Z, digits and _" if word.text.isalpha() else ""
        if category(word.text[0]) in ("Zs", "Cf"):
            hint = "it came with a text that was copied: put a plain space in its place, or nothing"
        return Problem(
            "unknown-character",
            f"'{word.text}' is no character of the language",
            word.span,
            hint=hint,
        )
    return None


def _reserved(word: Word, expected: frozenset[str]) -> Problem | None:
    if word.type not in KEYWORDS or "NAME" not in expected or "STAR" in expected:
        return None
    return _is_reserved(word)


def _defined(error: Unexpected, word: Word) -> Problem | None:
    """A word of the language on the left of a sign that gives it a value: `sum = 0.4`."""
    if word.text not in ("=", "~", ":") or not error.position or _last(error).type not in KEYWORDS:
        return None
    return _is_reserved(_last(error))


def _is_reserved(word: Word) -> Problem:
    return Problem(
        "reserved-word",
        f"'{word.text}' is a word of the language",
        word.span,
        hint="choose another name",
    )


def _wanted(expected: frozenset[str]) -> str:
    """What would fit, in a few words."""
    if {"NAME", "NUMBER"} <= expected:
        return "expected an expression"
    if "NAME" in expected:
        return "expected a name"
    signs = [f"'{_SIGNS[kind]}'" for kind in sorted(expected) if kind in _SIGNS]
    return f"expected {' or '.join(signs)}" if 0 < len(signs) <= 3 else ""
