"""Changes of a syntax tree: settings and scans from outside, comments left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from rgc.syntax.ast import Document, Entry, Section


def apply(document: Document, settings: Sequence[Entry], scan: Sequence[Entry]) -> Document:
    """The document with parameters and scans replaced.

    A scan that is new is added. The names are checked by `build`.
    """
    document = _replaced(document, "parameters", settings, add=False)
    return _replaced(document, "scan", scan, add=True)


def _replaced(document: Document, name: str, entries: Sequence[Entry], *, add: bool) -> Document:
    if not entries:
        return document
    section = document.section(name) or Section(name, ())
    body = (
        [item for item in section.body if isinstance(item, Entry)]
        if isinstance(section.body, tuple)
        else []
    )
    for new in entries:
        at = next((k for k, old in enumerate(body) if old.target == new.target), None)
        if at is not None:
            body[at] = replace(body[at], op=new.op, value=new.value)
        elif add:
            body.append(new)
    changed = replace(section, body=tuple(body))
    others = document.sections if document.section(name) else (*document.sections, section)
    return replace(
        document, sections=tuple(changed if other is section else other for other in others)
    )


def without_comments(document: Document) -> Document:
    """The document without its comments."""
    bare: Document = _bare(document)
    return bare


def _bare(node: Any) -> Any:
    if isinstance(node, tuple):
        return tuple(_bare(part) for part in node)
    if not is_dataclass(node) or isinstance(node, type):
        return node
    blank = {"above": (), "below": (), "beside": None, "notes": ()}
    changes = {
        f.name: blank.get(f.name, _bare(getattr(node, f.name)))
        for f in fields(node)
        if "span" not in f.name
    }
    return replace(node, **changes)
