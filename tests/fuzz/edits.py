"""Edits that spoil a file, as data that hypothesis draws, shrinks and repeats."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

WORD = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\s+|.", re.DOTALL)
EDGES = ("0", "1", "-1", "2", "1e308", "1e-308", "1e999", "0x10", "18446744073709551616", "nan")
ODD = ("\0", "\x1b[2J", "\u202e", "\ufeff", "\u2028", "\u00e9", "\t", "{", ")", "]", '"', "\\", ":")
BYTES = (b"\0", b"\xff", b"\x93NUMPY", b"PK\x05\x06", b"\xff\xff\xff\x7f", b"1e400,", b"\n", b"'O'")


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: where it begins and how far it goes, as parts of the whole, and what it takes."""

    kind: str
    place: float
    length: float
    taken: int


def edits(kinds: Sequence[str]) -> st.SearchStrategy[list[Edit]]:
    part = st.floats(0, 1, exclude_max=True)
    one = st.builds(Edit, st.sampled_from(kinds), part, part, st.integers(0, 2**32))
    return st.lists(one, min_size=1, max_size=4)


TEXT = ("delete", "repeat", "swap", "word", "edge", "odd", "lines", "cut")
BINARY = ("delete", "repeat", "flip", "bytes", "cut")


def spoilt_text(text: str, made: Sequence[Edit], words: Sequence[str]) -> str:
    """A text after these edits of its words. Words of other texts come from `words`."""
    pieces = WORD.findall(text)
    for edit in made:
        if pieces:
            pieces = _TEXT[edit.kind](pieces, _span(edit, len(pieces)), edit, words)
    return "".join(pieces)


def spoilt_bytes(content: bytes, made: Sequence[Edit]) -> bytes:
    """Bytes after these edits."""
    for edit in made:
        first, last = _span(edit, len(content))
        head, middle, tail = content[:first], content[first:last], content[last:]
        match edit.kind:
            case "delete":
                middle = b""
            case "repeat":
                middle = middle * 2
            case "flip":
                middle = bytes([middle[0] ^ (1 << edit.taken % 8)]) + middle[1:] if middle else b""
            case "bytes":
                middle = BYTES[edit.taken % len(BYTES)]
            case "cut":
                middle = tail = b""
        content = head + middle + tail
    return content


def _span(edit: Edit, count: int) -> tuple[int, int]:
    """Mostly short."""
    first = int(edit.place * count)
    return first, min(count, first + 1 + int(edit.length**8 * count))


Pieces = list[str]
_TEXT: dict[str, Callable[[Pieces, tuple[int, int], Edit, Sequence[str]], Pieces]] = {
    "delete": lambda p, span, edit, words: p[: span[0]] + p[span[1] :],
    "repeat": lambda p, span, edit, words: p[: span[1]] + p[span[0] :],
    "swap": lambda p, span, edit, words: _swapped(p, span[0], edit.taken % len(p)),
    "word": lambda p, span, edit, words: _put(p, span, words[edit.taken % len(words)]),
    "edge": lambda p, span, edit, words: _put(p, _number(p, span), EDGES[edit.taken % len(EDGES)]),
    "odd": lambda p, span, edit, words: _put(p, (span[0], span[0]), ODD[edit.taken % len(ODD)]),
    "lines": lambda p, span, edit, words: _put(
        p, (span[0], span[0]), "\n" + words[edit.taken % len(words)] + " "
    ),
    "cut": lambda p, span, edit, words: p[: span[0]],
}


def _put(pieces: Pieces, span: tuple[int, int], text: str) -> Pieces:
    return [*pieces[: span[0]], text, *pieces[span[1] :]]


def _swapped(pieces: Pieces, first: int, second: int) -> Pieces:
    out = [*pieces]
    out[first], out[second] = out[second], out[first]
    return out


def _number(pieces: Pieces, span: tuple[int, int]) -> tuple[int, int]:
    """The next number from there on, or the place itself."""
    for at in range(span[0], len(pieces)):
        if pieces[at][0].isdigit():
            return at, at + 1
    return span
