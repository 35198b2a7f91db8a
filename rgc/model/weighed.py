"""Laws of block spins that are written out: exp(T), T a sum of tables of the spins of a cell and
its block spins.

States are numbered from 0: of a two-state spin 0 is +1 and 1 is -1, of any other spin state k is
the k-th of `Species.values`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product as cartesian
from math import exp, prod

from rgc.model.counted import Flips

CLOSE = 1e-12
"""Energies of a law that differ by less than this, relative to the largest of them, are equal: what
remains is rounding."""

MOST_TABULATED = 16
"""The number of spins of a cell up to which its states are told apart, so that block spins are
drawn.
"""


@dataclass(frozen=True, slots=True)
class LocalField:
    """ln p(+)/p(-) of a block spin as a sum over the signs of the spins of its cell: constant + sum
    of slopes[k] s_k."""

    constant: Fraction
    slopes: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A function of some spins of a block: `energies` in row-major order of their states."""

    spins: tuple[int, ...]
    energies: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """exp(T) of the spins of a cell and the block spins, all species together, where T is the sum
    of `pieces`.

    Spins are numbered species after species, in each site after site, and behind them come the
    block spins. `states` holds the number of states of each species. With `divided` the law is
    exp(T) / sum over t of exp(T).
    """

    size: int
    states: tuple[int, ...]
    pieces: tuple[Piece, ...]
    divided: bool

    @property
    def species(self) -> int:
        return len(self.states)

    @property
    def copied(self) -> int | None:
        return None

    @property
    def tabulated(self) -> int:
        return self.spins if self.field is None else 0

    @property
    def field(self) -> LocalField | None:
        """The field that decides the block spin, where it is alone, has two states, and meets the
        spins of the cell one by one in T."""
        own, parts = self.spins, components(self)
        alone = all(len(spins) <= 2 for spins in parts if own in spins)
        if self.species > 1 or self.states != (2,) or not alone:
            return None
        slopes = (Fraction(2 * parts.get((k, own), (0.0,))[0]) for k in range(own))
        return LocalField(Fraction(-2 * parts.get((own,), (0.0,))[0]), tuple(slopes))

    @property
    def spins(self) -> int:
        """How many spins the cell has."""
        return self.size * self.species

    @property
    def radices(self) -> tuple[int, ...]:
        """The number of states of every spin, those of the cell first, then the block spins."""
        return (*(q for q in self.states for _ in range(self.size)), *self.states)

    @property
    def deterministic(self) -> bool:
        """Every state of a block spin can be, since T is finite."""
        return prod(self.states) == 1

    @property
    def normalised(self) -> bool:
        """Whether the sum over t is 1 for every cell. Without `divided` this visits every state of
        the cell."""
        return self.divided or all(abs(total - 1) <= CLOSE for total in self._sums())

    def _sums(self) -> Iterator[float]:
        axes = [range(q) for q in self.radices]
        for cell in cartesian(*axes[: self.spins]):
            yield sum(exp(self.energy((*cell, *t))) for t in cartesian(*axes[self.spins :]))

    def energy(self, states: Sequence[int]) -> float:
        """T where the spins are in these states."""
        return sum(
            piece.energies[_number(piece.spins, states, self.radices)] for piece in self.pieces
        )

    def keeps(self, flipped: Flips, block: frozenset[int]) -> bool:
        changed = {kind * self.size + site for kind, site in flipped} | {
            self.spins + k for k in block
        }
        return all(len(changed.intersection(spins)) % 2 == 0 for spins in components(self))

    def moved(self, sites: Sequence[int]) -> Weighed:
        fine = [kind * self.size + site for kind in range(self.species) for site in sites]
        return self._renumbered([*fine, *range(self.spins, self.spins + self.species)])

    def exchanged(self, order: Sequence[int]) -> Weighed:
        fine = [kind * self.size + site for kind in order for site in range(self.size)]
        return self._renumbered([*fine, *(self.spins + kind for kind in order)])

    def _renumbered(self, image: Sequence[int]) -> Weighed:
        moved = (
            replace(piece, spins=tuple(image[k] for k in piece.spins)) for piece in self.pieces
        )
        return replace(self, pieces=tuple(moved))

    def same(self, other: object) -> bool:
        if not isinstance(other, Weighed) or (self.size, self.states) != (other.size, other.states):
            return False
        return self.divided == other.divided and _close(components(self), components(other))

    def turns(self, image: Sequence[int]) -> bool:
        turned = tuple(
            replace(piece, energies=_turned(piece, image, self.radices)) for piece in self.pieces
        )
        return self.same(replace(self, pieces=turned))

    def normal(self) -> Weighed:
        return replace(self, divided=True)


