"""The law p(t | cell) by which a block map makes block spins t from the spins of a cell, and what
follows from it.

Three kinds of laws are enough for all maps:

- `Counted` depends on how many spins of the cell are in each state: majority, any, Kadanoff's rule.
- `Copied` takes the spin of one site over.
- `Weighed` is exp(T), T being written out as a sum of tables.

Facts about a law are computed from it, whatever map it belongs to: which flips of its spins it
turns with, which permutations of sites and of states leave it unchanged, whether it is normalised
and whether it is deterministic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product as cartesian

from rgc.model.counted import Copied, Counted, Flips
from rgc.model.weighed import Weighed

Law = Counted | Copied | Weighed
"""What the kinds of laws have in common:

- `size` sites make the block spins of `species` species from the spins of the same species.
- `keeps(flipped, block)` says whether the law does not change when these spins of the cell and the
  block spins of these species flip.
- `moved(sites)` is the law in which site k of the cell has become site sites[k].
- `exchanged(order)` is the law in which species k has become species order[k].
- `same(other)` says whether two laws are one.
- `turns(image)` says whether the law stays the same when state k of every spin, of the cell and of
  the block, becomes image[k].
- `normal()` is the law divided by its sum over the block spins, which is what can be drawn from.
- `tabulated` is the number of spins of the cell whose states the law tells apart one by one, if it
  does.
- `copied` is the site whose spin the block spin is, or None.
"""


@dataclass(frozen=True, slots=True)
class BlockRule:
    """The law of all block spins of one kind of block: independent `laws`, each of the next species
    in their order."""

    laws: tuple[Law, ...]

    @property
    def species(self) -> int:
        return sum(law.species for law in self.laws)

    @property
    def normalised(self) -> bool:
        """Whether the sum of p(t | cell) over all t is 1, whatever the cell is."""
        return all(law.normalised for law in self.laws)

    @property
    def deterministic(self) -> bool:
        """Whether the cell says what the block spins are."""
        return all(law.deterministic for law in self.laws)

    @property
    def tabulated(self) -> int:
        """The number of spins that a law looks at one by one.

        It is 0 for laws that count or copy spins.
        """
        return max((law.tabulated for law in self.laws), default=0)

    @property
    def copied(self) -> int | None:
        """The site whose spins the block spins are, for a rule that looks at one site only."""
        sites = {law.copied for law in self.laws}
        return sites.pop() if len(sites) == 1 else None

    def keeps(self, flipped: Flips, block: Collection[int]) -> bool:
        """Whether the law does not change when these two-state spins of the cell and the block
        spins of these species flip."""
        return all(
            law.keeps(
                _own(flipped, first, law),
                frozenset(kind - first for kind in block if 0 <= kind - first < law.species),
            )
            for first, law in self._placed()
        )

    def induced(self, flipped: Flips) -> frozenset[int] | None:
        """The species whose block spins flip together with these two-state spins of the cell, so
        that the law does not change.

        It is None where no flip of the block spins leaves the law unchanged. Of several it is the
        one of most block spins.
        """
        together: set[int] = set()
        for first, law in self._placed():
            own = _own(flipped, first, law)
            block = next(
                (subset for subset in _subsets(law.species) if law.keeps(own, subset)), None
            )
            if block is None:
                return None
            together |= {first + kind for kind in block}
        return frozenset(together)

    def turns_with(self, kind: int) -> bool:
        """Whether the law does not change when all spins of one species are flipped, of the cell
        and of the block."""
        return self.keeps(frozenset((kind, site) for site in range(self.laws[0].size)), [kind])

    def moved(self, sites: Sequence[int]) -> BlockRule:
        """The rule in which site k of the cell has become site sites[k]."""
        return BlockRule(tuple(law.moved(sites) for law in self.laws))

    def exchanged(self, order: Sequence[int]) -> BlockRule:
        """The rule in which species k has become species order[k]."""
        if len(self.laws) == 1:
            return BlockRule((self.laws[0].exchanged(order),))
        of_kind = dict(zip(order, self.laws, strict=True))
        return BlockRule(tuple(of_kind[kind] for kind in range(len(order))))

    def enlarged(self, size: int) -> BlockRule:
        """The rule that copies the same site of a cell with more sites. Raises `ValueError` for one
        that looks at all of them."""
        if self.copied is None:
            raise ValueError("only a rule that copies one site is one of a larger cell too")
        return BlockRule(tuple(replace(law, size=size) for law in self.laws))

    def same(self, other: BlockRule) -> bool:
        """Whether two rules are one, up to rounding."""
        return len(self.laws) == len(other.laws) and all(
            a.same(b) for a, b in zip(self.laws, other.laws, strict=True)
        )

    def turns(self, image: Sequence[int]) -> bool:
        """Whether the law stays the same when state k of every spin, of the cell and of the block,
        becomes state image[k]."""
        return all(law.turns(image) for law in self.laws)

    def normal(self) -> BlockRule:
        """The rule divided by its sum over the block spins: what they are drawn from."""
        return BlockRule(tuple(law.normal() for law in self.laws))

    def _placed(self) -> Iterator[tuple[int, Law]]:
        """Each law with the number of its first species."""
        first = 0
        for law in self.laws:
            yield first, law
            first += law.species


def _own(flipped: Flips, first: int, law: Law) -> Flips:
    """The spins that a law looks at, with its species counted from 0."""
    return frozenset(
        (kind - first, site) for kind, site in flipped if 0 <= kind - first < law.species
    )


def _subsets(number: int) -> Iterator[frozenset[int]]:
    """All sets of the first numbers, the largest first."""
    for chosen in cartesian((True, False), repeat=number):
        yield frozenset(k for k, one in enumerate(chosen) if one)
