"""What a kernel is handed at run time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """Run-time values of a program: arrays by name, computed once on the host and equal for every
    backend.

    The family of the program declares the names, with their dtypes and axes (`Family.arguments`).
    """

    arrays: Mapping[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The array of that name. Raises `KeyError` for a name that the family does not declare."""
        return self.arrays[name]

    def key(self) -> bytes:
        """Bytes that two sets of arguments share if and only if all names, dtypes, shapes and
        values are equal."""
        parts = [
            repr((name, array.dtype.str, array.shape)).encode() + array.tobytes()
            for name, array in sorted(self.arrays.items())
        ]
        return b"".join(parts)