# -- sums of tables --------------------------------------------------------------------------------


def _number(spins: Sequence[int], states: Sequence[int], radices: Sequence[int]) -> int:
    """The row-major number of the states of some spins."""
    number = 0
    for k in spins:
        number = number * radices[k] + states[k]
    return number


def _turned(piece: Piece, image: Sequence[int], radices: Sequence[int]) -> tuple[float, ...]:
    """The energies after state k of every spin has become image[k]."""
    axes = [range(radices[k]) for k in piece.spins]
    energy_of: dict[tuple[int, ...], float] = {}
    for states, energy in zip(cartesian(*axes), piece.energies, strict=True):
        energy_of[tuple(image[state] for state in states)] = energy
    return tuple(energy_of[states] for states in cartesian(*axes))


Components = Mapping[tuple[int, ...], tuple[float, ...]]


@lru_cache(maxsize=256)
def components(law: Weighed) -> Components:
    """T in its unique form: for each set of spins a function whose mean over the states of any one
    of its spins is 0.

    Such a function is given by its values at states other than 0, in row-major order. For two-state
    spins that is one number, the coefficient of a product of spins times (-1)^n. Components that
    are only rounding are left out, and so are, for a law that is divided by its sum, those without
    a block spin.
    """
    total: dict[tuple[int, ...], list[Fraction]] = {}
    for piece in law.pieces:
        order = sorted(range(len(piece.spins)), key=lambda k: piece.spins[k])
        spins = tuple(piece.spins[k] for k in order)
        energies = _transposed(piece, order, law.radices)
        for axes, values in _split(energies, [law.radices[k] for k in spins]).items():
            key = tuple(spins[k] for k in axes)
            total[key] = [
                a + b
                for a, b in zip(total.get(key, [Fraction(0)] * len(values)), values, strict=True)
            ]
    size = CLOSE * max((abs(x) for piece in law.pieces for x in piece.energies), default=0.0)
    return {
        key: tuple(map(float, values))
        for key, values in total.items()
        if any(abs(x) > size for x in values)
        and not (law.divided and all(k < law.spins for k in key))
    }


def _transposed(piece: Piece, order: Sequence[int], radices: Sequence[int]) -> list[Fraction]:
    """The energies with their axes in another order."""
    axes = [range(radices[k]) for k in piece.spins]
    energy_of = {
        tuple(states[k] for k in order): Fraction(energy)
        for states, energy in zip(cartesian(*axes), piece.energies, strict=True)
    }
    return [energy_of[states] for states in cartesian(*(axes[k] for k in order))]


def _split(
    values: Sequence[Fraction], radices: Sequence[int]
) -> dict[tuple[int, ...], list[Fraction]]:
    """The components of a table by the axes that they depend on."""
    if not radices:
        return {(): list(values)}
    step = len(values) // radices[0]
    rows = [values[k : k + step] for k in range(0, len(values), step)]
    mean = [sum(column, Fraction(0)) / radices[0] for column in zip(*rows, strict=True)]
    components = {_behind(axes): part for axes, part in _split(mean, radices[1:]).items()}
    for row in rows[1:]:
        rest = [x - m for x, m in zip(row, mean, strict=True)]
        for axes, part in _split(rest, radices[1:]).items():
            components.setdefault((0, *_behind(axes)), []).extend(part)
    return components


def _behind(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axis + 1 for axis in axes)


def _close(a: Components, b: Components) -> bool:
    size = CLOSE * max((abs(x) for part in (*a.values(), *b.values()) for x in part), default=0.0)
    return a.keys() == b.keys() and all(
        abs(x - y) <= size for key in a for x, y in zip(a[key], b[key], strict=True)
    )
