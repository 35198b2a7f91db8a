"""The canonical layout of the YAML spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rgc.syntax.ast import (
    ITEM_SECTIONS,
    Changed,
    Document,
    Entry,
    Expectation,
    Expr,
    Item,
    List,
    Section,
    Sourced,
    Text,
)
from rgc.syntax.print_expression import print_entry, print_expression, print_tolerances
from rgc.syntax.print_text import beside, comments, is_long, term_lines
from rgc.syntax.strings import quote

# What YAML reads as one plain scalar whatever stands around it. In flow style commas, colons and
# brackets end one too.
_PLAIN = re.compile(r"(?:[A-Za-z0-9_.(]|-(?=[A-Za-z0-9_.(]))[^\n]*")
_ENDS = re.compile(r": |:$| #|\t")
_FLOW_ENDS = re.compile(r"[\[\]{},:?#]")
_KEY_LIMIT = 900  # a longer key is written behind `? `


def print_yaml(document: Document) -> str:
    """The document as `.yaml` text."""
    lines = [line for section in document.sections for line in _section(section)]
    return "".join(f"{line}\n" for line in (*lines, *comments(document.below))) or "{}\n"


def scalar(text: str, *, flow: bool = False) -> str:
    """A text of one line as YAML reads it back: plain where that is safe, else quoted."""
    if (
        _PLAIN.fullmatch(text)
        and text == text.rstrip()
        and not _ENDS.search(text)
        and not (flow and _FLOW_ENDS.search(text))
    ):
        return text
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def value(expression: Expr, *, flow: bool = False) -> str:
    """An expression as a YAML value: lists stay lists."""
    if isinstance(expression, List):
        return f"[{', '.join(value(item, flow=True) for item in expression.items)}]"
    return scalar(print_expression(expression), flow=flow)


def _section(section: Section) -> Iterator[str]:
    yield from comments(section.above)
    body = section.body
    if isinstance(body, str):
        yield from _text(section, body)
    elif isinstance(body, tuple):
        yield from _list(section, body)
    elif section.notes or section.name == "hamiltonian":
        yield beside(f"{section.name}: |", section.beside)
        yield from ("  " + line for line in (*term_lines(section, body), *comments(section.below)))
    elif isinstance(body, Sourced):
        yield beside(
            f"{section.name}: {{says: {quote(body.text)}, from: {quote(body.source)}}}",
            section.beside,
        )
        yield from comments(section.below, "  ")
    else:
        yield beside(f"{section.name}: {value(body)}", section.beside)
        yield from comments(section.below, "  ")


def _text(section: Section, text: str) -> Iterator[str]:
    note = section.notes[0] if section.notes else None
    if note is not None:
        yield beside(f"{section.name}:", section.beside)
        yield from comments(note.above, "  ")
        yield beside(f"  {quote(text)}", note.beside)
    elif is_long(text) and not section.below:
        yield beside(
            f"{section.name}: |{'2' if text.startswith((' ', chr(9))) else ''}", section.beside
        )
        yield from (f"  {line}".rstrip() for line in text.split("\n"))
    else:
        yield beside(f"{section.name}: {quote(text)}", section.beside)
    yield from comments(section.below, "  ")


def _list(section: Section, entries: Sequence[Entry | Item | Expectation]) -> Iterator[str]:
    if not entries:
        yield beside(
            f"{section.name}: {'[]' if section.name in (*ITEM_SECTIONS, 'measure') else '{}'}",
            section.beside,
        )
    else:
        yield beside(f"{section.name}:", section.beside)
    dash = "- " if _needs_list(entries) else ""
    for entry in entries:
        yield from comments(entry.above, "  ")
        *lines, last = _entry(section.name, entry)
        yield from (f"  {dash}{line}" for line in lines)
        yield beside(
            f"  {('  ' if lines else '') if dash else ''}{'' if lines else dash}{last}",
            entry.beside,
        )
    yield from comments(section.below, "  ")


def _needs_list(entries: Sequence[Entry | Item | Expectation]) -> bool:
    """Items and bare measures have no key, and no key may stand twice."""
    if any(
        isinstance(entry, Item) or (isinstance(entry, Entry) and entry.op is None)
        for entry in entries
    ):
        return True
    keys = [print_expression(entry.target) for entry in entries if not isinstance(entry, Item)]
    return len(set(keys)) < len(keys)


def _entry(section: str, entry: Entry | Item | Expectation) -> list[str]:
    if isinstance(entry, Item):
        return [value(entry.value)]
    if isinstance(entry, Expectation):
        return _pair(entry.target, _expectation(entry))
    if entry.op is None or entry.value is None:
        return [scalar(print_entry(entry))]
    if section == "runs":
        return _pair(entry.target, _other_spec(entry.value))
    drawn = entry.op == "~"
    return _pair(
        entry.target, scalar(f"~ {print_expression(entry.value)}") if drawn else value(entry.value)
    )


def _other_spec(expression: Expr) -> str:
    """A spec that a study runs: its path, and in a mapping below it what is changed. A path that is
    not plain stays as it is in the text spelling.
    """
    match expression:
        case Text(path) if _is_plain(path):
            return scalar(path)
        case Changed(path, settings) if _is_plain(path):
            inside = (f"{each.name}: {value(each.value, flow=True)}" for each in settings)
            return f"{{{scalar(path, flow=True)}: {{{', '.join(inside)}}}}}"
    return scalar(print_expression(expression))


def _is_plain(path: str) -> bool:
    return path.isprintable() and path != "" and not set(path) & {'"', "\\"}


def _pair(target: Expr, text: str) -> list[str]:
    key = scalar(print_expression(target))
    return [f"{key}: {text}"] if len(key) < _KEY_LIMIT else [f"? {key}", f": {text}"]


def _expectation(expectation: Expectation) -> str:
    relation = "value" if expectation.op == "=" else expectation.op
    fields = [f"{relation}: {value(expectation.value, flow=True)}"]
    if expectation.within:
        fields.append(f"within: {scalar(print_tolerances(expectation.within), flow=True)}")
    if expectation.source is not None:
        fields.append(f"from: {quote(expectation.source)}")
    return f"{{{', '.join(fields)}}}"
