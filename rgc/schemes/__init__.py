"""The schemes, one a file.

A file says what the options, needs, limits and answers of its scheme are, what of it runs, which
checks it has and where its flow is made. A new scheme is a file here, its name in `NAMES`, and its
flow in a folder of `rgc/flows/`. Everything else reads the table `SCHEMES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pkgutil import resolve_name
from typing import cast

from rgc.schemes.scheme import Scheme

NAMES = (
    "sample",
    "mcrg",
    "variational_mcrg",
    "enumerate",
    "exact",
    "migdal_kadanoff",
    "cumulant",
    "lower_bound",
    "trg",
    "hotrg",
    "train",
    "recall",
    "iterate",
    "fit",
    "drive",
)
"""The names of the schemes and of their files, in the order of the documentation."""


class Schemes(Mapping[str, Scheme]):
    """The schemes by name; the file of a scheme is loaded when it is asked for."""

    def __getitem__(self, name: str) -> Scheme:
        if name not in NAMES:
            raise KeyError(name)
        return cast(Scheme, resolve_name(f"{__name__}.{name}:SCHEME"))

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


SCHEMES = Schemes()
"""Everything that is known about the schemes, by name."""
