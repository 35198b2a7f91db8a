"""Whether a file of data is what a spec takes it for, as far as its header says.

Both the check of a spec and the run that reads the values ask here.
"""

from __future__ import annotations

from pathlib import Path

from rgc.array_files import SUFFIXES, Header, Unreadable, digest, headers
from rgc.errors import Problem, SpecError, listing, suggest
from rgc.model.data import File, kept_apart
from rgc.text import Span


def check_file(file: File, sites: int | None = None) -> tuple[str, Header]:
    """The array that a file of data names, by its name and header.

    `sites` is the number of spins in a row, if the spec says it. Raises `SpecError` for a file that
    is not there (missing-file) or not readable (unreadable-file), for another number of columns
    (wrong-columns), for no rows or no rows besides those for validation (no-rows), and for another
    number of weights than of rows (wrong-rows).
    """
    name, header = one_array(file.folder, file.path, file.array, file.span)
    try:
        rows, columns = header.rows, header.columns
    except Unreadable as error:
        raise unreadable(file.path, error, file.span) from None
    check_rows(rows, file.validation, f"'{file.path}'", file.span)
    if columns == 0:
        raise SpecError([Problem("no-rows", f"the rows of '{file.path}' are empty", file.span)])
    if sites is not None and columns != sites:
        message = f"the rows of '{file.path}' have {columns} columns, and there are {sites} sites"
        hint = f"a lattice of {columns} sites, such as chain({columns}), holds such a row"
        raise SpecError([Problem("wrong-columns", message, file.span, hint=hint)])
    if file.weights is not None:
        _, weights = one_array(file.folder, file.weights, None, file.span)
        if weights.shape not in ((rows,), (rows, 1)):
            has = " x ".join(map(str, weights.shape)) or "one"
            message = f"'{file.weights}' holds {has} weights, and '{file.path}' has {rows} rows"
            hint = f"an array of {rows} numbers is needed, one a row"
            raise SpecError([Problem("wrong-rows", message, file.span, hint=hint)])
    return name, header


def check_rows(rows: int, validation: float | None, what: str, span: Span | None) -> None:
    """Raise `SpecError` (no-rows) where there are none, or where none are left to train on or to
    validate with."""
    apart = kept_apart(rows, validation)
    if rows == 0:
        raise SpecError([Problem("no-rows", f"{what} has no rows", span)])
    if validation and not 0 < apart < rows:
        left = "to validate with" if apart == 0 else "to train on"
        one = "1 row" if rows == 1 else f"{rows} rows"
        message = f"validation={validation:g} of {one} leaves none {left}"
        hint = (
            "leave validation out"
            if rows == 1
            else f"with validation={_share(rows):g} there is one"
        )
        raise SpecError([Problem("no-rows", message, span, hint=hint)])


def _share(rows: int) -> float:
    """A share of the rows that is at least one of them and not all."""
    return next(share for share in (0.1, 0.2, 0.5) if 0 < kept_apart(rows, share) < rows)


def one_array(folder: Path, path: str, array: str | None, span: Span | None) -> tuple[str, Header]:
    """The name and header of an array of a file, which may leave out its name if it is the only
    one.

    Raises `SpecError`: missing-file, unreadable-file, several-arrays, unknown-array.
    """
    try:
        found = headers(folder / path)
    except Unreadable as error:
        raise unreadable(path, error, span) from None
    except OSError as error:
        raise missing(folder, path, error, span) from None
    if array is not None:
        if array in found and array:
            check_numbers(found[array], path, span)
            return array, found[array]
        named = [f"'{name}'" for name in found if name]
        has = f"its arrays are {listing(named)}" if named else "it holds arrays without names"
        hint = suggest(array, found) or has
        message = f"'{path}' has no array '{array}'"
        raise SpecError([Problem("unknown-array", message, span, hint=hint)])
    if len(found) != 1:
        first = next(iter(found), "")
        message = f"'{path}' holds {listing(found)}, and one array is needed"
        hint = f'write array="{first}"' if first else ""
        raise SpecError([Problem("several-arrays", message, span, hint=hint)])
    ((name, header),) = found.items()
    check_numbers(header, path, span)
    return name, header


def check_numbers(header: Header, what: str, span: Span | None) -> None:
    """Raise `SpecError` (unreadable-file) for an array of something else than numbers."""
    try:
        header.check()
    except Unreadable as error:
        raise unreadable(what, error, span) from None


def wrong_shape(
    what: str, found: tuple[int, ...], wanted: tuple[int, ...], span: Span | None
) -> SpecError:
    """The error of an array of another shape."""
    has, needs = (" x ".join(map(str, shape)) or "1" for shape in (found, wanted))
    message = f"'{what}' is an array of {has}, and this layer needs {needs}"
    hint = "rows are those of visible units, columns those of hidden ones"
    return SpecError([Problem("wrong-shape", message, span, hint=hint)])


def digest_of(folder: Path, path: str) -> str:
    """The SHA-256 of a file. Raises `SpecError` (missing-file)."""
    try:
        return digest(folder / path)
    except OSError as error:
        raise missing(folder, path, error, None) from None


def unreadable(path: str, error: Unreadable, span: Span | None) -> SpecError:
    """The error of a file that is not what its name says."""
    hint = f"rows of numbers in a {listing(SUFFIXES, 'or')} file are data"
    return SpecError([Problem("unreadable-file", f"'{path}' {error}", span, hint=hint)])


def missing(folder: Path, path: str, error: OSError, span: Span | None) -> SpecError:
    """The error of a file that is not there, or cannot be opened."""
    if not isinstance(error, FileNotFoundError):
        message = f"'{path}' cannot be read: {error.strerror}"
        return SpecError([Problem("missing-file", message, span)])
    there = folder / Path(path).parent
    near = [
        (Path(path).parent / other.name).as_posix()
        for other in (sorted(there.iterdir()) if there.is_dir() else ())
        if other.suffix.lower() in SUFFIXES
    ]
    hint = suggest(path, near) or "a path is relative to the folder of the spec"
    return SpecError([Problem("missing-file", f"there is no file '{path}'", span, hint=hint)])
