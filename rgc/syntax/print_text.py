"""The canonical layout of the text spelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rgc.syntax.ast import (
    EXPECTATION_SECTIONS,
    ITEM_SECTIONS,
    Commented,
    Document,
    Entry,
    Expectation,
    Expr,
    Item,
    Note,
    Section,
    addends,
)
from rgc.syntax.print_expression import print_entry, print_expectation, print_expression, print_item
from rgc.syntax.strings import CONTROL, quote

WIDTH = 88

NEVER_ON_ONE_LINE = ("runs", *ITEM_SECTIONS, *EXPECTATION_SECTIONS)
"""Lists of which two entries or more stand on a line each."""


def print_text(document: Document) -> str:
    """The document as `.rgc` text: short sections on one line, a blank line around long ones."""
    lines: list[str] = []
    long = False
    for section in document.sections:
        block = list(_section(section))
        if lines and (long or len(block) > 1):
            lines.append("")
        lines += block
        long = len(block) > 1
    if document.below:
        lines += [*([""] if lines else []), *comments(document.below)]
    return "".join(f"{line}\n" for line in lines)


def comments(texts: Iterable[str], indent: str = "") -> list[str]:
    """Comments on lines of their own."""
    return [f"{indent}# {text}".rstrip() for text in texts]


def beside(line: str, comment: str | None) -> str:
    """The line with a comment at its end."""
    return line if comment is None else f"{line}  # {comment}".rstrip()


def term_lines(section: Section, body: Expr) -> list[str]:
    """The terms of a sum, one a line with its sign, and their comments."""
    notes = {note.term: note for note in section.notes}
    lines: list[str] = []
    for number, (sign, term) in enumerate(addends(body)):
        note = notes.get(number, Note(number))
        lines += [
            *comments(note.above),
            beside(_first(section, term) if number == 0 else _signed(sign, term), note.beside),
        ]
    return lines


def _first(section: Section, term: Expr) -> str:
    """The first term of a sum. In a Hamiltonian every term has its sign."""
    text = print_expression(term)
    if text.startswith("-"):
        return f"- {text[1:]}"
    return f"+ {text}" if section.name == "hamiltonian" else text


def _signed(sign: str, term: Expr) -> str:
    # the right side of a sum: `a - (b + c)` keeps its parentheses
    text = print_expression(term)
    return f"{sign} ({text})" if len(addends(term)) > 1 else f"{sign} {text}"


def _section(section: Section) -> Iterator[str]:
    yield from comments(section.above)
    body = section.body
    if isinstance(body, str):
        yield from _text(section, body)
    elif isinstance(body, tuple):
        yield from _list(section, body)
    elif section.notes or (section.name == "hamiltonian" and len(addends(body)) > 1):
        yield beside(section.name, section.beside)
        yield from ("  " + line for line in term_lines(section, body))
        yield from comments(section.below, "  ")
    else:
        yield beside(" ".join((section.name, *term_lines(section, body))), section.beside)
        yield from comments(section.below, "  ")


def is_long(text: str) -> bool:
    """True where a text is best written on several lines, and can be without a change."""
    lines = text.split("\n")
    framed = len(lines) > 1 and lines[0] != "" and lines[-1] != ""
    return framed and not CONTROL.search(text) and all(line == line.rstrip() for line in lines)


def _text(section: Section, text: str) -> Iterator[str]:
    lines = [quote(text)]
    if section.name == "about" and is_long(text):
        inside = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').split("\n")
        lines = ['"""', *(f"  {line}".rstrip() for line in inside), '  """']
    note = section.notes[0] if section.notes else None
    if note is None and (section.beside is None or len(lines) == 1):
        lines[0] = beside(f"{section.name} {lines[0]}", section.beside)
    else:
        yield beside(section.name, section.beside)
        yield from comments(note.above if note else (), "  ")
        lines[0] = "  " + lines[0]
        lines[-1] = beside(lines[-1], note.beside if note else None)
    yield from lines
    yield from comments(section.below, "  ")


def _list(section: Section, entries: Sequence[Entry | Item | Expectation]) -> Iterator[str]:
    texts = [_entry(entry) for entry in entries]
    if section.beside is None and not section.below:
        if section.name == "spins" and len(entries) == 1 and not entries[0].above:
            yield beside(f"spins {texts[0]}", entries[0].beside)
            return
        line = f"{section.name} {{ {', '.join(texts)} }}" if texts else f"{section.name} {{}}"
        if not any(map(_is_commented, entries)) and _fits(section.name, texts, line):
            yield line
            return
    yield beside(f"{section.name} {{", section.beside)
    for entry, text in zip(entries, texts, strict=True):
        yield from comments(entry.above, "  ")
        yield beside(f"  {text}", entry.beside)
    yield from comments(section.below, "  ")
    yield "}"


def _fits(name: str, texts: Sequence[str], line: str) -> bool:
    return len(texts) <= 1 or (name not in NEVER_ON_ONE_LINE and len(line) <= WIDTH)


def _is_commented(node: Commented) -> bool:
    return bool(node.above) or node.beside is not None


def _entry(entry: Entry | Item | Expectation) -> str:
    if isinstance(entry, Entry):
        return print_entry(entry)
    return print_expectation(entry) if isinstance(entry, Expectation) else print_item(entry.value)
