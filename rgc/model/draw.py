"""Couplings that differ from place to place: drawn, or given."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rgc.text import Span


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of a coupling such as `J ~ normal(0, 1)`, with its arguments in the order of
    its row in `rgc/language/draws.py`.
    """

    distribution: str
    arguments: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """Couplings that a file holds: an array with an axis for each site that a coupling joins, the
    sites in the order of cells, row by row, and letters.
    """

    path: str
    folder: Path
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """Couplings that the spec itself holds: a list, or a matrix as a list of lists, with the axes
    of `Given`.
    """

    entries: tuple[Any, ...]
