"""The Lark grammar of the language, its words with their places, and the parsing of words to a
node.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from lark import Lark, Token, UnexpectedToken
from lark.lexer import Lexer, PatternStr

from rgc.errors import Problem, SpecError
from rgc.syntax.build import Build, check_depth
from rgc.text import Source, Span

Start = Literal["value", "entry", "expectation", "tolerances", "document_text"]

WORD_LIMIT = 100_000  # words of one text
LAYOUT = ("COMMENT", "NEWLINE", "LBRACE", "RBRACE", "OPEN_LONG_STRING", "OPEN_STRING", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class Word:
    """A terminal of the grammar, as written and where."""

    type: str
    text: str
    span: Span


class Unexpected(Exception):
    """The grammar has no use for `words[position]`, or for the end when the position lies behind
    the last word.
    """

    def __init__(
        self,
        start: Start,
        words: Sequence[Word],
        position: int,
        state: int,
        expected: frozenset[str],
    ) -> None:
        self.start, self.words, self.position, self.state, self.expected = (
            start,
            words,
            position,
            state,
            expected,
        )
        super().__init__(f"word {position} of {start}")


def data_file(name: str) -> Path:
    """A file of the grammar: beside the package in a checkout, inside it in an installed wheel."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_grammar" / name
    return installed if installed.exists() else package.parent / "grammar" / name


class _Layout:
    """Keeps the words that only the layout uses among the terminals."""

    always_accept = LAYOUT

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


class _NoLexer(Lexer):
    """The words come from `scan`, which keeps comments and newlines and never fails."""

    def __init__(self, conf: object) -> None: ...

    def lex(self, *_: object) -> Iterator[Token]:
        return iter(())


@cache
def language() -> Lark:
    """The LALR parser of values, entries, expectations, tolerances and texts."""
    text = "".join(data_file(name).read_text("utf-8") for name in ("expressions.lark", "rgc.lark"))
    return Lark(
        text,
        parser="lalr",
        lexer=_NoLexer,
        start=list(get_args(Start)),
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=Build(),
        postlex=cast(Any, _Layout()),
    )


@cache
def _terminals() -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern with a group for each terminal, and the words that look like names."""
    terminals = {terminal.name: terminal for terminal in language().terminals}
    name = re.compile(terminals["NAME"].pattern.to_regexp())
    words = [
        t
        for t in terminals.values()
        if isinstance(t.pattern, PatternStr) and name.fullmatch(t.pattern.value)
    ]
    others = sorted(
        (t for t in terminals.values() if t not in words),
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value)),
    )
    pattern = re.compile("|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in others))
    return pattern, {word.pattern.value: word.name for word in words}


def scan(
    source: Source, text: str | None = None, offsets: Sequence[int] | None = None
) -> list[Word]:
    """The words of a text, comments and newlines among them.

    `offsets[k]` is the place in the source of character k of the text, `offsets[len(text)]` that of
    its end; without them the text is the whole source. Raises SpecError beyond `WORD_LIMIT` words.
    """
    text = source.text if text is None else text
    places = range(len(text) + 1) if offsets is None else offsets
    pattern, keywords = _terminals()
    ignored = language().ignore_tokens
    words: list[Word] = []
    for match in pattern.finditer(text):
        kind, (start, end) = str(match.lastgroup), match.span()
        if kind in ignored:
            continue
        word = match.group()
        span = Span(source, places[start], places[end - 1] + 1)
        words.append(Word(keywords.get(word, kind) if kind == "NAME" else kind, word, span))
        if len(words) > WORD_LIMIT:
            message = f"this text has more than {WORD_LIMIT} words"
            hint = 'keep large tables in a file: J = file("couplings.npy")'
            raise SpecError([Problem("too-long", message, span, hint=hint)])
    return words


def derive(start: Start, words: Iterable[Word], end: Span) -> Any:
    """What the grammar makes of words that are neither comments nor newlines; `end` is the place
    behind the last.

    Raises `Unexpected` where the words stop fitting, and SpecError for an expression too deep.
    """
    run = list(words)
    parser = language().parse_interactive(start=start)
    for position, word in enumerate((*run, Word("$END", "", end))):
        try:
            result = parser.feed_token(cast(Token, word))
        except UnexpectedToken:
            accepts = cast(Callable[[], set[str]], parser.accepts)
            raise Unexpected(
                start, run, position, parser.parser_state.position, frozenset(accepts())
            ) from None
    check_depth(result, len(run))
    return result
