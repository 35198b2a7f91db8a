"""What a study makes of the answers of its runs, and the claim that they decide about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from rgc.model.expressions import Expression, leaves
from rgc.model.target import ExpectedValue, Target
from rgc.text import Span

Bearing = Literal["supports", "refutes", "identity"]
"""What lines say of a claim where all of them hold: it is supported, refuted, or true by
construction, whatever physics is at work.
"""

BEARINGS: tuple[Bearing, ...] = get_args(Bearing)

Word = Literal["supported", "refuted", "identity", "depends", "undecided"]
"""What is found of a claim."""

WORDS: tuple[Word, ...] = get_args(Word)


@dataclass(frozen=True, slots=True)
class RunAnswer(Expression):
    """A number of the answer of a run, as in `hot.energy`."""

    run: str
    target: Target

    def __str__(self) -> str:
        return f"{self.run}.{self.target.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody claims, and the lines that decide about it, by their bearing.

    Lines belong to the system that they speak of: the runs of whose answers they are made.
    """

    text: str
    source: str
    lines: tuple[tuple[Bearing, ExpectedValue], ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)

    def of(self, bearing: Bearing) -> tuple[ExpectedValue, ...]:
        """The lines of one bearing."""
        return tuple(line for each, line in self.lines if each == bearing)


System = tuple[str, ...]
"""The names of the runs that a line speaks of, in the order in which it names them."""


def system_of(line: Target) -> System:
    """The system of a line: the runs of whose answers it is made."""
    return tuple(dict.fromkeys(leaf.run for leaf in run_answers(line.of_runs)))


def run_answers(expression: Expression | None) -> Iterator[RunAnswer]:
    """The answers of runs in an expression, from left to right."""
    for leaf in leaves(expression) if expression is not None else ():
        if isinstance(leaf, RunAnswer):
            yield leaf
