"""Products of spins factorised over cells, and what their averages at fixed block spins may
contain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product as cartesian

from rgc.model.block import Block
from rgc.model.cumulants import Moment
from rgc.model.lattice import Cell, Site
from rgc.model.operators import Product, Spin, product
from rgc.model.tiling import Tiling, tiling

Factor = tuple[Site, int]
"""A cell and the mask of some of its spins. Spin k of n is bit n - 1 - k, counted species after
species, in the order of its sites.
"""

Factors = tuple[Factor, ...]


def cut_into_cells(block: Block, species: int) -> BlockCells:
    """The cells of a block map whose cells hold every site."""
    turning = (all(rule.turns_with(k) for rule in block.rules) for k in range(species))
    return BlockCells(tiling(block), species, tuple(turning))


@dataclass(frozen=True, slots=True)
class BlockCells:
    """The cells of a block map with factorised products. `turning[k]` says whether the map commutes
    with a flip of species k in fine and block spins.
    """

    tiled: Tiling
    species: int
    turning: tuple[bool, ...]

    def places(self, products: Iterable[Product]) -> Iterator[Factors]:
        """The products at every place, one for each class under coarse translations."""
        for spins in products:
            for by in self.tiled.cosets:
                yield self.factors(spins, by)

    def factors(self, spins: Product, by: Cell) -> Factors:
        """A product, translated by `by`, cell by cell."""
        masks: dict[Site, int] = {}
        for spin in spins:
            cell, number = self.tiled.home(Site(spin.cell, spin.letter).shifted(by))
            masks[cell] = masks.get(cell, 0) | self._bit(cell.letter, spin.species, number)
        return tuple(sorted(masks.items()))

    def inner(self, factors: Factors) -> bool:
        """Whether a product lies in one cell and is even in every species, so that it belongs to
        H_0.
        """
        return len(factors) == 1 and not any(self.parities(factors[0][0].letter, factors[0][1]))

    def averages(self, factors: Iterable[Factor]) -> Iterator[tuple[Product, tuple[Moment, ...]]]:
        """The product of <factor>_0 as a polynomial of block spins: each product of these up to
        translation, with the moments that multiply it.
        """
        given = [(cell, _moments(self, cell.letter, mask)) for cell, mask in factors if mask]
        for chosen in cartesian(*(moments for _, moments in given)):
            spins: list[Spin] = []
            for (cell, _), moment in zip(given, chosen, strict=True):
                spins += self._block_spins(cell, moment.blocks)
            yield product(spins), tuple(sorted(chosen))

    def shares(self) -> Iterator[tuple[Product, int, int]]:
        """The contributions to ln Z_0 of each kind of cell: a product of block spins, the basis
        site and the mask of the block spins.
        """
        origin = (0,) * len(self.tiled.vectors)
        for letter in range(len(self.tiled.cells)):
            for blocks in self.blocks((0,) * self.species):
                yield product(self._block_spins(Site(origin, letter), blocks)), letter, blocks

    def _bit(self, letter: int, species: int, number: int) -> int:
        size = len(self.tiled.cells[letter])
        return 1 << (size * (self.species - species) - 1 - number)

    def parities(self, letter: int, mask: int) -> tuple[int, ...]:
        """For each species, whether the number of its spins is odd."""
        size = len(self.tiled.cells[letter])
        shifts = (size * (self.species - 1 - k) for k in range(self.species))
        return tuple((mask >> shift & (1 << size) - 1).bit_count() % 2 for shift in shifts)

    def blocks(self, parities: Iterable[int]) -> list[int]:
        """The products of block spins that an average may contain: those of its own parity, where
        the map turns with the spins.
        """
        masks = [0]
        for parity, turns in zip(parities, self.turning, strict=True):
            choices = (parity,) if turns else (0, 1)
            masks = [2 * mask + bit for mask in masks for bit in choices]
        return masks

    def _block_spins(self, cell: Site, blocks: int) -> list[Spin]:
        chosen = (k for k in range(self.species) if blocks >> (self.species - 1 - k) & 1)
        return [Spin(cell.cell, cell.letter, k) for k in chosen]


@lru_cache(maxsize=65536)
def _moments(cells: BlockCells, letter: int, mask: int) -> tuple[Moment, ...]:
    """The moments that an average may contain."""
    return tuple(
        Moment(letter, mask, blocks) for blocks in cells.blocks(cells.parities(letter, mask))
    )


def shifted(factors: Factors, by: Cell) -> Factors:
    """The same factors, translated by some coarse cells."""
    return tuple((cell.shifted(by), mask) for cell, mask in factors)


def joined(a: Factors, b: Factors) -> Factors:
    """The product of two products of spins, in which equal spins cancel."""
    masks = dict(a)
    for cell, mask in b:
        masks[cell] = masks.get(cell, 0) ^ mask
    return tuple(sorted(masks.items()))
