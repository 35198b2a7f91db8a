"""From a file or a text to a syntax tree. What is not text is refused before anything reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NoReturn

from rgc.errors import Problem, SpecError, suggest
from rgc.syntax.ast import Document
from rgc.syntax.strings import CONTROL
from rgc.text import Source, Span

Spelling = Literal["rgc", "yaml"]

SIZE_LIMIT = 4 * 2**20  # bytes of one spec
SPELLINGS: dict[str, Spelling] = {".rgc": "rgc", ".yaml": "yaml", ".yml": "yaml"}


def read(path: str | Path) -> Document:
    """The syntax tree of a spec file, its spelling told by the suffix. Raises SpecError."""
    return parse_source(read_source(path), spelling_of(path))


def read_text(text: str, spelling: Spelling = "rgc", name: str = "<string>") -> Document:
    """The syntax tree of a text. Raises SpecError."""
    return parse_source(make_source(name, text), spelling)


def parse_source(source: Source, spelling: Spelling) -> Document:
    """The syntax tree of a source. Raises SpecError, also where it has no section at all."""
    document = _parser(spelling)(source)
    if not document.sections:
        message, hint = "this spec is empty: it has no section", "rgc new NAME writes a first spec"
        _fail("empty-spec", message, Span(source, 0, 0), hint)
    return document


def _parser(spelling: Spelling) -> Callable[[Source], Document]:
    if spelling == "yaml":
        from rgc.syntax.parse_yaml import parse_yaml

        return parse_yaml
    from rgc.syntax.parse import parse

    return parse


def spelling_of(path: str | Path) -> Spelling:
    """The spelling that a file name announces. Raises SpecError for an unknown suffix."""
    suffix = Path(path).suffix
    if suffix not in SPELLINGS:
        _fail(
            "unknown-suffix",
            f"'{path}' ends in none of {', '.join(SPELLINGS)}",
            hint=suggest(suffix, SPELLINGS),
        )
    return SPELLINGS[suffix]


def read_source(path: str | Path) -> Source:
    """The text of a file in UTF-8. Raises SpecError where it cannot be read, is too large or is no
    text.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        _fail("unreadable-file", f"'{path}' cannot be read: {reason.lower()}")
    if len(data) > SIZE_LIMIT:
        _fail(
            "too-large",
            f"'{path}' is larger than {SIZE_LIMIT // 2**20} MiB",
            hint="keep data in files of their own",
        )
    try:
        return make_source(str(path), data.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        source = Source(str(path), _lines(data.decode("utf-8", "replace")))
        place = len(_lines(before))
        _fail(
            "bad-encoding",
            "this byte is not UTF-8",
            Span(source, place, place + 1),
            "save the file as UTF-8",
        )


def make_source(name: str, text: str) -> Source:
    """A source with `\\n` line ends and no byte-order mark. Raises SpecError for control characters
    and excessive size.
    """
    text = _lines(text)
    if len(text) > SIZE_LIMIT:
        _fail(
            "too-large",
            f"'{name}' is larger than {SIZE_LIMIT // 2**20} MiB",
            hint="keep data in files of their own",
        )
    source = Source(name, text)
    control = CONTROL.search(text)
    if control:
        what = f"character U+{ord(control.group()):04X} may not stand in a spec"
        _fail(
            "control-character",
            what,
            Span(source, control.start(), control.end()),
            'inside a text write it as an escape, "\\uXXXX"',
        )
    return source


def _lines(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _fail(code: str, message: str, span: Span | None = None, hint: str = "") -> NoReturn:
    raise SpecError([Problem(code, message, span, hint=hint)])
