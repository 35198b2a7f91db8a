"""Columns of text for a terminal, and the marks in them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

WIDTH = 110  # columns


def aligned(rows: Iterable[Sequence[str]], *, indent: str = "  ") -> str:
    """Rows as columns, two spaces between them."""
    table = [tuple(row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return "\n".join(
        (
            indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )


def marks() -> tuple[str, str]:
    """A tick and a cross, or words where the terminal cannot show them."""
    try:
        "✓✗".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "passed", "FAILED"
    return "✓", "✗"
