"""A toy family of programs from outside: integer counters that grow by given and by random
amounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from rgc.program.arguments import Arguments
from rgc.program.family import Argument, Example, Family, ProgramError


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """`size` counters x, int32 or int64. One step adds to x[i] the argument increments[i] and the
    last 16 bits of `word(key, w * 2^40 + i * 2^6)`, w being the number of the first word, and
    counts the odd ones: int64[step, 1].
    """

    family: ClassVar[str] = "counters"

    name: str
    size: int
    dtype: Literal["int32", "int64"] = "int64"

    @property
    def draws(self) -> int:
        return 1


def needs(program: Counters) -> frozenset[str]:
    return frozenset({"narrow"} if program.dtype == "int32" else ())


def verify(program: Counters) -> None:
    if program.size < 1:
        raise ProgramError(f"'{program.name}' has no counters")


def show(program: Counters) -> str:
    return f"program {program.name}: {program.size} counters of {program.dtype}"


def arguments(*increments: int) -> Arguments:
    return Arguments({"increments": np.array(increments, dtype=np.int64)})


def examples() -> tuple[Example[Counters], ...]:
    """Counters of both widths, near zero and near the end of their range."""
    return tuple(
        Example(
            program=Counters(name=f"{dtype} counters", size=4, dtype=dtype),
            state=(np.array([0, 1, -7, np.iinfo(dtype).max - 1], dtype=dtype),),
            arguments=arguments(3, 0, -2, 5),
        )
        for dtype in ("int32", "int64")
    )


FAMILY = Family(
    name="counters",
    programs=Counters,
    states=("int32", "int64"),
    arguments={"increments": Argument("int64", ("counter",))},
    capabilities={"narrow": "counters of 32 bits"},
    needs=needs,
    verify=verify,
    show=show,
    reference="toy_numpy",
    examples="rgc_toy_family:examples",
)
