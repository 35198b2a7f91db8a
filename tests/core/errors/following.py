"""What a hint tells a user to write, and the ways in which a user may write it into the spec.

A hint is prose with code in it. `code_in` finds the code by the grammar itself: the longest runs of
words that parse as a section, an entry or an expression, and are more than words. `followed` writes
a piece into the spec wherever somebody who reads the message could mean it: in place of what the
caret marks or the message names, of an argument, a call, a sum, an entry or a section around it, as
an option of a call, as an entry or a section of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rgc.errors import Problem, SpecError
from rgc.syntax.ast import SECTIONS
from rgc.syntax.parse import parse, parse_entry, parse_expression
from rgc.syntax.parse_yaml import parse_yaml
from rgc.text import Source

READERS: tuple[tuple[Callable[[Source], Any], str], ...] = (
    (parse, "{}"),
    (parse, "expect {{ {} }}"),
    (parse, "parameters {{ {} }}"),
    (parse_yaml, "parameters: {{ {} }}"),
    (parse_entry, "{}"),
    (parse_expression, "{}"),
)
"""How a piece of code is read, and what stands around it."""

MORE_THAN_WORDS = re.compile(r"[=(\[<\"{~]|\d:\d|\S[*^]\S")
WORD_FIRST = re.compile(rf"(?!({'|'.join(SECTIONS)})\b)\w+:? (?![-+*/=~^<\"])|\(\w+\)$")
WORD_LAST = re.compile(r"""[])"] [a-z]{2,}\b""")
NAMED = re.compile(r"(?:did you mean|here it is called) '([^']+)'|the nearest is (\S+)$")
LEFT_OUT = re.compile(r"\bleave (?:it|`?(?P<name>\w+)(?:=\w+)?`?) out\b")
ENTRY = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*[=:~]\s*(?P<value>.+)", re.DOTALL)
CALL = re.compile(r"(?P<name>[A-Za-z_]\w*)\(.*\)", re.DOTALL)
PAIR = re.compile(r"<+\w+,\w+>+")
OPENING, CLOSING = "([{", ")]}"


def code_in(hint: str) -> list[str]:
    """The pieces of code in a hint, or `leave NAME out`. A piece with an ellipsis is a pattern and
    no code.
    """
    if named := NAMED.match(hint):
        return [named[1] or named[2]]
    if left_out := LEFT_OUT.search(hint):
        return [left_out.group()]
    words = [m.span() for m in re.finditer(r"\S*[^\s,;.:]", hint)]
    found: list[tuple[int, int]] = []
    for i, (start, _) in enumerate(words):
        if found and start < found[-1][1]:
            continue
        ends = (end for _, end in reversed(words[i:]) if _is_code(hint[start:end]))
        found += [(start, end) for end in ends][:1]
    return [hint[start:end] for start, end in found]


def _is_code(text: str) -> bool:
    if "..." in text or text[:1] in ("", "-", "|") or not MORE_THAN_WORDS.search(text):
        return False
    if WORD_FIRST.match(text) or WORD_LAST.search(text):
        return False
    return any(_parses(reader, around.format(text)) for reader, around in READERS)


def _parses(reader: Callable[[Source], Any], text: str) -> bool:
    try:
        reader(Source("hint", text))
    except SpecError:
        return False
    return True


# -- writing it into the spec ----------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A stretch of a text: an argument, a call, an entry, a section."""

    start: int
    end: int

    def put(self, text: str, piece: str) -> str:
        return text[: self.start] + piece + text[self.end :]

    def left_out(self, text: str) -> str:
        """The text without an argument or entry, and without the comma beside it."""
        before, after = text[: self.start].rstrip(" "), text[self.end :]
        if before.endswith(","):
            return before[:-1] + after
        return before + re.sub(r"^\s*,\s*", "", after)


