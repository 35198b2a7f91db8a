"""Comments find their entries, by lines alone, so that both spellings agree.

- A comment on an entry's line belongs to it, and one on a line of its own to the next entry.
- The last one of a section belongs to the section.
- One on the line of a section's name belongs to the section, unless an entry stands there.
- One in column one behind the last entry belongs to the next section.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rgc.syntax.ast import Document, Note, Section
from rgc.syntax.grammar import Word
from rgc.syntax.sections import Part
from rgc.text import Source, Span


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment without its `#` and the space behind it."""

    text: str
    span: Span

    @classmethod
    def of(cls, word: Word) -> Comment:
        return cls(word.text[1:].removeprefix(" ").rstrip(), word.span)


@dataclass(slots=True)
class _Place:
    """Comments on their way to one node."""

    above: list[str] = field(default_factory=list)
    beside: str | None = None
    below: list[str] = field(default_factory=list)

    def put_beside(self, text: str) -> None:
        """Put a comment beside a node. If several stand on its lines, the last one stays."""
        if self.beside is not None:
            self.above.append(self.beside)
        self.beside = text

    def fill(self, node: Any) -> Any:
        return replace(node, above=tuple(self.above), beside=self.beside)


def attach(source: Source, parts: Sequence[Part], comments: Iterable[Comment]) -> Document:
    """The document with every comment where it belongs."""
    heads = [_Place() for _ in parts]
    inner = [[_Place() for _ in part.spans] for part in parts]
    last: list[str] = []
    for comment in sorted(comments, key=lambda comment: comment.span.start):
        behind = (
            k
            for k, part in enumerate(parts)
            if part.section.span and part.section.span.start < comment.span.start
        )
        here = max(behind, default=-1)
        if here < 0 or _between(comment, parts[here]):
            following = heads[here + 1].above if here + 1 < len(parts) else last
            following.append(comment.text)
        else:
            _put(comment, parts[here], heads[here], inner[here])
    sections = [
        _fill(part, head, places) for part, head, places in zip(parts, heads, inner, strict=True)
    ]
    span = Span(source, 0, len(source.text))
    return Document(tuple(sections), tuple(last), span=span)


def _between(comment: Comment, part: Part) -> bool:
    """A comment in column one, behind everything that the section says."""
    return comment.span.position[1] == 1 and (
        not part.spans or part.spans[-1].end <= comment.span.start
    )


def _put(comment: Comment, part: Part, head: _Place, places: Sequence[_Place]) -> None:
    line, column = comment.span.position
    following = bisect_right(part.spans, comment.span.start, key=lambda span: span.start)
    before = following - 1  # the part that begins last before the comment, -1 for none
    shared = before >= 0 and line in _lines(part.spans[before])
    if comment.span.source.line(line)[: column - 1].strip():
        named = part.section.name_span is not None and part.section.name_span.position[0] == line
        if named and not (shared and isinstance(part.section.body, tuple)):
            return head.put_beside(comment.text)
        if shared:
            return places[before].put_beside(comment.text)
    if before >= 0 and comment.span.start < part.spans[before].end:
        following = before
    (places[following].above if following < len(places) else head.below).append(comment.text)


def _lines(span: Span) -> range:
    return range(span.position[0], span.source.position(max(span.start, span.end - 1))[0] + 1)


def _fill(part: Part, head: _Place, places: Sequence[_Place]) -> Section:
    section: Section = replace(head.fill(part.section), below=tuple(head.below))
    if isinstance(section.body, tuple):
        return replace(
            section,
            body=tuple(
                place.fill(entry) for place, entry in zip(places, section.body, strict=True)
            ),
        )
    notes = (
        place.fill(Note(term))
        for term, place in enumerate(places)
        if place.above or place.beside is not None
    )
    return replace(section, notes=tuple(notes))
