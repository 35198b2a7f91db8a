"""The reflections of states that cluster updates turn spins by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rgc.model.groups import Group, Signs
from rgc.model.spins import Species
from rgc.passes.find_permutations import Permutation, orbits


def find_reflections(
    groups: Sequence[Group | Signs], species: Sequence[Species]
) -> tuple[Permutation, ...]:
    """Renamings r of the states of all spins, with r(r(a)) = a, under which no sign of two spins
    changes: the flip of two-state spins, the exchanges of two states of Potts spins, and the
    reflections of a clock.

    They are those that leave most states alone, then those that leave fewer, until together they
    carry every state into every other. So a clock of an even number of states has the reflections
    through states and those between them; with the first alone its even states would never become
    odd ones. The result is empty where no choice carries every state into every other, and for
    species with different numbers of states.
    """
    counts = {len(kind.codes) for kind in species}
    if len(counts) != 1:
        return ()
    (states,) = counts
    tables = {
        sign.negative
        for group in groups
        if isinstance(group, Signs)
        for sign in group.signs
        if len(sign.spins) == 2
    }
    kept = [r for r in _involutions(states) if all(_keeps(r, table) for table in tables)]
    chosen: list[Permutation] = []
    for alone in range(states - 1, -1, -1):
        chosen += [r for r in kept if sum(a == b for a, b in enumerate(r)) == alone]
        if chosen and len(orbits(chosen, states)) == 1:
            return tuple(chosen)
    return ()


def _involutions(states: int) -> Iterator[Permutation]:
    yield from (tuple(image[k] for k in range(states)) for image in _paired(tuple(range(states))))


def _paired(left: tuple[int, ...]) -> Iterator[dict[int, int]]:
    """The ways to leave states alone or exchange them in pairs, as the image of each."""
    if not left:
        yield {}
        return
    first, *rest = left
    for image in _paired(tuple(rest)):
        yield {first: first, **image}
    for other in rest:
        for image in _paired(tuple(k for k in rest if k != other)):
            yield {first: other, other: first, **image}


def _keeps(renamed: Permutation, negative: Sequence[bool]) -> bool:
    """Whether a function of two states, row-major, is the same with both renamed."""
    states = len(renamed)
    return all(
        negative[a * states + b] == negative[renamed[a] * states + renamed[b]]
        for a in range(states)
        for b in range(states)
    )