def followed(text: str, problem: Problem, piece: str) -> Iterator[str]:
    """The spec with the piece of code in each place where it may be meant."""
    span = problem.span
    marked = Place(span.start, span.end) if span else Place(0, 0)
    around = list(_around(text, marked))
    if left_out := LEFT_OUT.fullmatch(piece):
        options = list(_entries(text, left_out["name"])) if left_out["name"] else []
        yield from (place.left_out(text) for place in (*options, *around))
        return
    yield from (place.put(text, piece) for place in _words(text, marked))
    for named in re.findall(r"'([^']+)'", problem.message):
        for found in re.finditer(rf"(?<!\w){re.escape(named)}(?!\w)", text):
            yield Place(*found.span()).put(text, piece)
    if entries := _entries_in(piece):
        yield from _as_options(text, marked, entries)
        yield from _as_parameters(text, marked, entries)
    yield from _as_section(text, piece)
    if call := CALL.fullmatch(piece):
        yield from (place.put(text, piece) for place in _calls_of(text, call["name"]))
    yield from (place.put(text, piece) for place in around)
    yield from (place.put(text, f"{piece} {text[place.start : place.end]}") for place in around)


def _words(text: str, marked: Place) -> Iterator[Place]:
    """What is marked, and the names, numbers and quoted texts in it; and where a marked name is a
    parameter, its value.
    """
    yield marked
    inside = text[marked.start : marked.end]
    for words in (r"([A-Za-z_]\w*|-?[\d.]+)", r'"([^"]*)"'):
        for word in re.finditer(words, inside):
            yield Place(marked.start + word.start(1), marked.start + word.end(1))
    if inside.isidentifier():
        for value in re.finditer(rf"\b{inside}\s*[=:]\s*", text):
            yield Place(value.end(), _reach(text, value.end(), 1))


def _around(text: str, marked: Place) -> Iterator[Place]:
    """What is marked, and the sums, arguments, calls, entries and sections around it."""
    yield marked
    line = text.rfind("\n", 0, marked.start) + 1
    for sums in re.finditer(r"\b(?:sum|prod|mean)\b", text[line : marked.end]):
        yield Place(line + sums.start(), _reach(text, line + sums.start(), 1))
    start, end = marked.start, marked.end
    while True:
        wider = _wider(text, start, end)
        if wider == (start, end):
            return
        start, end = wider
        yield Place(start, end)
        if head := re.search(r"[\w.]+\s*$", text[:start]):
            yield Place(head.start(), end)


def _wider(text: str, start: int, end: int) -> tuple[int, int]:
    """The next stretch around: up to the next comma, line or equals sign, then over the name before
    that, then with the brackets.
    """
    left, right = _reach(text, start, -1), _reach(text, end, 1)
    if (left, right) != (start, end):
        return left, right
    named = re.search(r"\w+\s*=\s*$", text[:start])
    if named:
        return named.start(), end
    before, after = text[:start].rstrip(" "), text[end:]
    return max(len(before) - 1, 0), min(end + len(after) - len(after.lstrip(" ")) + 1, len(text))


def _reach(text: str, at: int, step: int) -> int:
    """The end of the argument or entry that a place is in, in the direction of `step`."""
    text = PAIR.sub(lambda pair: "_" * len(pair.group()), text)
    inward, outward = (OPENING, CLOSING) if step > 0 else (CLOSING, OPENING)
    depth = 0
    while 0 <= at + min(step, 0) < len(text):
        c = text[at + min(step, 0)]
        if depth == 0 and (c in outward or c in ",=\n"):
            break
        depth += (c in inward) - (c in outward)
        at += step
    spaces = text[at:] if step < 0 else text[:at][::-1]
    return at - step * (len(spaces) - len(spaces.lstrip(" ")))


