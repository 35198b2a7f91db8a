"""Checkpoints: an npz file with a JSON header.

They are written atomically, and the previous one is kept with the suffix `.prev`. Nothing is
pickled.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgc.results import files

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "rgc-checkpoint-3"
_HEADER, _DIGEST = "header", "sha256"


class Damaged(Exception):
    """The file is not a complete checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`header` says which run the checkpoint belongs to and how far it got; `arrays` are the arrays
    of the state by name.
    """

    header: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def previous(path: Path) -> Path:
    """The file in which the checkpoint before the one in `path` is kept."""
    return path.with_name(path.name + ".prev")


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Store a checkpoint and keep the last one as `.prev`.

    Raises `OSError`, and `ValueError` for an array of objects.
    """
    import numpy as np

    stated = {"format": FORMAT, **checkpoint.header, _DIGEST: _digest(checkpoint)}
    header = json.dumps(stated).encode("utf-8")
    named = {f"array/{name}": array for name, array in checkpoint.arrays.items()}
    arrays: dict[str, NDArray[Any]] = {_HEADER: np.frombuffer(header, dtype=np.uint8), **named}
    files.write(path, lambda out: np.savez(out, allow_pickle=False, **arrays), keep=previous(path))


def stored(path: Path) -> list[Path]:
    """The files of a checkpoint that are there: the one in `path`, and the one before it."""
    return [each for each in (path, previous(path)) if each.exists()]


def read(path: Path) -> Checkpoint:
    """The checkpoint in a file. Raises `Damaged` if it holds none that is complete."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy mends headers of other writers
            return _read(path)
    except Exception as error:  # whatever zipfile and numpy make of bytes that somebody changed
        raise Damaged(str(error) or type(error).__name__) from error


def put_back(path: Path) -> None:
    """Let the checkpoint before take the place of the one in `path`, which would otherwise take the
    place of that when the next one is written.
    """
    with suppress(OSError):
        previous(path).replace(path)


def _read(path: Path) -> Checkpoint:
    with zipfile.ZipFile(path) as archive:
        arrays = {
            entry.filename.removesuffix(".npy"): _member(archive, entry)
            for entry in archive.infolist()
        }
    header = json.loads(arrays.pop(_HEADER).tobytes().decode("utf-8"))
    if not isinstance(header, dict) or header.pop("format", None) != FORMAT:
        raise Damaged("not a checkpoint of this format")
    stated = header.pop(_DIGEST, None)
    named = {name.removeprefix("array/"): array for name, array in arrays.items()}
    found = Checkpoint(header, named)
    if stated != _digest(found):
        raise Damaged("it holds something else than what was written")
    return found


def _digest(checkpoint: Checkpoint) -> str:
    """The SHA-256 of all that a checkpoint holds. The checksums of the archive say that each part
    is whole, and not that the parts belong together.
    """
    import numpy as np

    total = sha256(json.dumps(checkpoint.header, sort_keys=True).encode("utf-8"))
    for name, array in sorted(checkpoint.arrays.items()):
        total.update(f"{name} {array.dtype.str} {array.shape}".encode())
        total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """One array of the archive.

    Its stated type and size are checked against the bytes that are there before anything is
    allocated.
    """
    from math import prod

    import numpy as np

    if entry.compress_type != zipfile.ZIP_STORED:
        raise Damaged(f"{entry.filename} is compressed")
    with archive.open(entry) as stream:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise Damaged(f"{entry.filename} has array format {version}")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        size = prod(shape) * dtype.itemsize
        if dtype.kind not in "biufc" or not 0 <= size <= entry.file_size:
            raise Damaged(
                f"{entry.filename} has type {dtype} and shape {shape}, which do not fit its size"
            )
        data = stream.read()  # reading to the end makes zipfile verify the checksum
    if len(data) != size:
        raise Damaged(f"{entry.filename} is cut short")
    return np.frombuffer(bytearray(data), dtype=dtype).reshape(shape, order="F" if fortran else "C")
