"""The numbers that a file of data holds."""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.array_files import DAMAGES, cells, has_names, is_number
from rgc.errors import Problem, SpecError
from rgc.model.data import File
from rgc.passes.check_file import check_file, one_array, wrong_shape
from rgc.text import Span

Numbers = NDArray[Any]
"""Truth values, integers or real numbers."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FileRows:
    """The finite numbers of a file, [row, column], with further axes of the file in the columns,
    the last the fastest. The dtype is that of the file unless values are scaled or centred.

    `weights` float64[row] say how often each row counts; they are None where all count alike.
    """

    values: Numbers
    weights: NDArray[np.float64] | None = None


def read_rows(file: File, sites: int | None = None) -> FileRows:
    """The rows of a file.

    `sites` is the number of spins in a row, if it is known. Raises `SpecError` like `check_file`,
    and for what is no finite number (not-finite), with its row and column, or no number in a table
    (not-a-number).
    """
    name, header = check_file(file, sites)
    if file.rows and (header.rows, header.columns) != (file.rows, file.columns):
        message = f"'{file.path}' has changed since it was checked"
        hint = f"it had {file.rows} rows of {file.columns} columns; begin again"
        raise SpecError([Problem("changed-file", message, file.span, hint=hint)])
    values = _numbers(file.folder / file.path, name, file.path, file.span)
    values = values.reshape(header.rows, header.columns)
    _check_finite(values, file.path, file.span)
    weights = _weights(file)
    return FileRows(values=_moved(values, weights, file), weights=weights)


def _moved(values: Numbers, weights: NDArray[np.float64] | None, file: File) -> Numbers:
    """The values scaled and centred, as far as the spec asks for it."""
    if file.scale is not None:
        values = values * np.float64(file.scale)
    if file.centre:
        values = values - np.average(values, axis=0, weights=weights)
    return values


def read_array(folder: Path, path: str, shape: tuple[int, ...], span: Span | None) -> Numbers:
    """The only array of a file, of that shape and finite. Raises `SpecError` like `one_array`, and
    for another shape (wrong-shape) and what is not finite.
    """
    name, header = one_array(folder, path, None, span)
    if header.shape != shape:
        raise wrong_shape(path, header.shape, shape, span)
    values = _numbers(folder / path, name, path, span)
    _check_finite(values, path, span)
    return values


def _weights(file: File) -> NDArray[np.float64] | None:
    """How often each row counts. Raises `SpecError` for weights that are no frequencies."""
    if file.weights is None:
        return None
    name, _ = one_array(file.folder, file.weights, None, file.span)
    weights = _numbers(file.folder / file.weights, name, file.weights, file.span)
    weights = weights.astype(np.float64).reshape(-1)
    _check_finite(weights[:, None], file.weights, file.span)
    if weights.min() < 0:
        row = int(np.argmax(weights < 0))
        message = f"the weight of row {row} in '{file.weights}' is {weights[row]:g}"
        raise SpecError([Problem("out-of-range", f"{message}, below 0", file.span)])
    if not weights.any():
        message = f"all weights in '{file.weights}' are 0"
        raise SpecError([Problem("out-of-range", message, file.span)])
    return weights


def _numbers(path: Path, name: str, shown: str, span: Span | None) -> Numbers:
    """An array of a file whose header was checked."""
    if path.suffix.lower() == ".csv":
        return _table(path, shown, span)
    try:
        if not name:
            return np.asarray(np.load(path, allow_pickle=False))
        with np.load(path, allow_pickle=False) as archive:
            return np.asarray(archive[name])
    except (*DAMAGES, ValueError, OSError) as error:
        raise SpecError([Problem("unreadable-file", f"'{shown}': {error}", span)]) from None


def _table(path: Path, shown: str, span: Span | None) -> Numbers:
    with path.open(encoding="utf-8-sig") as file:
        first = next(csv.reader(line for line in file if line.strip()), [])
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = (line for line in file if line.strip())
            if has_names(first):
                next(lines)
            table = np.loadtxt(lines, delimiter=",", comments=None, quotechar='"', ndmin=2)
    except ValueError as error:
        with suppress(csv.Error):
            wrong = _misplaced(path, shown, span)
            if wrong is not None:
                raise wrong from None
        raise SpecError([Problem("unreadable-file", f"'{shown}': {error}", span)]) from None
    if table.shape[1] != len(first):
        message = f"the rows of '{shown}' have {table.shape[1]} columns, and it names {len(first)}"
        raise SpecError([Problem("wrong-columns", message, span)])
    return np.asarray(table)


def _misplaced(path: Path, shown: str, span: Span | None) -> SpecError | None:
    """The first row of a table that has another number of columns than the one before it, or the
    first cell that is no number."""
    width = None
    for row, line in enumerate(cells(path)):
        width = len(line) if width is None else width
        if len(line) != width:
            message = f"row {row} of '{shown}' has {len(line)} columns, and the first has {width}"
            return SpecError([Problem("wrong-columns", f"{message} (rows count from 0)", span)])
        for column, cell in enumerate(line):
            if not is_number(cell):
                message = f"'{cell}' in {place(row, column)} of '{shown}' is no number"
                return SpecError([Problem("not-a-number", message, span)])
    return None


def _check_finite(values: Numbers, shown: str, span: Span | None) -> None:
    if values.dtype.kind != "f":
        return
    finite = np.isfinite(values)
    if not finite.all():
        row, column = first_place(~finite)
        message = f"'{shown}' holds {values[row, column]} in {place(row, column)}"
        raise SpecError([Problem("not-finite", message, span)])


def first_place(wrong: NDArray[np.bool_]) -> tuple[int, int]:
    """Row and column of the first entry that is true, row by row."""
    row, column = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    return int(row), int(column)


def place(row: int, column: int) -> str:
    """Row and column as messages have them, counted from 0 as entries of lists are."""
    return f"row {row}, column {column} (counted from 0)"
