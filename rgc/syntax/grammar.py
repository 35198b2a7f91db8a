"""The Lark grammar of the language, its words with their places, and one run of words parsed to a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from lark import Lark, Token, UnexpectedToken

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
    """The grammar has no use for `words[position]`, or for the end when the position lies behind the last word."""

    def __init__(
        self, start: Start, words: Sequence[Word], position: int, state: int, expected: frozenset[str]
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
    """Keeps the words that only the layout uses in the scanner."""

    always_accept = LAYOUT

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def language() -> Lark:
    """The LALR parser of values, entries, expectations and texts."""
    text = "".join(data_file(name).read_text("utf-8") for name in ("expressions.lark", "rgc.lark"))
    return Lark(
        text,
        parser="lalr",
        lexer="basic",
        start=list(get_args(Start)),
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=Build(),
        postlex=cast(Any, _Layout()),
    )


def scan(source: Source, text: str | None = None, offsets: Sequence[int] | None = None) -> list[Word]:
    """The words of a text, comments and newlines among them.

    `offsets[k]` is the place in the source of character k of the text, `offsets[len(text)]` that of its end; without them the
    text is the whole source. Raises SpecError beyond `WORD_LIMIT` words.
    """
    text = source.text if text is None else text
    places = range(len(text) + 1) if offsets is None else offsets
    words: list[Word] = []
    for token in language().lex(text):
        start, end = cast(int, token.start_pos), cast(int, token.end_pos)
        span = Span(source, places[start], places[end - 1] + 1)
        words.append(Word(token.type, token.value, span))
        if len(words) > WORD_LIMIT:
            message = f"this text has more than {WORD_LIMIT} words"
            raise SpecError(
                [
                    Problem(
                        "too-long",
                        message,
                        span,
                        hint='keep large tables in a file: J = file("couplings.npy")',
                    )
                ]
            )
    return words


def derive(start: Start, words: Iterable[Word], end: Span) -> Any:
    """What the grammar makes of words that are neither comments nor newlines; `end` is the place behind the last.

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
