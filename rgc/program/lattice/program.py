"""Lattice programs: fields, rules, a schedule of conflict-free site sets."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from rgc.model.lattice import Cell
from rgc.model.sites import Cells, Listed
from rgc.program.lattice.nodes import Node

if TYPE_CHECKING:
    from rgc.program.draws import Generator

SiteSet = Cells | Listed


@dataclass(frozen=True, slots=True)
class Field:
    """Bit-sliced spins, canonically `u64[planes, *shape, letters, word]`. Lane r of word w is
    replica 64 w + r.

    The planes of a site are the bits of a code, plane 0 the lowest. With `states` only codes below
    it are states, and every rule keeps to them. A load that leaves a periodic axis wraps. No load
    leaves an open one. `verify` checks both.
    """

    name: str
    shape: Cell
    _: KW_ONLY
    letters: int = 1
    planes: int = 1
    periodic: tuple[bool, ...] = ()
    states: int | None = None  # None: every code is one


@dataclass(frozen=True, slots=True)
class Rule:
    """Straight-line code for the site of basis `letter` of the running cell."""

    letter: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One entry of the schedule: rule number `rule` is run on every cell of `cells`. No rule of a
    stage reads what the stage writes elsewhere.

    Stages until "unchanged" that follow each other are a *closure*: they are run again and again
    until no word changes. Their rules may read what they write, since they only set bits: the
    smallest fields in which nothing is left to be set are the same in whatever order that is done.
    """

    rule: int
    cells: SiteSet
    until: Literal["unchanged"] | None = None


@dataclass(frozen=True, slots=True)
class TallyArray:
    """An int64 result array of shape [rows, *kept].

    Bits are summed over sites and replicas, except over what is kept: the cell coordinates of the
    axes in `axes`, in order, and then each replica if `replica`.
    """

    rows: int
    _: KW_ONLY
    replica: bool = False
    axes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A lattice program. One *step* runs the schedule once: a sweep, a record or a blocking.

    - `shape` and `letters` are the running cells and their basis. The canonical number of a running
      site, which keys its draws, is i = row_major(cell) * letters + letter.
    - `slots` is the number of rows of the threshold table u64[slots, 1 + planes, word], `weights`
      that of the table int32[weights, 64 * word], and `couplings` that of the matrices
      int32[couplings, site, site, 64 * block], or [..., 1] where all replicas have the same.
    - `draws` is the number of keys that a step needs, and `planes` is P of `Bernoulli`, 32 or 64.
    """

    family: ClassVar[str] = "lattice"

    name: str
    shape: Cell
    letters: int
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    schedule: tuple[Stage, ...]
    slots: int = 0
    weights: int = 0
    couplings: int = 0
    draws: int = 0
    planes: Literal[32, 64] = 32
    generator: Generator = "splitmix"
    tallies: tuple[TallyArray, ...] = ()

    @property
    def sites(self) -> int:
        return prod(self.shape) * self.letters

    @property
    def single(self) -> bool:
        """Whether there is one cell, of several sites, which have only the forms of their rules in
        common."""
        return prod(self.shape) == 1 and self.letters > 1

    @property
    def turns(self) -> tuple[range, ...]:
        """The numbers of the stages in the order of the schedule: those of a closure together,
        every other by itself."""
        turns: list[range] = []
        for number, stage in enumerate(self.schedule):
            if turns and stage.until and self.schedule[number - 1].until:
                turns[-1] = range(turns[-1].start, number + 1)
            else:
                turns.append(range(number, number + 1))
        return tuple(turns)