def _entries_in(piece: str) -> dict[str, str]:
    """The entries or options that a piece of code is, by name; none if it is something else."""
    parts, depth = [""], 0
    for c in piece:
        depth += (c in OPENING) - (c in CLOSING)
        parts = [*parts, ""] if c == "," and depth == 0 else [*parts[:-1], parts[-1] + c]
    read = [ENTRY.fullmatch(part.strip()) for part in parts]
    return {part["name"]: part.group() for part in read if part} if all(read) else {}


def _entries(text: str, name: str) -> Iterator[Place]:
    """Entries and options of a name."""
    for old in re.finditer(rf"\b{re.escape(name)}\s*[=~:]+\s*", text):
        yield Place(old.start(), _reach(text, old.end(), 1))


def _without(text: str, names: Iterable[str]) -> str:
    for name in names:
        for old in reversed(list(_entries(text, name))):
            text = old.left_out(text)
    return text


def _as_options(text: str, marked: Place, entries: Mapping[str, str]) -> Iterator[str]:
    """The piece as options of each call, the nearest first: in place of those of their names, of
    the argument without a name, or as further ones.
    """
    given = ", ".join(entries.values())
    for name, entry in entries.items() if len(entries) == 1 else ():
        yield from (place.put(text, entry) for place in _entries(text, name))
    calls = [m.end() for m in re.finditer(r"\w\(", text)]
    for start in sorted(calls, key=lambda start: abs(start - marked.start)):
        inside = Place(start, _closing(text, start))
        rest = _without(text[start : inside.end], entries).strip()
        yield inside.put(text, f"{rest}, {given}" if rest else given)
        yield Place(start, _reach(text, start, 1)).put(text, given)
    for word in re.finditer(r"\w+", text):
        if word.start() <= marked.start <= word.end():
            yield Place(word.end(), word.end()).put(text, f"({given})")


def _as_parameters(text: str, marked: Place, entries: Mapping[str, str]) -> Iterator[str]:
    """The piece as entries, in place of those of their names, with what is marked and without."""
    given = ", ".join(entries.values())
    for left in (text, marked.left_out(text)):
        for section in ("parameters", "measure"):
            body = re.search(rf"^{section}:?\s*\{{", left, re.MULTILINE)
            if body:
                inside = Place(body.end(), _closing(left, body.end()))
                rest = _without(left[inside.start : inside.end], entries).strip()
                yield inside.put(left, f" {given}, {rest} " if rest else f" {given} ")
        yield from _as_section(left, f"parameters {{ {given} }}")


def _as_section(text: str, piece: str) -> Iterator[str]:
    """The piece in place of a section, at the end or at the top, or as what stands in a section of
    one value or of entries.
    """
    named = re.match(rf"({'|'.join(SECTIONS)})\b", piece)
    sections = list(re.finditer(r"^(\w+)(:?)[^\n]*(?:\n(?:[ \t|}][^\n]*)?)*", text, re.MULTILINE))
    if not named:
        for section in sections:
            for body in (f"{section[1]}{section[2]} {piece}", f"{section[1]} {{ {piece} }}"):
                yield Place(section.start(), section.end()).put(text, f"{body}\n")
        return
    for section in sections:
        if section[1] == named[1]:
            yield Place(section.start(), section.end()).put(text, f"{piece}\n")
    yield f"{text.rstrip()}\n{piece}\n"
    top = re.match(r"(#.*\n)*", text)
    yield Place(top.end(), top.end()).put(text, f"{piece}\n") if top else text


def _calls_of(text: str, name: str) -> Iterator[Place]:
    """The calls of a name, and the name alone."""
    for call in re.finditer(rf"\b{name}\b", text):
        end = call.end()
        called = text[end : end + 1] == "("
        yield Place(call.start(), _closing(text, end + 1) + 1 if called else end)


def _closing(text: str, at: int) -> int:
    """Where the bracket closes that opened before `at`."""
    depth = 1
    while at < len(text) and depth:
        depth += (text[at] in OPENING) - (text[at] in CLOSING)
        at += 1
    return at - 1
