"""The section `include`: a spec that stands on another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rgc.ast_to_model.sections.other_specs import Reference, find_spec
from rgc.errors import Problems, SpecError
from rgc.syntax import ast
from rgc.syntax.read import read
from rgc.text import Span

MERGED = ("parameters", "spins", "scan", "measure")
NOT_INHERITED = ("title", "about", "expect")
INCLUDE = Reference("include-without-folder", "include-cycle", "include from", "include")


def merge_includes(document: ast.Document, folder: Path | None, problems: Problems) -> ast.Document:
    """The document with what it includes merged in, and without its `include`.

    `parameters spins scan measure` merge by name, where an entry of the including spec takes the
    place of the included one. Every other section is replaced as a whole, and `title about expect`
    are not inherited. Reports paths that leave the folder, cycles, and the problems of included
    files, which keep their own places.
    """
    return _merged(document, folder, problems, ())


def _merged(
    document: ast.Document, folder: Path | None, problems: Problems, above: Sequence[Path]
) -> ast.Document:
    section = document.section("include")
    if section is None or not isinstance(section.body, str):
        return document
    own = replace(
        document, sections=tuple(other for other in document.sections if other is not section)
    )
    base = _read(section, section.body, folder, problems, above)
    return own if base is None else _over(base, own)


def _read(
    section: ast.Section, path: str, folder: Path | None, problems: Problems, above: Sequence[Path]
) -> ast.Document | None:
    span = _path_span(section)
    try:
        target = find_spec(path, span, folder, above, INCLUDE)
        inner = read(target)
    except SpecError as error:
        problems.extend(replace(problem, span=problem.span or span) for problem in error.problems)
        return None
    return _merged(inner, target.parent, problems, (*above, target.resolve()))


def _path_span(section: ast.Section) -> Span | None:
    """The place of the path behind the word `include`."""
    whole, word = section.span, section.name_span
    if whole is None or word is None:
        return whole
    behind = whole.source.text[word.end : whole.end]
    return Span(whole.source, whole.end - len(behind.lstrip(" \t\n:")), whole.end)


def _over(base: ast.Document, own: ast.Document) -> ast.Document:
    """The sections of the base, followed by those that only the including spec has.

    Each section of the base is replaced by or merged with that of the including spec.
    """
    inherited = [section for section in base.sections if section.name not in NOT_INHERITED]
    names = {section.name for section in inherited}
    merged = [_section(section, own.section(section.name)) for section in inherited]
    added = [section for section in own.sections if section.name not in names]
    order = {name: place for place, name in enumerate(ast.SECTIONS)}
    return replace(
        own,
        sections=tuple(sorted((*merged, *added), key=lambda section: order.get(section.name, 99))),
    )


def _section(base: ast.Section, own: ast.Section | None) -> ast.Section:
    if own is None:
        return base
    if (
        own.name not in MERGED
        or not isinstance(base.body, tuple)
        or not isinstance(own.body, tuple)
    ):
        return own
    given = {_key(entry): entry for entry in own.body}
    kept = [given.pop(_key(entry), entry) for entry in base.body]
    return replace(own, body=(*kept, *given.values()))


def _key(entry: ast.Entry | ast.Item | ast.Expectation) -> object:
    """What two entries with the same meaning share.

    It is the name, and for a bare measure the whole entry.
    """
    target = entry.value if isinstance(entry, ast.Item) else entry.target
    if isinstance(entry, ast.Entry) and entry.op is None:
        return target
    return target.name if isinstance(target, ast.Name | ast.Call) else target
