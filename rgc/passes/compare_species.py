"""The directions in which equal species differ, beside the operators that exchanges keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Generic, TypeVar

from rgc.model.operators import Operator, Product
from rgc.model.patterns import Pattern, StateOperator
from rgc.passes.find_turns import Turn, firsts, moves, unmoving

O = TypeVar("O", Operator, StateOperator)


@dataclass(frozen=True, slots=True)
class Difference(Generic[O]):
    """The average over the products of one operator less that over those of another, in the whole
    numbers `weights` to which the two averages are proportional.
    """

    name: str
    operators: tuple[O, O]
    weights: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Compared(Generic[O]):
    """The `operators` that those of the `turns` keep which leave species what they are, those
    `unchanged` by exchanges of equal species too, and the `differences` between equal species.
    Without equal species the operators are unchanged and there are no differences.
    """

    turns: tuple[Turn, ...]
    operators: tuple[O, ...]
    unchanged: tuple[O, ...]
    differences: tuple[Difference[O], ...] = ()


def compare_species(
    turns: tuple[Turn, ...], generated: Callable[[Sequence[Turn]], tuple[O, ...]]
) -> Compared[O]:
    """The operators that the group `turns` keeps, and the differences that it changes. `generated`
    are the operators that some turns keep.

    A difference is one between two operators of the turns that leave the first of each set of equal
    species what it is, which are parts of one operator of all turns. It averages to zero over the
    exchanges, so that it does not correlate with what they keep. Of two equal species these are all
    such directions. Of more they are one component of every set of directions that exchanges mix as
    they mix the species, which is enough, since the map is the same for all of them: of three
    species that of 2 e_1 - e_2 - e_3, and not that of e_2 - e_3 besides.
    """
    operators = generated(unmoving(turns))
    if not any(moves(turn.species) for turn in turns):
        return Compared(turns, operators, operators)
    unchanged = generated(turns)
    own = generated(_keeping_firsts(turns))
    differences = (each for whole in unchanged for each in _within(whole, own))
    return Compared(turns, operators, unchanged, tuple(differences))


def _keeping_firsts(turns: Sequence[Turn]) -> list[Turn]:
    """Those that leave the first species of each set of equal ones what it is."""
    first = {*firsts(turns)}
    return [turn for turn in turns if all(turn.species[k] == k for k in first)]


def _within(whole: O, own: Sequence[O]) -> Iterator[Difference[O]]:
    inside = {*_terms(whole)}
    parts: list[O] = [each for each in own if inside.issuperset(_terms(each))]
    first = parts[0]
    for other in parts[1:]:
        counts = len(_terms(first)), len(_terms(other))
        shared = gcd(*counts)
        yield Difference(
            f"{first.name} - {other.name}",
            (first, other),
            (counts[1] // shared, -counts[0] // shared),
        )


def _terms(operator: Operator | StateOperator) -> Sequence[Product | Pattern]:
    return operator.products if isinstance(operator, Operator) else operator.patterns
