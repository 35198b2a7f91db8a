"""What all programs have in common, and what a family of programs declares.

Kernels, their cache, `rgc show --as program` and the conformance suite ask a program's family. None
of them knows what the programs of a family are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from rgc.program.arguments import Arguments

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP = "rgc.families"
"""The entry points of families that are installed from outside."""

FAMILIES = {
    "lattice": "rgc.program.lattice.family:LATTICE",
    "dense": "rgc.program.dense.family:DENSE",
}
"""The families that rgc has itself: where each is declared."""


class ProgramError(AssertionError):
    """A program breaks the rules of its family: a bug of the compiler, never the user's mistake."""


class Program(Protocol):
    """A program of any family: frozen data, equal and hashed by its structure.

    `family` is the name of its family, and `draws` the number of keys that one step needs.
    """

    family: ClassVar[str]

    @property
    def name(self) -> str: ...

    @property
    def draws(self) -> int: ...

    def __hash__(self) -> int: ...


P = TypeVar("P", bound=Program)


@dataclass(frozen=True, slots=True)
class Argument:
    """One array of `Arguments`: its dtype and what its axes are."""

    dtype: str
    axes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(self.axes)}]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example(Generic[P]):
    """A program with the canonical arrays of a state and the arguments that it may be run with."""

    program: P
    state: tuple[NDArray[Any], ...]
    arguments: Arguments


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family(Generic[P]):
    """What a family of programs declares.

    - `programs` is the class of its programs, `states` the dtypes of the canonical arrays that they
      change, and `arguments` the arrays that they are handed.
    - `capabilities` are what a backend of the family may lack, each with what it is. `needs` reads
      off a program which of them it takes.
    - `verify` raises `ProgramError` for a program that breaks an invariant.
    - `show` prints a program for people.
    - `reference` is the backend whose bits say what a program means.
    - `examples` says where the function stands that yields small programs of every kind, as
      `module:function`. The conformance suite runs them on every backend of the family.
    """

    name: str
    programs: type[P]
    states: tuple[str, ...]
    arguments: Mapping[str, Argument]
    capabilities: Mapping[str, str]
    needs: Callable[[P], frozenset[str]]
    verify: Callable[[P], None]
    show: Callable[[P], str]
    reference: str
    examples: str

    def check(self, arguments: Arguments) -> None:
        """Raise `ProgramError` for arguments that are not those which the family declares."""
        if set(arguments.arrays) != set(self.arguments):
            given, taken = sorted(arguments.arrays), sorted(self.arguments)
            raise ProgramError(f"arguments {given} of a {self.name} program that takes {taken}")
        for name, declared in self.arguments.items():
            array = arguments[name]
            if array.dtype.name != declared.dtype or array.ndim != len(declared.axes):
                raise ProgramError(
                    f"argument '{name}' of a {self.name} program is {declared}, "
                    f"not {array.dtype.name} of shape {array.shape}"
                )

    def make_examples(self) -> tuple[Example[P], ...]:
        """The programs of `examples`, made afresh."""
        found: tuple[Example[P], ...] = resolve_name(self.examples)()
        return found


def known() -> tuple[str, ...]:
    """The names of all families: rgc's own, then those that are installed from outside."""
    return tuple(dict.fromkeys([*FAMILIES, *(point.name for point in entry_points(group=GROUP))]))


@cache
def find(name: str) -> Family[Any]:
    """The family of that name. Raises `LookupError` if nothing declares it."""
    if name in FAMILIES:
        own: Family[Any] = resolve_name(FAMILIES[name])
        return own
    for point in entry_points(group=GROUP, name=name):
        family: Family[Any] = point.load()
        return family
    raise LookupError(
        f"no family of programs is called '{name}' (known: {', '.join(known())}): it has neither a "
        f"row of FAMILIES in rgc/program/family.py nor an entry point of the group {GROUP}"
    )


def family_of(program: Program) -> Family[Any]:
    """The family of a program. Raises `LookupError` if nothing declares it, and `TypeError` for a
    class of programs that is not the family's."""
    family = find(program.family)
    if not isinstance(program, family.programs):
        raise TypeError(f"a {type(program).__name__} is no program of the family '{family.name}'")
    return family
