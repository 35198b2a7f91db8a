"""The cumulant expansion of Niemeijer and van Leeuwen, from lattice, block map and Hamiltonian.

H = H_0 + V, where H_0 holds the products within a cell that are even in every species, and V holds
all others: those between cells and odd ones such as a field. Averages in H_0 at fixed block spins
factorise over cells, so that every cumulant of V is a sum of products of averages of one cell
(Niemeijer and van Leeuwen, Phys. Rev. Lett. 31, 1411 (1973); Physica 71, 17 (1974)).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from rgc.model.block import Block
from rgc.model.cumulants import CONSTANT, CellShare, Contribution, Expansion, Inside, Moment
from rgc.model.groups import Merged
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Operator, Product, Spin
from rgc.model.spins import Species
from rgc.model.symmetry import Symmetry
from rgc.passes.cut_into_cells import BlockCells, Factors, cut_into_cells, joined, shifted
from rgc.passes.find_symmetries import find_symmetries
from rgc.passes.generate_operators import operator_range
from rgc.passes.merge_terms import merge_terms

MOST_PAIRS = 20_000
"""The largest number of pairs of products in a coarse cell for which second order is computed."""

Raw = dict[tuple[Product, tuple[Product, ...], tuple[Moment, ...]], float]
"""Weights by product of block spins, couplings and moments."""


class TooLong(Exception):
    """Second order has more than `MOST_PAIRS` pairs."""


def expand_cumulants(
    lattice: Lattice,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    block: Block,
    order: int,
    first: Collection[str] = (),
) -> Expansion:
    """The expansion for a block map whose cells hold every site, with everything that is generated
    within `order`.

    Products count by shells, the even ones first and in each parity the shortest and then those of
    the fewest spins, so that the order in which terms are written plays no part. Before all others
    come the products of the terms that are named in `first`, which are of order 1. A class of
    products that earlier shells do not generate is of order 1, and any other is of the order at
    which it is generated. The fields of all basis sites and species come last, whether the spec
    names them or not. The values of couplings play no part. Raises `TooLong`.
    """
    merged = merge_terms(hamiltonian, lattice, species)
    symmetries = find_symmetries(lattice, [block], [group.products for group in merged.groups])
    named = {term.name for term in hamiltonian.terms}
    of_first, others = (
        [
            spins
            for group in merged.groups
            if terms & dict(group.coefficients).keys()
            for spins in group.products
        ]
        for terms in (named & {*first}, named - {*first})
    )
    shells = (tuple(sorted(of_first)), *_shells(others, lattice))
    expansion = _expanded(cut_into_cells(block, len(species)), order, symmetries, shells)
    return replace(expansion, columns=_columns(hamiltonian, merged, expansion))


def _shells(products: Iterable[Product], lattice: Lattice) -> tuple[tuple[Product, ...], ...]:
    """The products by parity, range and number of spins, rising. One of odd parity, which has an
    odd number of spins of some species, stands in V like a field.
    """
    shells: dict[tuple[bool, float, int], list[Product]] = {}
    for spins in products:
        odd = any(count % 2 for count in Counter(spin.species for spin in spins).values())
        reach = round(operator_range(Operator("", (spins,)), lattice), 9)
        shells.setdefault((odd, reach, len(spins)), []).append(spins)
    return tuple(tuple(sorted(shells[key])) for key in sorted(shells))


@lru_cache(maxsize=16)
def _expanded(
    cells: BlockCells,
    order: int,
    symmetries: tuple[Symmetry, ...],
    shells: tuple[tuple[Product, ...], ...],
) -> Expansion:
    """The expansion without columns, which is the same at all points of a scan."""
    classes = Classes(cells, order, symmetries)
    origin, letters = (0,) * len(cells.tiled.vectors), range(len(cells.tiled.cells))
    fields: list[Product] = [(Spin(origin, a, k),) for k in range(cells.species) for a in letters]
    shares = [spins for spins, _, _ in cells.shares() if spins]
    for products in [*shells, fields, shares]:
        classes.grow([spins for spins in products if spins not in classes.representative])
    return _assembled(classes)


@dataclass(slots=True)
class Classes:
    """Classes of products by representative, with the order at which they first appear."""

    cells: BlockCells
    order: int
    symmetries: Sequence[Symmetry]
    representative: dict[Product, Product] = field(default_factory=dict)
    orbits: dict[Product, tuple[Product, ...]] = field(default_factory=dict)
    orders: dict[Product, int] = field(default_factory=dict)
    _first: dict[Product, Raw] = field(default_factory=dict)
    _second: dict[tuple[Product, ...], Raw] = field(default_factory=dict)

    def grow(self, products: Sequence[Product]) -> None:
        """Add products of order 1 and all that they generate."""
        changed = [self._add(spins, 1) for spins in products]
        while any(changed):
            generated = [
                (target, order)
                for raw, order in self._cumulants()
                for target, _, _ in raw
                if target
            ]
            changed = [self._add(target, order) for target, order in generated]

    def contributions(
        self,
    ) -> Iterator[tuple[Product, tuple[Product, ...], tuple[Moment, ...], float]]:
        """The contributions to the representative of each class, and to the constant."""
        for raw, _ in self._cumulants():
            for (target, couplings, moments), weight in raw.items():
                if not target or target in self.orders:
                    yield target, couplings, moments, weight

    def _cumulants(self) -> list[tuple[Raw, int]]:
        """First order in every class and second order in those of order 1, each with the order of
        what it generates.
        """
        for first in self.orders:
            if first not in self._first:
                self._first[first] = first_cumulant(self.cells, first, self.orbits[first])
        cumulants = [(self._first[first], order) for first, order in self.orders.items()]
        if self.order == 2:
            ones = tuple(first for first, order in self.orders.items() if order == 1)
            if ones not in self._second:
                self._second = {
                    ones: second_cumulant(self.cells, {first: self.orbits[first] for first in ones})
                }
            cumulants.append((self._second[ones], 2))
        return cumulants

    def _add(self, spins: Product, order: int) -> bool:
        """Add the class of a product. The result is True if it is new, or of a lower order than
        before.
        """
        if spins not in self.representative:
            orbit = sorted({spins, *(symmetry.product(spins) for symmetry in self.symmetries)})
            self.representative |= dict.fromkeys(orbit, orbit[0])
            self.orbits[orbit[0]] = tuple(orbit)
        first = self.representative[spins]
        before = self.orders.get(first, order + 1)
        self.orders[first] = min(before, order)
        return order < before


def first_cumulant(cells: BlockCells, first: Product, orbit: Iterable[Product]) -> Raw:
    """<W>_0 with W = -V and coupling 1 for a class of products."""
    raw: Counter[tuple[Product, tuple[Product, ...], tuple[Moment, ...]]] = Counter()
    for factors in cells.places(orbit):
        if not cells.inner(factors):
            raw.update((target, (first,), moments) for target, moments in cells.averages(factors))
    return {key: float(count) for key, count in raw.items()}


def second_cumulant(cells: BlockCells, orbits: Mapping[Product, Sequence[Product]]) -> Raw:
    """(<W^2>_0 - <W>_0^2)/2 over pairs of products that have a cell in common, one for each class
    under coarse translations.
    """
    home = [
        (first, factors)
        for first, orbit in orbits.items()
        for factors in cells.places(orbit)
        if not cells.inner(factors)
    ]
    touching: dict[int, list[tuple[int, Cell]]] = {}
    for n, (_, factors) in enumerate(home):
        for cell, _ in factors:
            touching.setdefault(cell.letter, []).append((n, cell.cell))
    raw: Raw = {}
    pairs = [_near(n, factors, touching) for n, (_, factors) in enumerate(home)]
    if sum(map(len, pairs)) > MOST_PAIRS:
        raise TooLong
    for n, (first, factors) in enumerate(home):
        for m, by in pairs[n]:
            other, there = home[m][0], shifted(home[m][1], by)
            couplings = (first, other) if first < other else (other, first)
            weight = 1.0 if m != n or any(by) else 0.5
            for sign, whole in ((weight, joined(factors, there)), (-weight, (*factors, *there))):
                for target, moments in cells.averages(whole):
                    key = target, couplings, moments
                    raw[key] = raw.get(key, 0.0) + sign
    return {key: weight for key, weight in raw.items() if weight}


def _near(
    n: int, factors: Factors, touching: Mapping[int, Sequence[tuple[int, Cell]]]
) -> list[tuple[int, Cell]]:
    """The products, by number and translation, that have a cell in common with the n-th. Each pair
    appears in one order only.
    """
    near: dict[tuple[int, Cell], None] = {}
    for at, _ in factors:
        for m, cell in touching[at.letter]:
            by = tuple(x - y for x, y in zip(at.cell, cell, strict=True))
            if m > n or (m == n and by >= (0,) * len(by)):
                near[m, by] = None
    return list(near)


def _columns(
    hamiltonian: Hamiltonian, merged: Merged[Any], expansion: Expansion
) -> dict[str, dict[int, float]]:
    """What a coupling 1 of each term adds to -H, by class."""
    number = {spins: k for k, products in enumerate(expansion.classes) for spins in products}
    sign = {term.name: term.sign for term in hamiltonian.terms}
    columns: dict[str, dict[int, float]] = {name: {} for name in sign}
    for group in merged.groups:
        for name, weight in group.coefficients:
            columns[name] |= {number[spins]: -sign[name] * weight for spins in group.products}
    return columns


def _assembled(classes: Classes) -> Expansion:
    """The expansion of the classes, with numbers for products and moments."""
    number = {first: k for k, first in enumerate(classes.orders)}
    raw = list(classes.contributions())
    moments = sorted({moment for _, _, many, _ in raw for moment in many})
    place = {moment: k for k, moment in enumerate(moments)}
    return Expansion(
        order=classes.order,
        classes=tuple(classes.orbits[first] for first in number),
        orders=tuple(classes.orders.values()),
        columns={},
        moments=tuple(moments),
        inside=tuple(_inside(classes, number)),
        shares=tuple(
            CellShare(number.get(spins, CONSTANT), letter, blocks)
            for spins, letter, blocks in classes.cells.shares()
        ),
        contributions=tuple(
            Contribution(
                number.get(target, CONSTANT),
                weight,
                tuple(number[coupling] for coupling in couplings),
                tuple(place[moment] for moment in many),
            )
            for target, couplings, many, weight in raw
        ),
    )


def _inside(classes: Classes, number: Mapping[Product, int]) -> Iterator[Inside]:
    """The products of H_0."""
    counts: Counter[tuple[int, int, int]] = Counter()
    for first, k in number.items():
        for factors in classes.cells.places(classes.orbits[first]):
            if classes.cells.inner(factors):
                ((cell, mask),) = factors
                counts[cell.letter, mask, k] += 1
    for (letter, mask, k), count in sorted(counts.items()):
        yield Inside(letter, mask, k, count)
