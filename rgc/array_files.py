"""Files of numbers, `.npy`, `.npz` and `.csv`: what they hold, read without an array library.

To load a spec reads names, shapes and dtypes. Values are read by `rgc check` and when a spec runs.
The form of `.npy` is that of NumPy's NEP 1: a magic word, the length of the header, a dictionary as
a Python literal, and then the bytes of the array. An `.npz` is a zip archive of such files.
"""

from __future__ import annotations

import csv
import zipfile
import zlib
from ast import literal_eval
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from math import prod
from pathlib import Path
from typing import IO

SUFFIXES = (".npy", ".npz", ".csv")

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 1 << 16

DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What a damaged or encrypted archive raises."""

NUMBERS = "biuf"
"""The kinds of dtypes that are numbers: truth values, integers, natural numbers, reals."""

RECORDS = "|V0"
"""The dtype of an array whose items have several parts."""

_KINDS = {"O": "Python objects", "U": "texts", "S": "texts", "V": "records", "c": "complex numbers"}
_KINDS |= {"M": "dates", "m": "durations"}


class Unreadable(ValueError):
    """A file is not what its name says, or holds something else than numbers.

    The message says what is wrong and goes on from the name of the file: `is cut off: ...`.
    """


@dataclass(frozen=True, slots=True)
class Header:
    """The shape of an array, and its dtype such as `<f8`; for a table of text the dtype is ''.
    `names` are those of its columns, as far as a table has them.
    """

    shape: tuple[int, ...]
    dtype: str
    names: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The letter that says what kind of items there are."""
        return self.dtype.lstrip("<>|=")[:1]

    @property
    def width(self) -> int:
        """The bytes of an item, as far as its dtype says: none of objects and records."""
        digits = self.dtype.lstrip("<>|=")[1:].partition("[")[0]
        bytes_of_letter = 4 if self.kind == "U" else 1
        return int(digits) * bytes_of_letter if digits.isdigit() else 0

    def check(self) -> None:
        """Raise `Unreadable` for what is no array of numbers."""
        if self.dtype and self.kind not in NUMBERS:
            what = _KINDS.get(self.kind, f"items of the dtype {self.dtype}")
            raise Unreadable(f"holds {what}, not numbers")

    @property
    def rows(self) -> int:
        """The length of the first axis. Raises `Unreadable` for an array without rows and
        columns."""
        return self._table[0]

    @property
    def columns(self) -> int:
        """The numbers of one row, over all further axes. Raises like `rows`."""
        return prod(self._table[1:])

    @property
    def _table(self) -> tuple[int, ...]:
        if len(self.shape) < 2:
            axes = "one axis" if self.shape else "no axes"
            raise Unreadable(f"holds an array of {axes}, where rows and columns are needed")
        return self.shape


def headers(path: Path) -> Mapping[str, Header]:
    """What the arrays of a file are, by name; the one of a `.npy` or `.csv` file has the name ''.

    Raises `Unreadable`, and `OSError` where the file is not there.
    """
    if path.exists() and not path.is_file():
        raise Unreadable("is no regular file")
    match path.suffix.lower():
        case ".npy":
            with path.open("rb") as file:
                return {"": _npy(file, path.stat().st_size)}
        case ".npz":
            return _npz(path)
        case ".csv":
            return {"": _csv(path)}
    raise Unreadable(f"is no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file")


def digest(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal. Raises `OSError`."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


# -- arrays ----------------------------------------------------------------------------------------


def _npz(path: Path) -> Mapping[str, Header]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                member.filename.removesuffix(".npy"): _member(archive, member)
                for member in archive.infolist()
            }
    except DAMAGES as error:
        raise Unreadable(f"is no archive of arrays: {error}") from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    with archive.open(member) as file:
        try:
            return _npy(file, member.file_size)
        except Unreadable as error:
            raise Unreadable(f"{error} (in '{member.filename}')") from None


def _npy(file: IO[bytes], size: int) -> Header:
    """The header at the beginning of a file of that many bytes."""
    begins = file.read(len(MAGIC) + 2)
    width = {1: 2, 2: 4, 3: 4}.get(begins[-2] if len(begins) == len(MAGIC) + 2 else 0)
    if not begins.startswith(MAGIC) or width is None:
        raise Unreadable("does not begin as an array of NumPy does")
    length = int.from_bytes(file.read(width), "little")
    text = file.read(min(length, LONGEST_HEADER))
    offset = len(begins) + width + length
    if len(text) < length:
        raise Unreadable(f"has a header of {length} bytes, and {size} bytes in all")
    header = _described(text.decode("latin-1"))
    needed = offset + prod(header.shape) * header.width
    if needed > size:
        shape = " x ".join(map(str, header.shape)) or "one number"
        message = f"is cut off: its header promises {shape}, which takes {needed} bytes of {size}"
        raise Unreadable(message)
    return header


def _described(text: str) -> Header:
    """What a dictionary says of an array."""
    try:
        said = literal_eval(text)
        dtype, shape = said["descr"], said["shape"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise Unreadable("has a header that says neither shape nor dtype") from None
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise Unreadable("has a header that says neither shape nor dtype")
    return Header(shape, dtype if isinstance(dtype, str) else RECORDS)


def text_in(path: Path, name: str) -> str:
    """The single text that an array of an `.npz` file holds. Raises `Unreadable`, and `OSError`."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            header = _npy(file, archive.getinfo(f"{name}.npy").file_size)
            if header.shape or header.kind != "U" or header.width > LONGEST_HEADER:
                raise Unreadable(f"has no text in '{name}'")
            order = "utf-32-be" if header.dtype.startswith(">") else "utf-32-le"
            return file.read(header.width).decode(order).rstrip("\0")
    except (*DAMAGES, KeyError, UnicodeDecodeError) as error:
        raise Unreadable(f"has no text in '{name}': {error}") from None


# -- tables of text --------------------------------------------------------------------------------


def _csv(path: Path) -> Header:
    """The header of a table with commas, whose first line may hold the names of its columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = (line for line in file if line.strip())
            first = next(csv.reader(lines), [])
            named = has_names(first)
            rows = sum(1 for _ in lines) + (bool(first) and not named)
    except UnicodeDecodeError:
        raise Unreadable("is not a text in UTF-8") from None
    except csv.Error as error:
        raise Unreadable(f"is no table of numbers: {error}") from None
    names = tuple(cell.strip() for cell in first) if named else ()
    return Header((rows, len(first)), "", names)


def has_names(line: list[str]) -> bool:
    """Whether a line of a table holds names of columns, as none of its cells is a number."""
    return bool(line) and not any(map(is_number, line))


def is_number(cell: str) -> bool:
    """Whether a cell of a table is a number, infinities and NaN included."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def cells(path: Path) -> Iterator[list[str]]:
    """The rows of a table as texts, without the names of its columns. Raises `OSError`, and
    `csv.Error` for rows that cannot be told apart.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(line for line in file if line.strip())
        first = next(lines, [])
        if first and not has_names(first):
            yield first
        yield from lines
