"""Writing files so that a reader sees either the old file or the new one, also after a power
cut.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from time import time
from typing import BinaryIO

_TEMPORARY = re.compile(r"\.(.+\.)?[0-9a-f]{16}\.tmp")


def write(path: Path, fill: Callable[[BinaryIO], object], *, keep: Path | None = None) -> None:
    """Replace `path` by what `fill` writes.

    The content goes to a temporary file in the same folder, which is synchronised and renamed; then
    the folder is synchronised. With `keep`, the old file stays reachable under that name. Raises
    `OSError`, in which case the old file is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as out:
            fill(out)
            out.flush()
            os.fsync(out.fileno())
        if keep is not None and path.exists():
            _link(path, keep)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def sweep(folder: Path, *, idle: float) -> None:
    """Remove the temporary files of writers that were killed: those that nobody has written to for
    `idle` seconds, or all of them if that is 0, in a folder where nobody else writes.
    """
    for path in folder.glob(".*.tmp"):
        with suppress(OSError):
            if _TEMPORARY.fullmatch(path.name) and (
                not idle or path.stat().st_mtime < time() - idle
            ):
                path.unlink()


def try_folder(folder: Path) -> None:
    """Make a folder and a file in it, which is removed. Raises `OSError` where that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{token_hex(8)}.tmp"
    with temporary.open("xb"):
        temporary.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by these bytes."""
    write(path, lambda out: out.write(content))


def write_text(path: Path, text: str) -> None:
    """Replace `path` by a UTF-8 text."""
    write_bytes(path, text.encode("utf-8"))


def _link(path: Path, keep: Path) -> None:
    """Hard-link `path` as `keep`.

    Renaming twice instead would lose the main file if the process were killed between the two.
    """
    spare = keep.with_name(f".{keep.name}.{token_hex(8)}.tmp")
    try:
        with suppress(OSError):  # a file system without hard links keeps no previous file
            os.link(path, spare)
            spare.replace(keep)
    finally:  # to rename a name of the same file, as a killed run leaves it, does nothing
        spare.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every file system can synchronise a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
