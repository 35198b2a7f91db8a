"""What a call may hold: its options, their kinds, defaults and limits. The tables of schemes,
updates, data sources, layers, maps and measures are made of these, and drive checking, the JSON
Schema, the reference page and `rgc show`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from rgc.language.values import Value

Kind = Literal[
    "integer",  # a number within 1e-9 of an integer
    "number",
    "flag",  # true or false
    "word",  # one of `choices`
    "name",  # any name
    "names",  # a list of names, of `choices` where there are any
    "numbers",  # a list or range of numbers
    "knots",  # a number, or a list of numbers that a run goes through
    "points",  # a list of starting points: numbers, or lists of numbers
    "call",  # one of `calls`
    "calls",  # a list of them
    "text",  # a quoted text
    "path",  # a quoted path of a file inside the spec's folder
    "lattice",  # a lattice, or a number of units without geometry
    "block",  # a block map: checked where blocks are
    "expression",  # kept as written
]


@dataclass(frozen=True, slots=True)
class Field:
    """One option of a call.

    - `least` and `most` are inclusive limits, and `above` is an exclusive one.
    - `choices` are the words or numbers that are allowed.
    - `default` is None where the option is absent unless written, or computed as `doc` says.
    - `calls` are the calls that an option of kind call takes.
    - `also` is a call that an option of another kind takes too, as in `starts=grid(...)`.
    - `noun` is what messages call one of `calls`.
    """

    name: str
    kind: Kind
    doc: str
    default: Value | None = None
    required: bool = False
    choices: tuple[str | int, ...] = ()
    calls: tuple[Signature, ...] = ()
    also: Signature | None = None
    least: float | None = None
    above: float | None = None
    most: float | None = None
    multiple: int = 1
    noun: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A call with its options.

    - `positional` names the fields whose names may be left out, in order.
    - `variadic` says that the last of them takes all further arguments: `square(16, 8)` is
      `square(size=[16, 8])`.
    - `example` is a call that messages show where a required field is missing.
    - `free` says what further options of any name are: `tempering(K=0.4:0.5:9)` takes parameters,
      and `ode(r=...)` quantities of the flow. It is empty where there are none.
    """

    name: str
    doc: str
    fields: tuple[Field, ...] = ()
    positional: tuple[str, ...] = ()
    free: str = ""
    variadic: bool = False
    example: str = ""

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)

    @property
    def defaults(self) -> dict[str, Value]:
        """The defaults that do not depend on anything."""
        return {field.name: field.default for field in self.fields if field.default is not None}


S = TypeVar("S", bound=Signature)


def table(signatures: Iterable[S]) -> Mapping[str, S]:
    """The signatures by their names."""
    return {signature.name: signature for signature in signatures}
