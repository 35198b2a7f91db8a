"""The file of a graph: a table with commas, whose first line names its columns.

The columns `a`, `b`, ... hold the sites of an edge, numbered from 0; all others are numbers that
each edge has, by name. With more than two columns of sites edges are hyperedges, and one that joins
fewer sites than there are columns leaves the last of them empty.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import takewhile
from math import isfinite
from pathlib import Path
from string import ascii_lowercase

from rgc.ast_to_model.scope import problem
from rgc.errors import SpecError, listing
from rgc.model.graphs import MOST_EDGES, MOST_SITES, graph
from rgc.model.lattice import Lattice
from rgc.passes.check_file import missing
from rgc.text import Span, Unsuitable, whole

FEWEST = 2
"""Sites that an edge joins, at least."""

EXAMPLE = "the first line names the columns, such as a,b or a,b,weight"


def read_graph(folder: Path, path: str, span: Span | None) -> Lattice:
    """The graph that a file holds.

    Raises `SpecError`: missing-file, unreadable-file for what is no such table, and bad-graph for
    edges without two different sites, edges that stand twice, and numbers that are not finite.
    """
    rows = _rows(folder, path, span)
    _, first_row = next(rows, (1, []))
    names = [cell.strip() for cell in first_row]
    letters = _letters(names, path, span)
    table = _Table(path, span, names, letters)
    edges: list[tuple[int, ...]] = []
    lines: dict[tuple[int, ...], int] = {}
    columns: dict[str, list[float]] = {name: [] for name in names if name not in letters}
    for number, row in rows:
        if len(edges) == MOST_EDGES:
            message = f"there are more than {MOST_EDGES} edges, which is the limit"
            raise table.wrong(number, message)
        edge = table.edge(number, row)
        first = lines.setdefault(tuple(sorted(edge)), number)
        if first != number:
            message = f"the sites of line {first} once more"
            raise table.wrong(number, message, "join both to one edge")
        edges.append(edge)
        for name in columns:
            columns[name].append(table.number(number, row, name))
    if not edges:
        raise problem("bad-graph", f"'{path}' has no edges", span, hint=EXAMPLE)
    return graph(edges, columns)


def _rows(folder: Path, path: str, span: Span | None) -> Iterator[tuple[int, list[str]]]:
    """The lines of the table that are not empty, with their numbers. Raises `SpecError`."""
    try:
        lines = StringIO(whole(folder / path).decode("utf-8-sig"), newline="")
        yield from ((number, row) for number, row in enumerate(csv.reader(lines), 1) if any(row))
    except OSError as error:
        raise missing(folder, path, error, span) from None
    except Unsuitable as error:
        raise problem("unreadable-file", f"'{path}' {error}", span) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise problem("unreadable-file", f"'{path}' is no table: {error}", span) from None


def _letters(names: list[str], path: str, span: Span | None) -> list[str]:
    """The names of the columns of sites. Raises `SpecError`."""
    letters = list(takewhile(lambda letter: letter in names, ascii_lowercase))
    others = [name for name in names if name not in letters]
    wrong = [name for name in others if not name.isidentifier()]
    if len(letters) < FEWEST or wrong or len(set(names)) < len(names):
        has = listing([f"'{name}'" for name in names]) if names else "nothing"
        message = f"the columns of '{path}' are {has}; two or more of sites are needed: a, b"
        if len(letters) >= FEWEST:
            message = f"the columns of '{path}' are {has}, which are no different names"
        raise problem("bad-graph", message, span, hint=EXAMPLE)
    return letters


class _Table:
    """What the cells of the table mean."""

    def __init__(self, path: str, span: Span | None, names: list[str], letters: list[str]) -> None:
        self.path, self.span, self.names, self.letters = path, span, names, letters

    def wrong(self, line: int, what: str, hint: str = "") -> SpecError:
        return problem("bad-graph", f"'{self.path}', line {line}: {what}", self.span, hint=hint)

    def edge(self, line: int, row: list[str]) -> tuple[int, ...]:
        """The sites of an edge. Raises `SpecError`."""
        if len(row) != len(self.names):
            hint = (
                "an edge of fewer sites leaves cells empty: 0,1,," if len(self.letters) > 2 else ""
            )
            raise self.wrong(line, f"{len(row)} cells, and {len(self.names)} columns", hint)
        cells = [row[self.names.index(letter)].strip() for letter in self.letters]
        while len(cells) > FEWEST and not cells[-1]:
            cells.pop()
        sites = []
        for letter, text in zip(self.letters, cells, strict=False):
            if not text:
                message = f"no site in column {letter}"
                hint = "an edge joins two sites or more, those of the first columns"
                raise self.wrong(line, message, hint)
            if not (text.isascii() and text.isdigit()):
                message = f"'{text}' in column {letter} is no site"
                raise self.wrong(line, message, "sites are whole numbers from 0")
            if int(text) >= MOST_SITES:
                message = f"site {text} is beyond the limit of {MOST_SITES} sites"
                raise self.wrong(line, message, f"number the sites from 0 to {MOST_SITES - 1}")
            sites.append(int(text))
        if len(set(sites)) < len(sites):
            message = "an edge joins different sites, and here one stands twice"
            raise self.wrong(line, message, "write a field as a sum of its own: sum(i) s[i]")
        return tuple(sites)

    def number(self, line: int, row: list[str], name: str) -> float:
        """The number in a column. Raises `SpecError`."""
        text = row[self.names.index(name)].strip()
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            raise self.wrong(line, f"'{text}' in column {name} is no finite number")
        return value
