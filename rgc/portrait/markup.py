"""Texts as HTML, whatever they hold, and a spec as HTML with classes for its colours."""

from __future__ import annotations

import html

from rgc.errors import escape as visible
from rgc.syntax.ast import SECTIONS
from rgc.syntax.grammar import Word, scan
from rgc.syntax.mistakes import KEYWORDS
from rgc.syntax.read import make_source

CLASSES = {"COMMENT": "comment", "STRING": "text", "LONG_STRING": "text", "NUMBER": "number"}


def escape(text: str) -> str:
    """A text for a page. HTML has no place for control characters, which are made visible."""
    return html.escape("\n".join(map(visible, text.split("\n"))))


def highlighted(text: str) -> str:
    """A spec in the text spelling, each word in a `<span>` of its kind. Raises `SpecError` for more
    words than a spec has.
    """
    parts, done = list[str](), 0
    for word in scan(make_source("spec", text)):
        kind = _class(word, text)
        if kind:
            start, end = word.span.start, word.span.end
            parts += [
                escape(text[done:start]),
                f'<span class="{kind}">{escape(text[start:end])}</span>',
            ]
            done = end
    return "".join((*parts, escape(text[done:])))


def _class(word: Word, text: str) -> str:
    if word.type in KEYWORDS:
        return "keyword"
    first = word.span.start == 0 or text[word.span.start - 1] == "\n"
    return "section" if first and word.text in SECTIONS else CLASSES.get(word.type, "")
