"""Source texts and places in them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

MODEL_BYTES = 16 * 2**20
"""The largest file of a model: the edges of a graph, or a model of another program."""


class Unsuitable(ValueError):
    """A file is not read whole. The message goes on from its name: `is larger than ...`."""


def whole(path: Path, most: int = MODEL_BYTES) -> bytes:
    """All bytes of a file of at most so many. Raises `Unsuitable`, before it takes more memory than
    that, and `OSError`.
    """
    if path.exists() and not path.is_file():
        raise Unsuitable("is no regular file")
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Unsuitable(f"is larger than {most // 2**20} MiB")
    return data


@dataclass(frozen=True, slots=True)
class Source:
    """A named text with `\\n` line ends. `name` is what error messages print (a file name or
    `<string>`).
    """

    name: str
    text: str = field(repr=False)
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = (0, *(k + 1 for k, c in enumerate(self.text) if c == "\n"))
        object.__setattr__(self, "_starts", starts)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line end."""
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end]


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open range [start, end) of characters of one source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def position(self) -> tuple[int, int]:
        """Line and column of the first character, from 1."""
        return self.source.position(self.start)

    def to(self, other: Span) -> Span:
        """The range from the start of this span to the end of another of the same source."""
        return Span(self.source, self.start, max(self.end, other.end))


def in_yaml(span: Span | None) -> bool:
    """Whether a place lies in a file of the YAML spelling, so that hints are written in it."""
    return span is not None and span.source.name.endswith((".yaml", ".yml"))


def section_text(name: str, value: str, span: Span | None) -> str:
    """A section of one call as the file of a place writes it: `block majority(2)`, and
    `block: majority(2)` in YAML.
    """
    return f"{name}{':' if in_yaml(span) else ''} {value}"


def letter(number: int) -> str:
    """The name of a site of a cell, counted from 0: a, b, ..., z, aa, ab, ..."""
    first, last = divmod(number, 26)
    return (letter(first - 1) if first else "") + chr(ord("a") + last)
