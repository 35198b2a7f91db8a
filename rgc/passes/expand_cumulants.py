"""The cumulant expansion of Niemeijer and van Leeuwen, from lattice, block map and Hamiltonian.

H = H_0 + V: H_0 holds the products within a cell that are even in every species, V all others, those between cells and odd ones such as a
field. Averages in H_0 at fixed block spins factorise over cells, so that every cumulant of V is a sum of products of averages of one cell
(Niemeijer and van Leeuwen, Phys. Rev. Lett. 31, 1411 (1973); Physica 71, 17 (1974)).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product as cartesian

from rgc.model.block import Block
from rgc.model.cumulants import CONSTANT, Contribution, Expansion, Inside, Moment, Share
from rgc.model.lattice import Cell, Site
from rgc.model.operators import Product, Spin, product
from rgc.model.symmetry import Symmetry
from rgc.model.tiling import Tiling, tiling

MOST_CONTRIBUTIONS = 100_000

Factor = tuple[Site, int]
"""A cell and the mask of some of its spins."""

Factors = tuple[Factor, ...]
Raw = Counter[tuple[Product, tuple[Product, ...], tuple[Moment, ...]]]
"""Weights, by product of block spins, couplings and moments."""


class TooLong(Exception):
    """The expansion has more than `MOST_CONTRIBUTIONS` contributions."""


def expand_cumulants(
    block: Block,
    terms: Iterable[Iterable[Product]],
    order: int,
    *,
    species: int = 1,
    symmetries: Sequence[Symmetry] = (),
    turning: Sequence[bool] | None = None,
) -> Expansion:
    """The expansion for a block map whose cells hold every site.

    `terms`: the products of each term, in the order in which they count: a class of products that earlier terms do not generate is of
    order 1, every other of the order at which it is generated; the fields of all letters and species come last. `turning[k]`: whether
    the map commutes with a flip of species k, the fine and the block spins. Everything that is generated within `order` is kept.
    Raises `TooLong`.
    """
    cells = _Cells(tiling(block), species, tuple(turning or (True,) * species))
    classes = _Classes(cells, order, tuple(symmetries))
    origin = (0,) * len(cells.tiled.vectors)
    fields = [(Spin(origin, a, k),) for k in range(species) for a in range(len(block.cells))]
    shares = [*cells.shares(origin)]
    for products in (*terms, fields, (each for each, _, _ in shares if each)):
        classes.grow([each for each in products if each not in classes.representative])
    return _assembled(classes, shares)


@dataclass(frozen=True, slots=True)
class _Cells:
    tiled: Tiling
    species: int
    turning: tuple[bool, ...]

    def factors(self, spins: Product, by: Cell) -> Factors:
        """The spins of a translated product, cell by cell."""
        masks: dict[Site, int] = {}
        for spin in spins:
            cell, number = self.tiled.home(Site(spin.cell, spin.letter).shifted(by))
            masks[cell] = masks.get(cell, 0) | self._bit(cell.letter, spin.species, number)
        return tuple(sorted(masks.items()))

    def _bit(self, letter: int, species: int, number: int) -> int:
        size = len(self.tiled.cells[letter])
        return 1 << (size * self.species - 1 - species * size - number)

    def parities(self, cell: Site, mask: int) -> tuple[int, ...]:
        """For each species whether the number of its spins is odd."""
        size = len(self.tiled.cells[cell.letter])
        return tuple(
            ((mask >> (size * (self.species - 1 - k))) & ((1 << size) - 1)).bit_count() % 2
            for k in range(self.species)
        )

    def inner(self, factors: Factors) -> bool:
        """Whether a product belongs to H_0."""
        return len(factors) == 1 and not any(self.parities(*factors[0]))

    def placed(self, products: Iterable[Product]) -> Iterator[Factors]:
        """Every place of the products, one of each that corners connect."""
        for spins in products:
            for by in self.tiled.cosets:
                yield self.factors(spins, by)

    def averages(self, factors: Iterable[Factor]) -> Iterator[tuple[Product, tuple[Moment, ...]]]:
        """prod <factor>_0 as a polynomial of block spins: their product up to translation, and the moments that multiply it."""
        given = [(cell, mask) for cell, mask in factors if mask]
        choices = [self._blocks(self.parities(cell, mask)) for cell, mask in given]
        for chosen in cartesian(*choices):
            spins, moments = [], []
            for (cell, mask), blocks in zip(given, chosen, strict=True):
                spins += self.block_spins(cell, blocks)
                moments.append(Moment(cell.letter, mask, blocks))
            yield product(spins), tuple(sorted(moments))

    def _blocks(self, parities: tuple[int, ...]) -> list[int]:
        """The products of block spins that an average may hold: those of its own parity, where the map turns with the spins."""
        found = [0]
        for parity, turns in zip(parities, self.turning, strict=True):
            found = [2 * bits + one for bits in found for one in ((parity,) if turns else (0, 1))]
        return found

    def block_spins(self, cell: Site, blocks: int) -> list[Spin]:
        return [
            Spin(cell.cell, cell.letter, k)
            for k in range(self.species)
            if blocks >> (self.species - 1 - k) & 1
        ]

    def shares(self, origin: Cell) -> Iterator[tuple[Product, int, int]]:
        """What ln Z_0 of each kind of cell consists of: products of block spins, letter, mask."""
        for letter in range(len(self.tiled.cells)):
            for blocks in self._blocks((0,) * self.species):
                yield product(self.block_spins(Site(origin, letter), blocks)), letter, blocks


@dataclass(slots=True)
class _Classes:
    """Classes of products by representative, with the order at which they first appear."""

    cells: _Cells
    order: int
    symmetries: tuple[Symmetry, ...]
    representative: dict[Product, Product] = field(default_factory=dict)
    orbits: dict[Product, tuple[Product, ...]] = field(default_factory=dict)
    orders: dict[Product, int] = field(default_factory=dict)
    firsts: dict[Product, Raw] = field(default_factory=dict)
    seconds: dict[frozenset[Product], Raw] = field(default_factory=dict)

    def grow(self, products: Sequence[Product]) -> None:
        """Add products of order 1 and all that is generated from them."""
        changed = [self._add(each, 1) for each in products]
        while any(changed):
            changed = []
            for raw, order in self._orders():
                changed += [self._add(target, order) for target, _, _ in list(raw) if target]

    def contributions(
        self,
    ) -> Iterator[tuple[tuple[Product, tuple[Product, ...], tuple[Moment, ...]], float]]:
        for raw, _ in self._orders():
            yield from raw.items()

    def _orders(self) -> list[tuple[Raw, int]]:
        """The contributions of each class to first order, and of pairs of order 1, with the order of what they generate."""
        found = [(self._first(each), order) for each, order in self.orders.items()]
        if self.order == 2:
            found.append((self._second(frozenset(each for each, o in self.orders.items() if o == 1)), 2))
        if sum(len(raw) for raw, _ in found) > MOST_CONTRIBUTIONS:
            raise TooLong
        return found

    def _add(self, spins: Product, order: int) -> bool:
        """True if the class is new or of a lower order than it was."""
        if spins not in self.representative:
            orbit = sorted({spins, *(each.product(spins) for each in self.symmetries)})
            self.representative |= dict.fromkeys(orbit, orbit[0])
            self.orbits[orbit[0]] = tuple(orbit)
        first = self.representative[spins]
        before = self.orders.get(first, order + 1)
        self.orders[first] = min(before, order)
        return order < before

    def _first(self, first: Product) -> Raw:
        """<W>_0."""
        if first not in self.firsts:
            raw: Raw = Counter()
            for factors in self.cells.placed(self.orbits[first]):
                if not self.cells.inner(factors):
                    for target, moments in self.cells.averages(factors):
                        raw[target, (first,), moments] += 1
            self.firsts[first] = raw
        return self.firsts[first]

    def _second(self, chosen: frozenset[Product]) -> Raw:
        if chosen not in self.seconds:
            self.seconds = {
                chosen: second_cumulant(self.cells, {each: self.orbits[each] for each in sorted(chosen)})
            }
        return self.seconds[chosen]


def second_cumulant(cells: _Cells, orbits: Mapping[Product, Sequence[Product]]) -> Raw:
    """(<W^2>_0 - <W>_0^2)/2: pairs of products that have a cell in common, each pair of places once for every coarse translation."""
    home = [
        (first, factors)
        for first, orbit in orbits.items()
        for factors in cells.placed(orbit)
        if not cells.inner(factors)
    ]
    touching: dict[int, list[tuple[Product, Factors]]] = {
        letter: [] for letter in range(len(cells.tiled.cells))
    }
    for first, factors in home:
        for cell, _ in factors:
            back = tuple(-x for x in cell.cell)
            touching[cell.letter].append((first, _shifted(factors, back)))
    raw: Raw = Counter()
    for first, factors in home:
        near = {(other, _shifted(each, c.cell)) for c, _ in factors for other, each in touching[c.letter]}
        for other, each in sorted(near):
            couplings = tuple(sorted((first, other)))
            for target, moments in cells.averages(_joined(factors, each)):
                raw[target, couplings, moments] += 0.5  # type: ignore[assignment]
            for target, moments in cells.averages((*factors, *each)):
                raw[target, couplings, moments] -= 0.5  # type: ignore[assignment]
        if len(raw) > MOST_CONTRIBUTIONS:
            raise TooLong
    return Counter({key: weight for key, weight in raw.items() if weight})


def _shifted(factors: Factors, by: Cell) -> Factors:
    return tuple((cell.shifted(by), mask) for cell, mask in factors)


def _joined(a: Factors, b: Factors) -> Factors:
    """The product of two products of spins: equal spins cancel."""
    masks = dict(a)
    for cell, mask in b:
        masks[cell] = masks.get(cell, 0) ^ mask
    return tuple(sorted(masks.items()))


def _assembled(classes: _Classes, shares: Sequence[tuple[Product, int, int]]) -> Expansion:
    number = {first: k for k, first in enumerate(classes.orders)}
    raw = [
        (number.get(target, CONSTANT), [number[each] for each in couplings], moments, float(weight))
        for (target, couplings, moments), weight in classes.contributions()
        if not target or target in number
    ]
    moments = sorted({each for _, _, many, _ in raw for each in many})
    place = {each: k for k, each in enumerate(moments)}
    contributions = tuple(
        Contribution(target, weight, tuple(couplings), tuple(place[each] for each in many))
        for target, couplings, many, weight in raw
    )
    return Expansion(
        classes.order,
        tuple(classes.orbits[first] for first in classes.orders),
        tuple(classes.orders.values()),
        tuple(moments),
        tuple(_inside(classes, number)),
        tuple(Share(number.get(target, CONSTANT), letter, blocks) for target, letter, blocks in shares),
        contributions,
    )


def _inside(classes: _Classes, number: Mapping[Product, int]) -> Iterator[Inside]:
    """The products of H_0."""
    found: Counter[tuple[int, int, int]] = Counter()
    for first, k in number.items():
        for factors in classes.cells.placed(classes.orbits[first]):
            if classes.cells.inner(factors):
                ((cell, mask),) = factors
                found[cell.letter, mask, k] += 1
    for (letter, mask, k), count in sorted(found.items()):
        yield Inside(letter, mask, k, count)
