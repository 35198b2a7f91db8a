"""A model of another program as the text of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rgc.errors import Problem, SpecError
from rgc.text import Unsuitable, whole


@dataclass(frozen=True, slots=True)
class Foreign:
    """`text` is a spec in the text spelling, and `tables` are the files that it reads, by name.
    `notes` say what of the model a spec has no use for."""

    text: str
    tables: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def refused(message: str, hint: str = "") -> SpecError:
    """The error for what a spec cannot say, or for a file that is no such model."""
    return SpecError([Problem("foreign-model", message, hint=hint)])


def content(path: Path) -> bytes:
    """All bytes of a file. Raises `SpecError` (foreign-model) for one that is too large, and
    `OSError`.
    """
    try:
        return whole(path)
    except Unsuitable as error:
        raise refused(f"'{path.name}' {error}") from None
