"""Spins that others decide: the block spins of deterministic maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Follower:
    """A two-state spin that other spins of its own unit cell and species decide.

    - `letter` and `species` say which it is.
    - `cell` are the letters of the spins that decide it.
    - `minus[k]` says whether it is -1 where k of them are, and is None where it is what the spin of
      letter `tie` is.
    """

    letter: int
    species: int
    cell: tuple[int, ...]
    minus: tuple[bool | None, ...]
    tie: int | None = None

    def hangs_on(self, letter: int) -> bool:
        """Whether the spin of this letter may decide it."""
        return letter in self.cell or letter == self.tie


def chain(followers: Sequence[Follower], letter: int, species: int) -> tuple[Follower, ...]:
    """Those that may turn with a spin, each deciding the next.

    Raises `ValueError` for a spin that decides several.
    """
    found: list[Follower] = []
    while True:
        last = found[-1].letter if found else letter
        own = [each for each in followers if each.species == species and each.hangs_on(last)]
        if len(own) > 1:
            raise ValueError(f"the spin of letter {last} decides several others")
        if not own:
            return tuple(found)
        found += own
