"""Layout of the text spelling: a section name stands in column one, and entries stand in braces.

Inside braces a comma or a newline ends an entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rgc.errors import Problem, Problems, SpecError, suggest
from rgc.syntax.ast import SECTIONS
from rgc.syntax.grammar import Word
from rgc.text import Span

NESTING_LIMIT = 64

OPENERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
# A line that ends, or a next line that begins, with one of these goes on.
JOINTS = frozenset(
    [
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "CIRCUMFLEX",
        "EQUAL",
        "TILDE",
        "COLON",
        "WITHIN",
        "AND",
        "FROM",
        "BELOW",
        "ABOVE",
    ]
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A section before its body is read: its name and the words behind it, newlines among them,
    comments not.
    """

    name: Word
    words: list[Word] = field(default_factory=list)
    closed: bool = True  # no bracket is left open or stands alone

    @property
    def end(self) -> Span:
        """The place behind the last word."""
        inked = [word for word in self.words if word.type != "NEWLINE"]
        last = (inked[-1] if inked else self.name).span
        return Span(last.source, last.end, last.end)


def split_sections(words: Sequence[Word], problems: Problems) -> list[Chunk]:
    """The sections of a text in order. Words outside any known section are reported and skipped."""
    chunks: list[Chunk] = []
    current: Chunk | None = None
    brackets: list[Word] = []
    orphan = False  # the last word that could have begun a section was unknown
    for word in words:
        first = _in_column_one(word)
        if first and (word.text in SECTIONS or (word.type == "NAME" and not brackets)):
            _finish(current, brackets, chunks, problems)
            current, brackets = None, []
            orphan = word.text not in SECTIONS
            if orphan:
                _unknown_section(word, problems)
            else:
                current = Chunk(word)
            continue
        if current is None:
            if not orphan and word.type != "NEWLINE":
                problems.error(
                    "no-section",
                    "a spec begins with a section name in column one",
                    word.span,
                    hint='for example: title "..."',
                )
                orphan = True
            _nest(word, brackets, Problems())
            continue
        if first and word.type not in CLOSERS and word.type != "NEWLINE":
            hint = "a section name stands in column one, everything else behind at least one space"
            problems.error(
                "not-indented",
                f"the inside of '{current.name.text}' is not indented",
                word.span,
                hint=hint,
            )
        current.words.append(word)
        if not _nest(word, brackets, problems):
            current = Chunk(current.name, current.words, closed=False)
    _finish(current, brackets, chunks, problems)
    return chunks


def _in_column_one(word: Word) -> bool:
    return word.span.start == 0 or word.span.source.text[word.span.start - 1] == "\n"


def _finish(
    current: Chunk | None, brackets: list[Word], chunks: list[Chunk], problems: Problems
) -> None:
    if current is None:
        return
    if brackets:
        opener = brackets[-1]
        problems.error("unclosed-bracket", f"'{opener.text}' is never closed", opener.span)
        current = Chunk(
            current.name, current.words, closed=all(word.type == "LBRACE" for word in brackets)
        )
    chunks.append(current)


def _unknown_section(word: Word, problems: Problems) -> None:
    hint = (
        suggest(word.text, SECTIONS)
        or f"sections are {', '.join(SECTIONS)}; everything else is indented"
    )
    problems.error("unknown-section", f"unknown section '{word.text}'", word.span, hint=hint)


def _nest(word: Word, brackets: list[Word], problems: Problems) -> bool:
    """Follow the brackets. False where one does not fit. Raises SpecError beyond the limit."""
    if word.type in OPENERS:
        brackets.append(word)
        if len(brackets) > NESTING_LIMIT:
            raise SpecError(
                [
                    *problems.errors,
                    Problem(
                        "too-deep", f"brackets nested more than {NESTING_LIMIT} deep", word.span
                    ),
                ]
            )
    elif word.type in CLOSERS:
        matched = CLOSERS[word.type] in [opener.type for opener in brackets]
        if not brackets or (brackets[-1].type == "LBRACE" and not matched):
            problems.error("unmatched-bracket", f"'{word.text}' closes nothing", word.span)
            return False
        opener = brackets.pop()
        if OPENERS[opener.type] != word.type:
            line, column = opener.span.position
            message = f"'{word.text}' does not close '{opener.text}'"
            problems.error(
                "unmatched-bracket", message, word.span, label=f"opened at {line}:{column}"
            )
            while matched and CLOSERS[word.type] != opener.type:
                opener = brackets.pop()
            return False
    return True


def check_nesting(words: Sequence[Word]) -> None:
    """Raise SpecError where the brackets of one expression do not match, or nest too deep."""
    problems, brackets = Problems(), list[Word]()
    for word in words:
        if not _nest(word, brackets, problems):
            break
    else:
        if brackets:
            problems.error(
                "unclosed-bracket", f"'{brackets[-1].text}' is never closed", brackets[-1].span
            )
    problems.raise_errors()


def split_entries(words: Sequence[Word], problems: Problems) -> Iterator[list[Word]]:
    """The entries of a list without its braces, each without newlines."""
    entry: list[Word] = []
    depth = 0
    for position, word in enumerate(words):
        depth += (word.type in OPENERS) - (word.type in CLOSERS)
        if word.type == "COMMA" and depth == 0:
            if not entry:
                problems.error("stray-comma", "no entry stands before this comma", word.span)
            else:
                yield entry
            entry = []
        elif word.type != "NEWLINE":
            entry.append(word)
        elif (
            entry
            and depth == 0
            and words[position - 1].type != "NEWLINE"  # of several, the first decides
            and not _goes_on(entry[-1], words, position)
        ):
            yield entry
            entry = []
    if entry:
        yield entry


def _goes_on(last: Word, words: Sequence[Word], position: int) -> bool:
    """True where the entry goes on behind the newline at that position."""
    while position < len(words) and words[position].type == "NEWLINE":
        position += 1
    return position < len(words) and (last.type in JOINTS or words[position].type in JOINTS)
