"""Laws of block spins that count the spins of a cell, or look at one of them.

States are numbered from 0: of a two-state spin 0 is +1 and 1 is -1, of any other spin state k is
the k-th of `Species.values`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations_with_replacement
from math import inf, isfinite
from operator import add

Counts = tuple[int, ...]
"""How many spins of a cell are in each state."""

Flips = frozenset[tuple[int, int]]
"""Spins of a cell that a flip takes to the opposite value, by species and number of the site."""


@dataclass(frozen=True, slots=True)
class LogWeight:
    """constant + slope * p, the logarithm of a weight or of a ratio of weights.

    p is the parameter of the map, which is given when the map is run. Nothing that follows from the
    law depends on its value. The constant is -inf for what cannot be, and +inf or -inf in a ratio
    for what is certain. Then the slope is 0.
    """

    constant: Fraction | float = 0.0
    slope: float = 0.0

    def at(self, p: float | None) -> Fraction | float:
        """The number, exact where it is finite. Raises `ValueError` where it depends on a p that is
        not known."""
        if not isfinite(self.constant):
            return float(self.constant)
        if not self.slope:
            return Fraction(self.constant)
        if p is None:
            raise ValueError("the parameter p of the block map has no value yet")
        return Fraction(self.constant) + Fraction(self.slope) * Fraction(p)

    def minus(self, other: LogWeight) -> LogWeight:
        """The logarithm of the ratio of two weights that are not both 0."""
        constant = self.constant - other.constant
        return LogWeight(constant, self.slope - other.slope if isfinite(constant) else 0.0)


POSSIBLE, IMPOSSIBLE = LogWeight(), LogWeight(-inf)


MOST_COUNTS = 512
"""Counts of the states of a cell that are told apart where block spins are drawn from them."""


@dataclass(frozen=True, slots=True)
class Odds:
    """A bit is 0 or 1 as the sums of some weights are to one another. None of them is 0."""

    zeros: tuple[LogWeight, ...]
    ones: tuple[LogWeight, ...] = (POSSIBLE,)


@dataclass(frozen=True, slots=True)
class Counted:
    """p(t | cell) = w_t / sum of all w, of one species, where `log_weights` gives ln w for each
    state t from the counts of the states in the cell."""

    size: int
    states: int
    log_weights: Callable[[Counts], tuple[LogWeight, ...]]

    @property
    def species(self) -> int:
        return 1

    @property
    def tabulated(self) -> int:
        return 0

    @property
    def copied(self) -> int | None:
        return None

    @property
    def normalised(self) -> bool:
        """Whether some state can be, whatever the cell is: then p is a probability."""
        return all(
            any(isfinite(weight.constant) for weight in self.log_weights(c)) for c in self.counts()
        )

    @property
    def deterministic(self) -> bool:
        return all(
            sum(isfinite(weight.constant) for weight in self.log_weights(c)) == 1
            for c in self.counts()
        )

    def counts(self) -> Iterator[Counts]:
        """The counts of all cells."""
        return _counts(self.size, self.states)

    def log_odds(self, down: int) -> LogWeight:
        """ln p(+)/p(-) of a two-state block spin where so many spins of the cell are -1."""
        plus, minus = self.log_weights((self.size - down, down))
        return plus.minus(minus)

    def keeps(self, flipped: Flips, block: frozenset[int]) -> bool:
        """A flip takes the states in the opposite order."""
        turned = slice(None, None, -1 if block else 1)
        rest = list(_counts(self.size - len(flipped), self.states))
        return all(
            _relative(self.log_weights(_sum(inside[::-1], outside))[turned])
            == _relative(self.log_weights(_sum(inside, outside)))
            for inside in _counts(len(flipped), self.states)
            for outside in rest
        )

    def moved(self, sites: Sequence[int]) -> Counted:
        del sites
        return self

    def exchanged(self, order: Sequence[int]) -> Counted:
        del order
        return self

    def same(self, other: object) -> bool:
        return self == other

    def turns(self, image: Sequence[int]) -> bool:
        return all(
            [self.log_weights(_relabelled(counts, image))[state] for state in image]
            == list(self.log_weights(counts))
            for counts in self.counts()
        )

    def normal(self) -> Counted:
        return self


def _counts(size: int, states: int) -> Iterator[Counts]:
    """The counts of so many spins, that of the first state falling."""
    for chosen in combinations_with_replacement(range(states), size):
        yield tuple(chosen.count(state) for state in range(states))


def _sum(a: Counts, b: Counts) -> Counts:
    return tuple(map(add, a, b))


def _relative(weights: Sequence[LogWeight]) -> list[LogWeight]:
    """The weights in units of the first that is not 0."""
    unit = next((weight for weight in weights if isfinite(weight.constant)), POSSIBLE)
    return [weight.minus(unit) for weight in weights]


def _relabelled(counts: Counts, image: Sequence[int]) -> Counts:
    count_of = dict(zip(image, counts, strict=True))
    return tuple(count_of[state] for state in range(len(counts)))


@dataclass(frozen=True, slots=True)
class Copied:
    """The block spin is the spin of one site of the cell, of one species."""

    size: int
    states: int
    site: int

    @property
    def species(self) -> int:
        return 1

    @property
    def tabulated(self) -> int:
        return 0

    @property
    def copied(self) -> int | None:
        return self.site

    @property
    def normalised(self) -> bool:
        return True

    @property
    def deterministic(self) -> bool:
        return True

    def keeps(self, flipped: Flips, block: frozenset[int]) -> bool:
        return ((0, self.site) in flipped) == (0 in block)

    def moved(self, sites: Sequence[int]) -> Copied:
        return replace(self, site=sites[self.site])

    def exchanged(self, order: Sequence[int]) -> Copied:
        del order
        return self

    def same(self, other: object) -> bool:
        return self == other

    def turns(self, image: Sequence[int]) -> bool:
        del image
        return True

    def normal(self) -> Copied:
        return self
