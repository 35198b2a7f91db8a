"""A lattice and its block spins as one crystal, so that a Hamiltonian and soft block maps become
one Hamiltonian of ordinary spins.

The unit cell of the crystal is a block of the last level. Its letters are the sites of a block on
every level in turn: of one step of 2x2 blocks 4 spins and a block spin, of two steps 16, 4 and 1.
Sites are counted in boxes, b sites along every vector. Where block spins follow their cells, a site
is in the unit cell of the block spin that it decides, also if its box is another one.
A soft block map p(t | cell) > 0 enters as the energy -ln p, written out as products of signs. The
block spins of a map that is deterministic but for ties follow the spins of their cells. Each tie is
decided by a fair spin of its own; these are the last letters of the unit cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from itertools import product as cartesian
from math import prod

from rgc.model.block import Block
from rgc.model.followers import Follower
from rgc.model.lattice import Cell, Lattice, Site, Vector
from rgc.model.operators import Operator, Product, Spin
from rgc.model.sectors import SectorOperator
from rgc.model.sites import flatten
from rgc.model.tiling import tiling
from rgc.passes.decide_blocks import decision, follows

Summed = Operator | SectorOperator
"""A sum of products over the cells of a level."""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """The levels of some block maps on one crystal.

    - `lattice` is the crystal, and `levels` are the lattices that it holds, level 0 first.
    - `factors[level]` is how many cells of a level lie in a cell of the crystal along each vector.
    - `first[level]` is the number of the letter with which a level begins.
    - `homes[level]` are the sites of a level in the box at the origin, each with its cell of the
      crystal.
    - `followers` are the block spins that their cells decide, finer levels first.
    """

    lattice: Lattice
    levels: tuple[Lattice, ...]
    factors: tuple[Cell, ...]
    first: tuple[int, ...]
    homes: tuple[Mapping[Site, Cell], ...]
    followers: tuple[Follower, ...] = ()

    def site(self, level: int, site: Site) -> Site:
        """The site of the crystal that a site of a level is."""
        pairs = [divmod(x, f) for x, f in zip(site.cell, self.factors[level], strict=True)]
        within = Site(tuple(x for _, x in pairs), site.letter)
        inner = flatten(within.cell, self.factors[level])
        letter = self.first[level] + inner * len(self.levels[level].basis) + site.letter
        return Site(tuple(cell for cell, _ in pairs), letter).shifted(self.homes[level][within])

    def product(self, level: int, spins: Product, at: Cell) -> Product:
        """The product of a level that stands at a cell of it, on the crystal."""
        moved = (self.site(level, Site(spin.cell, spin.letter).shifted(at)) for spin in spins)
        kinds = (spin.species for spin in spins)
        return tuple(
            sorted(
                Spin(site.cell, site.letter, kind) for site, kind in zip(moved, kinds, strict=True)
            )
        )

    def cells(self, level: int) -> Iterator[Cell]:
        """The cells of a level that lie in the cell of the crystal at the origin."""
        return cartesian(*map(range, self.factors[level]))

    def everywhere(self, level: int, products: Sequence[Product]) -> tuple[Product, ...]:
        """Products that stand in every cell of a level, as those of a cell of the crystal."""
        return tuple(
            self.product(level, spins, at) for at in self.cells(level) for spins in products
        )

    def operator(self, level: int, operator: Summed) -> Summed:
        """The same sum over a level, as a sum over the crystal."""
        if isinstance(operator, Operator):
            return replace(operator, products=self.everywhere(level, operator.products))
        factor, modulus = self.factors[level], operator.modulus
        placed = [
            (self.product(level, spins, at), _standing(at, factor, modulus, frozenset(residues)))
            for at in self.cells(level)
            for spins, residues in zip(operator.products, operator.residues, strict=True)
        ]
        placed = [(spins, residues) for spins, residues in placed if residues]
        return replace(
            operator,
            products=tuple(spins for spins, _ in placed),
            residues=tuple(residues for _, residues in placed),
        )


def _standing(at: Cell, factor: Cell, modulus: Cell, residues: frozenset[Cell]) -> tuple[Cell, ...]:
    """The residues of cells R of the crystal with (factor R + at) mod modulus in `residues`."""
    return tuple(
        cell
        for cell in cartesian(*map(range, modulus))
        if tuple((f * x + a) % m for f, x, a, m in zip(factor, cell, at, modulus, strict=True))
        in residues
    )


def unfold(lattice: Lattice, blocks: Sequence[Block]) -> Unfolded:
    """The crystal that holds a lattice and the block spins of these steps.

    Raises `ValueError` for blocks that do not divide the lattice, and `HardMap`.
    """
    levels = list(accumulate(blocks, lambda level, block: block.coarse(level), initial=lattice))
    ones = (1,) * lattice.dimension
    upwards = [block.factor for block in reversed(blocks)]
    factors = list(accumulate(upwards, _times, initial=ones))[::-1]
    sizes = [prod(f) * len(level.basis) for f, level in zip(factors, levels, strict=True)]
    first = tuple(accumulate(sizes[:-1], initial=0))
    homes = tuple(_homes(lattice, blocks[n:], factor) for n, factor in enumerate(factors))
    basis = tuple(chain.from_iterable(_positions(lattice, blocks, factors, homes)))
    crystal = Lattice(
        name=f"{lattice.name} with block spins",
        vectors=tuple(
            tuple(n * x for x in vector)
            for n, vector in zip(factors[0], lattice.vectors, strict=True)
        ),
        basis=basis,
        shape=levels[-1].shape,
        boundary=lattice.boundary,
    )
    unfolded = Unfolded(crystal, tuple(levels), tuple(factors), first, homes)
    followers = tuple(_followers(unfolded, blocks))
    ties = sorted({each.tie: each.letter for each in followers if each.tie is not None}.items())
    whole = replace(crystal, basis=(*basis, *(basis[letter] for _, letter in ties)))
    return replace(unfolded, lattice=whole, followers=followers)


def _times(a: Cell, b: Cell) -> Cell:
    return tuple(x * y for x, y in zip(a, b, strict=True))


def _homes(lattice: Lattice, blocks: Sequence[Block], factor: Cell) -> dict[Site, Cell]:
    """The sites in a box at the origin, each with the cell of the last level that these steps lead
    to."""
    found = {}
    for cell in cartesian(*map(range, factor)):
        for letter in range(len(lattice.basis)):
            home = Site(cell, letter)
            for block in blocks:
                home = _home(block, home)
            found[Site(cell, letter)] = home.cell
    return found


def _home(block: Block, site: Site) -> Site:
    """The block spin that a site decides, or the one of its box."""
    if block.uniform and follows(block):
        with suppress(ValueError):  # of a block whose spin copies another site
            return tiling(block).home(site)[0]
    return Site(tuple(x // f for x, f in zip(site.cell, block.factor, strict=True)), site.letter)


def _positions(
    lattice: Lattice,
    blocks: Sequence[Block],
    factors: Sequence[Cell],
    homes: Sequence[Mapping[Site, Cell]],
) -> Iterator[list[Vector]]:
    """The positions of the letters of every level. A block spin is in the middle of its cell."""

    def position(level: int, site: Site) -> Vector:
        if not level:
            return lattice.position(site)
        block = blocks[level - 1]
        corner = _times(block.factor, site.cell)
        within = [position(level - 1, fine.shifted(corner)) for fine in block.cells[site.letter]]
        return tuple(sum(axis) / len(within) for axis in zip(*within, strict=True))

    for level, factor in enumerate(factors):
        back = (tuple(-x for x in _times(factor, home)) for home in homes[level].values())
        yield [
            position(level, site.shifted(by)) for site, by in zip(homes[level], back, strict=True)
        ]


# -- block spins that follow -----------------------------------------------------------------------


def _followers(unfolded: Unfolded, blocks: Sequence[Block]) -> Iterator[Follower]:
    """The block spins that their cells decide. Ties of all species of a site have one letter."""
    free = len(unfolded.lattice.basis)
    for level, block in enumerate(blocks, 1):
        for at in unfolded.cells(level) if block.uniform and follows(block) else ():
            corner = _times(block.factor, at)
            for letter, cell in enumerate(block.cells):
                sites = [unfolded.site(level - 1, site.shifted(corner)) for site in cell]
                own, kind, tied = unfolded.site(level, Site(at, letter)).letter, 0, False
                for law in block.law(letter).laws:
                    found = decision(law)
                    if found is not None:
                        which = tuple(sites[k].letter for k in found[0])
                        tie = free if None in found[1] else None
                        tied |= tie is not None
                        yield Follower(own, kind, which, found[1], tie)
                    kind += law.species
                free += tied
